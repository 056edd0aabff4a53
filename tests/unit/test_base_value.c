/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as trees, and field tables that read them into structures. */
#include "test.h"

#include <errno.h>

#include "base/decode.h"
#include "base/json.h"

enum shape { SHAPE_ROUND, SHAPE_SQUARE };

struct part {
	const char *name;
	int shape;
	bool used;
};

struct machine {
	const char *title;
	bool on;
	struct opt_bool maybe;
	int64_t signed_number;
	uint64_t big;
	uint32_t small;
	struct opt_i64 limit;
	struct opt_u64 quota;
	struct strings words;
	struct part main_part;
	VEC(struct part) parts;
};

static const struct name_value shape_names[] = {
	{ "round", SHAPE_ROUND },
	{ "square", SHAPE_SQUARE },
};
static const struct words shapes = WORDS(shape_names, "shape");

static const struct field part_rows[] = {
	{ "name", decode_string, offsetof(struct part, name), NULL, FIELD_REQUIRED },
	{ "shape", decode_enum, offsetof(struct part, shape), &shapes, 0 },
	{ "used", decode_bool, offsetof(struct part, used), NULL, 0 },
};
static const struct fields part_fields = FIELDS(part_rows, struct part);

static const struct range hundred = { -100, 100 };

static const struct field machine_rows[] = {
	{ "title", decode_string, offsetof(struct machine, title), NULL, 0 },
	{ "on", decode_bool, offsetof(struct machine, on), NULL, 0 },
	{ "maybe", decode_opt_bool, offsetof(struct machine, maybe), NULL, 0 },
	{ "signed", decode_i64, offsetof(struct machine, signed_number), NULL, 0 },
	{ "big", decode_u64, offsetof(struct machine, big), NULL, 0 },
	{ "small", decode_u32, offsetof(struct machine, small), NULL, 0 },
	{ "limit", decode_opt_i64, offsetof(struct machine, limit), &hundred, 0 },
	{ "quota", decode_opt_u64, offsetof(struct machine, quota), NULL, 0 },
	{ "words", decode_strings, offsetof(struct machine, words), NULL, 0 },
	{ "mainPart", decode_struct, offsetof(struct machine, main_part), &part_fields, 0 },
	{ "parts", decode_structs, offsetof(struct machine, parts), &part_fields, 0 },
	{ "later", decode_refuse, 0, NULL, 0 },
	{ "comment", decode_ignore, 0, NULL, 0 },
};
static const struct fields machine_fields = FIELDS(machine_rows, struct machine);

/* One document and what became of it; freed by the next one. */
struct result {
	struct arena arena;
	struct err err;
	struct machine machine;
	struct strbuf unknown;
	int r;
};

static void note_unknown(const char *path, void *data)
{
	struct result *result = data;

	strbuf_addf(&result->unknown, "%s;", path);
}

static struct result *decode(const char *text)
{
	static struct result result;
	struct decode d = { .arena = &result.arena,
			    .document = "m.json",
			    .err = &result.err,
			    .unknown = note_unknown,
			    .unknown_data = &result };
	const struct value *value;

	arena_done(&result.arena);
	result = (struct result){ .unknown.arena = &result.arena };
	result.r = json_read(text, strlen(text), "m.json", &result.arena, &value, &result.err);
	if (result.r == 0)
		result.r = decode_object(&d, value, &machine_fields, &result.machine);
	return &result;
}

TEST(decode_reads_every_type)
{
	struct result *result = decode(
		"{\"title\":\"t\",\"on\":true,\"maybe\":false,\"signed\":-9223372036854775808,"
		"\"big\":18446744073709551615,\"small\":4294967295,\"limit\":-100,\"quota\":0,"
		"\"words\":[\"a\",\"\"],\"mainPart\":{\"name\":\"p\",\"shape\":\"square\"},"
		"\"parts\":[{\"name\":\"x\",\"used\":true},{\"name\":\"y\"},{\"name\":\"z\"}]}");
	struct machine *m = &result->machine;

	CHECK_STR(result->err.text, "");
	CHECK_INT(result->r, 0);
	CHECK_STR(m->title, "t");
	CHECK(m->on);
	CHECK(m->maybe.set && !m->maybe.v);
	CHECK(m->signed_number == INT64_MIN);
	CHECK(m->big == UINT64_MAX);
	CHECK(m->small == UINT32_MAX);
	CHECK(m->limit.set);
	CHECK_INT(m->limit.v, -100);
	CHECK(m->quota.set);
	CHECK_INT(m->quota.v, 0);
	CHECK_INT(m->words.count, 2);
	CHECK_STR(m->words.items[0], "a");
	CHECK_STR(m->words.items[1], "");
	CHECK_STR(m->main_part.name, "p");
	CHECK_INT(m->main_part.shape, SHAPE_SQUARE);
	CHECK_INT(m->parts.count, 3);
	CHECK(m->parts.items[0].used);
	CHECK_STR(m->parts.items[2].name, "z");
	/* A decoded list is an ordinary VEC that can grow. */
	VEC_ADD(&m->parts, &result->arena)->name = "w";
	CHECK_INT(m->parts.count, 4);
	CHECK_STR(m->parts.items[0].name, "x");
}

