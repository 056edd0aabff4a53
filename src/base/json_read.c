/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: text -> value. yajl finds the tokens, this file builds the tree and words the errors. */
#include "base/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/utf8.h"

/* What the last callback reported: it decides what may come next. */
enum last { LAST_NOTHING, LAST_OPEN, LAST_KEY, LAST_VALUE };

struct reader {
	const char *text;
	size_t len;
	const char *name;
	struct arena *arena;
	struct err *err;
	yajl_handle handle;
	bool at_end; /* in yajl_complete_parse(), where yajl counts bytes of its own */

	size_t last_end; /* offset behind the token of the last callback */
	enum last last;
	unsigned int line; /* the line of last_end */

	struct value *root;
	struct {
		struct value *value; /* array or object */
		const char *key;     /* its member to come; NULL: none */
	} open[VALUE_DEPTH_MAX];
	size_t depth;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reader *reader, size_t offset,
							const char *fmt, ...)
{
	unsigned int line = 1, column = 1;
	char words[ERR_TEXT_MAX];
	va_list ap;

	for (size_t i = 0; i < offset; i++) {
		if (reader->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((reader->text[i] & 0xc0) != 0x80) {
			column++; /* characters, not bytes */
		}
	}
	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_set(reader->err, EINVAL, "%s:%u:%u: %s", reader->name, line, column, words);
}

/* Note what the callback is about; its token ends at the bytes consumed so far. */
static void advance(struct reader *reader, enum last last)
{
	size_t end = reader->at_end ? reader->len : yajl_get_bytes_consumed(reader->handle);

	for (size_t i = reader->last_end; i < end; i++)
		reader->line += reader->text[i] == '\n';
	reader->last_end = end;
	reader->last = last;
}

static struct value *add(struct reader *reader, enum value_kind kind)
{
	struct value *value = value_new(reader->arena, kind, reader->line);
	struct value *parent;

	if (!reader->depth) {
		reader->root = value;
		return value;
	}
	parent = reader->open[reader->depth - 1].value;
	if (parent->kind == VALUE_ARRAY) {
		VEC_PUSH(&parent->items, reader->arena, value);
	} else {
		/* Repeated keys are found at the closing brace. */
		VEC_PUSH(&parent->members, reader->arena,
			 ((struct value_member){ reader->open[reader->depth - 1].key, value }));
	}
	return value;
}

static int on_null(void *data)
{
	advance(data, LAST_VALUE);
	add(data, VALUE_NULL);
	return 1;
}

static int on_bool(void *data, int boolean)
{
	advance(data, LAST_VALUE);
	add(data, VALUE_BOOL)->boolean = boolean;
	return 1;
}

static int on_number(void *data, const char *digits, size_t len)
{
	struct reader *reader = data;

	advance(reader, LAST_VALUE);
	add(reader, VALUE_NUMBER)->text = arena_strndup(reader->arena, digits, len);
	return 1;
}

static int on_string(void *data, const unsigned char *text, size_t len)
{
	struct reader *reader = data;

	advance(reader, LAST_VALUE);
	add(reader, VALUE_STRING)->text = arena_strndup(reader->arena, (const char *)text, len);
	return 1;
}

static int on_key(void *data, const unsigned char *key, size_t len)
{
	struct reader *reader = data;

	advance(reader, LAST_KEY);
	reader->open[reader->depth - 1].key = arena_strndup(reader->arena, (const char *)key, len);
	return 1;
}

static int open_value(struct reader *reader, enum value_kind kind)
{
	advance(reader, LAST_OPEN);
	if (reader->depth == VALUE_DEPTH_MAX) {
		refuse(reader, reader->last_end - 1, "more than %d levels of arrays and objects",
		       VALUE_DEPTH_MAX);
		return 0;
	}
	reader->open[reader->depth].value = add(reader, kind);
	reader->depth++;
	return 1;
}

static int on_object(void *data)
{
	return open_value(data, VALUE_OBJECT);
}

static int on_array(void *data)
{
	return open_value(data, VALUE_ARRAY);
}

static int on_end_array(void *data)
{
	struct reader *reader = data;

	advance(reader, LAST_VALUE);
	reader->depth--;
	return 1;
}

static int on_end_object(void *data)
{
	struct reader *reader = data;

	value_unite_members(reader->arena, reader->open[reader->depth - 1].value);
	return on_end_array(data);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_map_key = on_key,
	.yajl_start_map = on_object,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_array,
	.yajl_end_array = on_end_array,
};

/* The offset of the token that yajl stopped at: behind the last good one and one separator. */
static size_t find_bad_token(const struct reader *reader, bool *ret_after_separator)
{
	static const char separators[] = { [LAST_KEY] = ':', [LAST_VALUE] = ',' };
	size_t at = reader->last_end;
	char separator = '\0';

	if (reader->last == LAST_KEY || reader->depth)
		separator = separators[reader->last];
	*ret_after_separator = false;
	for (; at < reader->len; at++) {
		char c = reader->text[at];

		if (c == separator && c && !*ret_after_separator)
			*ret_after_separator = true;
		else if (!c || !strchr(" \t\r\n", c))
			break;
	}
	return at;
}

static const char *expected_words(const struct reader *reader, bool after_separator)
{
	bool object = reader->depth && reader->open[reader->depth - 1].value->kind == VALUE_OBJECT;

	if (reader->last == LAST_VALUE && !reader->depth)
		return "the end of the document";
	if (reader->last == LAST_KEY && !after_separator)
		return "`:`";
	if (reader->last == LAST_VALUE && !after_separator)
		return object ? "`,` or `}`" : "`,` or `]`";
	if (reader->last == LAST_OPEN)
		return object ? "a key or `}`" : "a value or `]`";
	return object && reader->last == LAST_VALUE ? "a key" : "a value";
}

/* How much of the text at @at to show: a punctuation mark, or a word and not too much of it. */
static int shown_len(const struct reader *reader, size_t at)
{
	size_t most = reader->len - at < 24 ? reader->len - at : 24, len = 1;

	if (strchr("{}[],:", reader->text[at]))
		return 1;
	while (len < most && !strchr(" \t\r\n{}[],:", reader->text[at + len]))
		len++;
	return (int)utf8_valid(reader->text + at, len);
}

/* Word what yajl refused: its own texts have several lines and point behind the token. */
static int refuse_token(struct reader *reader)
{
	static const char lexical[] = "lexical error: ";
	bool after_separator;
	size_t at = find_bad_token(reader, &after_separator);
	const char *expected = expected_words(reader, after_separator);
	unsigned char *words;
	int r;

	if (at == reader->len)
		return refuse(reader, at, "unexpected end of the document, expected %s", expected);
	words = yajl_get_error(reader->handle, 0, NULL, 0);
	if (words && strncmp((char *)words, lexical, strlen(lexical)) == 0) {
		/* These name what is wrong inside the token. */
		const char *rest = (char *)words + strlen(lexical);

		r = refuse(reader, at, "%.*s", (int)strcspn(rest, ".\n"), rest);
	} else if (reader->at_end && reader->text[at] == '"') {
		r = refuse(reader, reader->len, "unexpected end of the document inside a string");
	} else {
		r = refuse(reader, at, "unexpected `%.*s`, expected %s", shown_len(reader, at),
			   reader->text + at, expected);
	}
	if (words)
		yajl_free_error(reader->handle, words);
	return r;
}

/* The code unit of an escape \uXXXX at @at, -1 when there is none. */
static int escaped_unit(const struct reader *reader, size_t at)
{
	int unit = 0;

	if (reader->len - at < 6 || reader->text[at] != '\\' || reader->text[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = memchr(digits, reader->text[i], sizeof(digits) - 1);

		if (!digit)
			return -1;
		unit = unit * 16 + (int)(digit - digits) % 16;
	}
	return unit;
}

/*
 * Escapes that would give a NUL or half a character. yajl up to 2.1.0 reads beyond the string at a
 * lone high surrogate (CVE-2017-16516); it never sees one from here.
 */
static int check_escapes(struct reader *reader)
{
	const char *end = reader->text + reader->len, *next = reader->text;

	while (next < end && (next = memchr(next, '\\', (size_t)(end - next)))) {
		size_t at = (size_t)(next - reader->text);
		int unit = escaped_unit(reader, at);

		if (unit == 0)
			return refuse(reader, at, "a string with the character NUL");
		if (unit >= 0xd800 && unit <= 0xdbff) {
			int low = escaped_unit(reader, at + 6);

			if (low < 0xdc00 || low > 0xdfff)
				return refuse(reader, at, "half of a surrogate pair");
			next += 12;
		} else if (unit >= 0xdc00 && unit <= 0xdfff) {
			return refuse(reader, at, "half of a surrogate pair");
		} else {
			next += 2;
		}
	}
	return 0;
}

static int check_text(struct reader *reader)
{
	const char *nul;
	size_t valid;

	if (reader->len > VALUE_SIZE_MAX)
		return err_set(reader->err, EFBIG, "%s: larger than %d bytes", reader->name,
			       VALUE_SIZE_MAX);
	valid = utf8_valid(reader->text, reader->len);
	if (valid < reader->len)
		return refuse(reader, valid, "invalid UTF-8");
	nul = memchr(reader->text, '\0', reader->len);
	if (nul)
		return refuse(reader, (size_t)(nul - reader->text), "the character NUL");
	return check_escapes(reader);
}

static int parse(struct reader *reader)
{
	const unsigned char *text = (const unsigned char *)reader->text;
	yajl_status status;

	/* check_text() was stricter already. */
	yajl_config(reader->handle, yajl_dont_validate_strings, 1);
	status = yajl_parse(reader->handle, text, reader->len);
	if (status == yajl_status_ok) {
		reader->at_end = true;
		status = yajl_complete_parse(reader->handle);
	}
	if (status == yajl_status_client_canceled)
		return -EINVAL; /* worded by the callback */
	return status == yajl_status_ok ? 0 : refuse_token(reader);
}

int json_read(const char *text, size_t len, const char *name, struct arena *arena,
	      const struct value **ret, struct err *err)
{
	struct reader reader = {
		.text = text, .len = len, .name = name, .arena = arena, .err = err, .line = 1
	};
	int r;

	r = check_text(&reader);
	if (r < 0)
		return r;
	reader.handle = yajl_alloc(&callbacks, NULL, &reader);
	if (!reader.handle)
		return err_set(err, ENOMEM, "%s: out of memory", name);
	r = parse(&reader);
	yajl_free(reader.handle);
	if (r < 0)
		return r;
	*ret = reader.root;
	return 0;
}
