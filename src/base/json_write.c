/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: a streaming writer. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/utf8.h"

/* Only a call out of turn can fail: a member without a key, an end without a start. */
static void check(yajl_gen_status status)
{
	assert(status == yajl_gen_status_ok);
	(void)status;
}

void json_writer_init(struct json_writer *w, const char *indent)
{
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen) {
		fputs("nvcrun: out of memory\n", stderr);
		abort();
	}
	if (indent) {
		yajl_gen_config(w->gen, yajl_gen_beautify, 1);
		yajl_gen_config(w->gen, yajl_gen_indent_string, indent);
	}
}

void json_writer_done(struct json_writer *w)
{
	if (w->gen)
		yajl_gen_free(w->gen);
	w->gen = NULL;
}

static void write_bytes(struct json_writer *w, const char *text, size_t len)
{
	check(yajl_gen_string(w->gen, (const unsigned char *)text, len));
}

/* File names may hold any bytes, JSON may not: each invalid byte becomes U+FFFD, as in Go. */
static void write_text(struct json_writer *w, const char *text)
{
	struct arena arena = { 0 };
	struct strbuf buf = { .arena = &arena };
	size_t len = strlen(text), valid = utf8_valid(text, len);

	if (valid == len) {
		write_bytes(w, text, len);
		return;
	}
	while (valid < len) {
		strbuf_add(&buf, text, valid);
		strbuf_adds(&buf, "\xef\xbf\xbd");
		text += valid + 1;
		len -= valid + 1;
		valid = utf8_valid(text, len);
	}
	strbuf_add(&buf, text, len);
	write_bytes(w, buf.text, buf.len);
	arena_done(&arena);
}

static void write_key(struct json_writer *w, const char *key)
{
	if (key)
		write_text(w, key);
}

void json_object(struct json_writer *w, const char *key)
{
	write_key(w, key);
	check(yajl_gen_map_open(w->gen));
}

void json_array(struct json_writer *w, const char *key)
{
	write_key(w, key);
	check(yajl_gen_array_open(w->gen));
}

void json_end_object(struct json_writer *w)
{
	check(yajl_gen_map_close(w->gen));
}

void json_end_array(struct json_writer *w)
{
	check(yajl_gen_array_close(w->gen));
}

void json_string(struct json_writer *w, const char *key, const char *text)
{
	write_key(w, key);
	write_text(w, text);
}

static void write_number(struct json_writer *w, const char *key, const char *digits)
{
	write_key(w, key);
	check(yajl_gen_number(w->gen, digits, strlen(digits)));
}

void json_int(struct json_writer *w, const char *key, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, number);
	write_number(w, key, digits);
}

void json_uint(struct json_writer *w, const char *key, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	write_number(w, key, digits);
}

void json_bool(struct json_writer *w, const char *key, bool boolean)
{
	write_key(w, key);
	check(yajl_gen_bool(w->gen, boolean));
}

void json_strings(struct json_writer *w, const char *key, const struct strings *list)
{
	json_array(w, key);
	VEC_EACH(it, list)
		json_string(w, NULL, *it);
	json_end_array(w);
}

/* Recursion is bounded: every reader refuses documents deeper than VALUE_DEPTH_MAX. */
void json_value(struct json_writer *w, const char *key, const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		write_key(w, key);
		check(yajl_gen_null(w->gen));
		return;
	case VALUE_BOOL:
		json_bool(w, key, value->boolean);
		return;
	case VALUE_NUMBER:
		write_number(w, key, value->text);
		return;
	case VALUE_STRING:
		json_string(w, key, value->text);
		return;
	case VALUE_ARRAY:
		json_array(w, key);
		VEC_EACH(it, &value->items)
			json_value(w, NULL, *it);
		json_end_array(w);
		return;
	case VALUE_OBJECT:
		json_object(w, key);
		VEC_EACH(it, &value->members)
			json_value(w, it->key, it->value);
		json_end_object(w);
		return;
	}
}

/* A number is the one thing that the generator writes as it is given. */
void json_line(struct json_writer *w, const char *key, struct json_writer *line)
{
	const unsigned char *text;
	size_t len;

	check(yajl_gen_get_buf(line->gen, &text, &len));
	write_key(w, key);
	check(yajl_gen_number(w->gen, (const char *)text, len));
	yajl_gen_clear(line->gen);
	yajl_gen_reset(line->gen, NULL);
}

char *json_writer_text(struct json_writer *w, struct arena *arena, size_t *ret_len)
{
	const unsigned char *text;
	size_t len;

	check(yajl_gen_get_buf(w->gen, &text, &len));
	while (len && text[len - 1] == '\n')
		len--;
	if (ret_len)
		*ret_len = len;
	return arena_strndup(arena, (const char *)text, len);
}