TEST(decode_null_is_absent)
{
	struct result *result =
		decode("{\"title\":null,\"maybe\":null,\"limit\":null,\"words\":null,"
		       "\"mainPart\":null,\"parts\":null,\"later\":null}");

	CHECK_INT(result->r, 0);
	CHECK(!result->machine.title);
	CHECK(!result->machine.maybe.set);
	CHECK(!result->machine.limit.set);
	CHECK_INT(result->machine.words.count, 0);
	CHECK_STR(decode("{\"mainPart\":{\"name\":null}}")->err.text,
		  "m.json:1: mainPart.name: required, but missing");
}

TEST(decode_errors_name_line_and_path)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "[]", "m.json:1: expected an object, got an array" },
		{ "{\"title\":1}", "m.json:1: title: expected a string, got a number" },
		{ "{\n\"on\":\n\"yes\"}", "m.json:3: on: expected a boolean, got a string" },
		{ "{\"maybe\":0}", "m.json:1: maybe: expected a boolean, got a number" },
		{ "{\"signed\":\"1\"}", "m.json:1: signed: expected an integer, got a string" },
		{ "{\"signed\":1.0}", "m.json:1: signed: expected an integer, got `1.0`" },
		{ "{\"signed\":1e3}", "m.json:1: signed: expected an integer, got `1e3`" },
		{ "{\"signed\":9223372036854775808}", "m.json:1: signed: `9223372036854775808` is "
						      "out of range (-9223372036854775808 to "
						      "9223372036854775807)" },
		{ "{\"limit\":101}", "m.json:1: limit: `101` is out of range (-100 to 100)" },
		{ "{\"limit\":true}", "m.json:1: limit: expected an integer, got a boolean" },
		{ "{\"small\":4294967296}",
		  "m.json:1: small: `4294967296` is out of range (0 to 4294967295)" },
		{ "{\"small\":-1}", "m.json:1: small: `-1` is out of range (0 to 4294967295)" },
		{ "{\"big\":-99999999999999999999}", "m.json:1: big: `-99999999999999999999` is "
						     "out of range (0 to 18446744073709551615)" },
		{ "{\"big\":1E0}", "m.json:1: big: expected an integer, got `1E0`" },
		{ "{\"quota\":[]}", "m.json:1: quota: expected an integer, got an array" },
		{ "{\"words\":{}}", "m.json:1: words: expected an array, got an object" },
		{ "{\"words\":[\"a\",null]}", "m.json:1: words[1]: expected a string, got null" },
		{ "{\"parts\":[{\"name\":\"a\"},\n{\"name\":\"b\",\"used\":1}]}",
		  "m.json:2: parts[1].used: expected a boolean, got a number" },
		{ "{\"parts\":[\n{}]}", "m.json:2: parts[0].name: required, but missing" },
		{ "{\"parts\":[3]}", "m.json:1: parts[0]: expected an object, got a number" },
		{ "{\"mainPart\":{\"name\":\"a\",\"shape\":\"oval\"}}",
		  "m.json:1: mainPart.shape: unknown shape `oval` (one of round, square)" },
		{ "{\"mainPart\":{\"name\":\"a\",\"shape\":1}}",
		  "m.json:1: mainPart.shape: expected a string, got a number" },
		{ "{\"later\":[0]}", "m.json:1: later: not supported by this version of nvcrun" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result *result = decode(rows[i].text);

		CHECK_INT(result->r, -EINVAL);
		CHECK_INT(result->err.code, EINVAL);
		CHECK_STR(result->err.text, rows[i].words);
	}
}

TEST(decode_failure_leaves_the_output_alone)
{
	struct result *result = decode("{\"words\":[\"a\",1]}");

	CHECK(!result->machine.words.items);
	CHECK_INT(result->machine.words.count, 0);
	CHECK(!decode("{\"limit\":101}")->machine.limit.set);
	CHECK(!decode("{\"quota\":-1}")->machine.quota.set);
	CHECK(!decode("{\"maybe\":1}")->machine.maybe.set);
	CHECK_INT(decode("{\"parts\":[{}]}")->machine.parts.count, 0);
}

