/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks in config.json: what is read, what is refused, and that a written list is read the same. */
#include "config_fixture.h"

#include <errno.h>

#include "base/json.h"
#include "oci/enums.h"

#define HOOKS(text) WITH(",\"hooks\":{" text "}")

TEST(every_kind_has_its_list)
{
	for (size_t i = 0; i < oci_hook_words.count; i++) {
		struct arena arena = { 0 };
		struct result result = parse(
			arena_printf(&arena, HOOKS("\"%s\":[{\"path\":\"/a\"},{\"path\":\"/b\"}]"),
				     oci_hook_words.items[i].name));

		CHECK_STR(result.err.text, "");
		for (int kind = 0; kind < OCI_HOOK_COUNT; kind++)
			CHECK_INT(result.config->hooks[kind].count,
				  kind == oci_hook_words.items[i].value ? 2 : 0);
		arena_done(&result.arena);
		arena_done(&arena);
	}
	CHECK_INT(oci_hook_words.count, OCI_HOOK_COUNT);
}

TEST(members_of_a_hook)
{
	struct result result =
		parse(HOOKS("\"poststop\":[{\"path\":\"/bin/x\",\"args\":[\"zero\",\"\"],"
			    "\"env\":[\"A=b\",\"odd\"],\"timeout\":30},{\"path\":\"/y\"}]"));
	const struct oci_hook *hooks = result.config->hooks[OCI_HOOK_POSTSTOP].items;

	CHECK_STR(hooks[0].path, "/bin/x");
	CHECK_INT(hooks[0].args.count, 2);
	CHECK_STR(hooks[0].args.items[0], "zero");
	CHECK_STR(hooks[0].args.items[1], "");
	CHECK_STR(hooks[0].env.items[1], "odd");
	CHECK(hooks[0].timeout.set);
	CHECK_INT(hooks[0].timeout.v, 30);
	CHECK_INT(hooks[1].args.count, 0);
	CHECK(!hooks[1].timeout.set);
	arena_done(&result.arena);
}

TEST(empty_lists_are_none)
{
	struct result result = parse(HOOKS("\"prestart\":[],\"poststart\":null"));

	CHECK_STR(result.err.text, "");
	CHECK_INT(result.config->hooks[OCI_HOOK_PRESTART].count, 0);
	arena_done(&result.arena);
}

TEST(what_is_wrong_is_named)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ HOOKS("\"prestart\":[{}]"),
		  "config.json:1: hooks.prestart[0].path: required, but missing" },
		{ HOOKS("\"prestart\":[{\"path\":\"/a\"},{\"path\":\"a\"}]"),
		  "config.json:1: hooks.prestart[1].path: `a` is not an absolute path" },
		{ HOOKS("\"poststop\":[{\"path\":\"\"}]"),
		  "config.json:1: hooks.poststop[0].path: `` is not an absolute path" },
		{ HOOKS("\"createRuntime\":[{\"path\":\"/a\",\"timeout\":0}]"),
		  "config.json:1: hooks.createRuntime[0].timeout: `0` is out of range (1 to "
		  "2147483)" },
		{ HOOKS("\"createRuntime\":[{\"path\":\"/a\",\"timeout\":-1}]"),
		  "config.json:1: hooks.createRuntime[0].timeout: `-1` is out of range (1 to "
		  "2147483)" },
		{ HOOKS("\"startContainer\":{\"path\":\"/a\"}"),
		  "config.json:1: hooks.startContainer: expected an array, got an object" },
		{ HOOKS("\"startContainer\":[{\"path\":\"/a\",\"args\":\"x\"}]"),
		  "config.json:1: hooks.startContainer[0].args: expected an array, got a string" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result result = parse(cases[i].text);

		CHECK_INT(result.r, -EINVAL);
		CHECK_STR(result.err.text, cases[i].words);
		arena_done(&result.arena);
	}
}

TEST(a_written_list_is_the_document)
{
	static const char list[] =
		"[{\"path\":\"/a\",\"args\":[\"a\",\"\\\"\"],\"env\":[\"B=c\"],\"timeout\":3},"
		"{\"path\":\"/b\",\"args\":[],\"env\":[]}]";
	struct arena arena = { 0 };
	struct result result = parse(arena_printf(&arena, HOOKS("\"poststart\":%s"), list));
	cleanup_json_writer struct json_writer w = { 0 };
	size_t len;

	json_writer_init(&w, NULL);
	oci_hooks_write(&result.config->hooks[OCI_HOOK_POSTSTART], &w, NULL);
	CHECK_STR(json_writer_text(&w, &arena, &len), list);
	arena_done(&result.arena);
	arena_done(&arena);
}

TEST_MAIN()
