/* SPDX-License-Identifier: Apache-2.0 */
/* Options: from words to values. */
#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>

const struct cli_option option_help = {
	"help", 'h', OPTION_FLAG, NULL, "show this help", 0, NULL,
};

struct reader {
	const struct option_set *set;
	const struct strings *words;
	size_t next; /* index into words */
	void *values;
	struct arena *arena;
	struct options_rest rest;
	struct err *err;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct reader *reader,
							const char *fmt, ...)
{
	const char *command = reader->set->command;
	char text[ERR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(reader->err, EINVAL, "%s; see `nvcrun %s%s--help`", text,
		       command ? command : "", command ? " " : "");
}

static const struct cli_option *find_name(const struct option_set *set, const char *name)
{
	size_t len = strcspn(name, "=");

	for (size_t i = 0; i <= set->count; i++) {
		const struct cli_option *option = i < set->count ? &set->items[i] : &option_help;

		if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
			return option;
	}
	return NULL;
}

static const struct cli_option *find_letter(const struct option_set *set, char letter)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].letter == letter)
			return &set->items[i];
	}
	return letter == option_help.letter ? &option_help : NULL;
}

static int refuse_unknown(const struct reader *reader, const char *dashes, const char *name,
			  size_t len)
{
	const char *command = reader->set->command;

	return refuse(reader, "unknown option `%s%.*s`%s%s%s", dashes, (int)len, name,
		      command ? " for `" : "", command ? command : "", command ? "`" : "");
}

static int set_flag(const struct reader *reader, const struct cli_option *option, const char *value,
		    bool *ret)
{
	if (value && !str_eq(value, "true") && !str_eq(value, "false"))
		return refuse(reader, "option `--%s` takes `true` or `false`, not `%s`",
			      option->name, value);
	*ret = !value || str_eq(value, "true");
	return 0;
}

static int set_word(const struct reader *reader, const struct cli_option *option, const char *value,
		    int *ret)
{
	struct arena arena = { 0 };
	struct strbuf known = { .arena = &arena };
	int64_t number;
	int r = 0;

	if (names_find(option->words->items, option->words->count, value, &number) == 0) {
		*ret = (int)number;
		return 0;
	}
	for (size_t i = 0; i < option->words->count; i++)
		strbuf_addf(&known, "%s`%s`", i ? " or " : "", option->words->items[i].name);
	r = refuse(reader, "option `--%s` takes %s, not `%s`", option->name, strbuf_text(&known),
		   value);
	arena_done(&arena);
	return r;
}

static int set_number(const struct reader *reader, const struct cli_option *option,
		      const char *value, unsigned int *ret)
{
	uint64_t number;

	if (str_to_u64(value, INT32_MAX, &number) < 0)
		return refuse(reader, "option `--%s` takes a number from 0 to %d, not `%s`",
			      option->name, INT32_MAX, value);
	*ret = (unsigned int)number;
	return 0;
}

/* @value: NULL only for a flag. */
static int set_value(struct reader *reader, const struct cli_option *option, const char *value)
{
	void *place = (char *)reader->values + option->offset;

	if (option == &option_help)
		return set_flag(reader, option, value, &reader->rest.help);
	switch (option->kind) {
	case OPTION_FLAG:
		return set_flag(reader, option, value, place);
	case OPTION_WORD:
		return set_word(reader, option, value, place);
	case OPTION_FILE:
	case OPTION_DIR:
		if (!*value)
			return refuse(reader, "option `--%s` has an empty path", option->name);
		break;
	case OPTION_LIST:
		VEC_PUSH((struct strings *)place, reader->arena, value);
		return 0;
	case OPTION_NUMBER:
		return set_number(reader, option, value, place);
	case OPTION_TEXT:
		break;
	}
	*(const char **)place = value;
	return 0;
}

/* @value: what was joined to the option, NULL when nothing was. */
static int take(struct reader *reader, const struct cli_option *option, const char *value)
{
	if (option_has_value(option) && !value) {
		if (reader->next == reader->words->count)
			return refuse(reader, "option `--%s` needs a value", option->name);
		value = reader->words->items[reader->next++];
	}
	return set_value(reader, option, value);
}

static int read_name(struct reader *reader, const char *dashes, const char *name)
{
	const struct cli_option *option = find_name(reader->set, name);
	size_t len = strcspn(name, "=");

	if (!option)
		return refuse_unknown(reader, dashes, name, len);
	return take(reader, option, name[len] ? name + len + 1 : NULL);
}

static int read_letters(struct reader *reader, const char *letters)
{
	for (; *letters; letters++) {
		const struct cli_option *option = find_letter(reader->set, *letters);
		const char *value = letters + 1;
		int r;

		if (!option)
			return refuse_unknown(reader, "-", letters, 1);
		if (*value == '=')
			return take(reader, option, value + 1);
		if (option_has_value(option))
			return take(reader, option, *value ? value : NULL);
		r = take(reader, option, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_option(struct reader *reader, const char *word)
{
	if (word[1] == '-')
		return read_name(reader, "--", word + 2);
	if (find_name(reader->set, word + 1))
		return read_name(reader, "-", word + 1);
	return read_letters(reader, word + 1);
}

static bool is_argument(const struct reader *reader, const char *word)
{
	const struct option_set *set = reader->set;

	if (word[0] != '-' || !word[1])
		return true;
	return set->dash_argument && reader->rest.args.count == set->dash_argument &&
	       word[1] != '-' && !find_letter(set, word[1]) && !find_name(set, word + 1);
}

int options_parse(const struct option_set *set, const struct strings *words, void *values,
		  struct arena *arena, struct options_rest *ret, struct err *err)
{
	struct reader reader = {
		.set = set, .words = words, .values = values, .arena = arena, .err = err
	};
	bool ended = false;

	while (reader.next < words->count && !reader.rest.help) {
		const char *word = words->items[reader.next++];
		int r;

		if (ended || is_argument(&reader, word)) {
			VEC_PUSH(&reader.rest.args, arena, word);
			ended |= set->stop_at_argument;
			continue;
		}
		if (str_eq(word, "--")) {
			ended = true;
			continue;
		}
		r = read_option(&reader, word);
		if (r < 0)
			return r;
	}
	*ret = reader.rest;
	return 0;
}

void option_heading(const struct cli_option *option, struct strbuf *out)
{
	if (option->letter)
		strbuf_addf(out, "-%c, ", option->letter);
	strbuf_addf(out, "--%s", option->name);
	if (!option_has_value(option))
		return;
	strbuf_addc(out, ' ');
	if (option->kind != OPTION_WORD) {
		strbuf_adds(out, option->argument);
		return;
	}
	for (size_t i = 0; i < option->words->count; i++)
		strbuf_addf(out, "%s%s", i ? "|" : "", option->words->items[i].name);
}