TEST(decode_refuse_accepts_what_is_empty)
{
	static const char *const empty[] = { "{}",
					     "[]",
					     "\"\"",
					     "false",
					     "0",
					     "-0",
					     "null",
					     "{\"weight\":0,\"devices\":[]}",
					     "{\"a\":{\"b\":null,\"c\":{}}}" };
	static const char *const full[] = {
		"{\"a\":1}", "[null]", "\"x\"", "true", "1", "0.5", "{\"a\":{\"b\":0,\"c\":[0]}}"
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		snprintf(text, sizeof(text), "{\"later\":%s}", empty[i]);
		CHECK_INT(decode(text)->r, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(full); i++) {
		snprintf(text, sizeof(text), "{\"later\":%s}", full[i]);
		CHECK_INT(decode(text)->r, -EINVAL);
	}
}

TEST(decode_reports_unknown_keys_with_their_path)
{
	struct result *result =
		decode("{\"x\":1,\"comment\":[{}],\"parts\":[{\"name\":\"a\"},"
		       "{\"name\":\"b\",\"y\":null}],\"mainPart\":{\"z\":{},\"name\":\"\"}}");

	CHECK_INT(result->r, 0);
	CHECK_STR(strbuf_text(&result->unknown), "x;parts[1].y;mainPart.z;");
}

TEST(decode_works_without_document_lines_or_listener)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct decode d = { .arena = &arena, .err = &err };
	struct value *object = value_new(&arena, VALUE_OBJECT, 0);
	struct machine machine = { 0 };

	value_set(&arena, object, "nobody", value_new(&arena, VALUE_BOOL, 0));
	CHECK_INT(decode_object(&d, object, &machine_fields, &machine), 0);
	value_set(&arena, object, "on", value_new(&arena, VALUE_ARRAY, 0));
	CHECK_INT(decode_object(&d, object, &machine_fields, &machine), -EINVAL);
	CHECK_STR(err.text, "on: expected a boolean, got an array");
	CHECK_STR(decode_place(&d), "");
	CHECK_INT(decode_error(&d, NULL, "%d words", 2), -EINVAL);
	CHECK_STR(err.text, "2 words");
	d.document = "d";
	decode_error(&d, object, "words");
	CHECK_STR(err.text, "d: words");
	d.err = NULL;
	CHECK_INT(decode_object(&d, object, &machine_fields, &machine), -EINVAL);
	arena_done(&arena);
}

TEST(value_get_finds_members_of_objects_only)
{
	struct arena arena = { 0 };
	struct value *object = value_new(&arena, VALUE_OBJECT, 7);
	struct value *first = value_new(&arena, VALUE_NULL, 0);
	struct value *second = value_new(&arena, VALUE_NULL, 0);

	CHECK_INT(object->line, 7);
	CHECK(!value_get(NULL, "a"));
	CHECK(!value_get(object, "a"));
	CHECK(!value_get(first, "a"));
	value_set(&arena, object, "a", first);
	value_set(&arena, object, "b", first);
	CHECK(value_get(object, "a") == first);
	value_set(&arena, object, "a", second);
	CHECK(value_get(object, "a") == second);
	CHECK(value_get(object, "b") == first);
	CHECK(!value_get(object, ""));
	CHECK_INT(object->members.count, 2);
	arena_done(&arena);
}

TEST(value_unite_members_keeps_order_and_the_last_value)
{
	static const char keys[] = "babcabd";
	struct arena arena = { 0 };
	struct value *object = value_new(&arena, VALUE_OBJECT, 0);
	char kept[8] = "";

	for (unsigned int i = 0; keys[i]; i++)
		VEC_PUSH(&object->members, &arena,
			 ((struct value_member){ arena_strndup(&arena, &keys[i], 1),
						 value_new(&arena, VALUE_NULL, i) }));
	value_unite_members(&arena, object);
	CHECK_INT(object->members.count, 4);
	for (size_t i = 0; i < 4; i++)
		kept[i] = *object->members.items[i].key;
	CHECK_STR(kept, "bacd");
	CHECK_INT(value_get(object, "b")->line, 5);
	CHECK_INT(value_get(object, "a")->line, 4);
	CHECK_INT(value_get(object, "c")->line, 3);
	CHECK_INT(value_get(object, "d")->line, 6);
	arena_done(&arena);
}

TEST(value_kinds_have_words)
{
	static const char *const words[] = { "null",	 "a boolean", "a number",
					     "a string", "an array",  "an object" };

	for (int kind = VALUE_NULL; kind <= VALUE_OBJECT; kind++)
		CHECK_STR(value_kind_words((enum value_kind)kind), words[kind]);
}

TEST_MAIN()
