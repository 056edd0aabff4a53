/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: text -> value (json_read.c) and a streaming writer (json_write.c), both on yajl. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"

/*
 * Parse one JSON document.
 *
 * @name: what to call it in errors, for example `config.json`
 *
 * Errors name the document, line and column: `config.json:7:3: …`. Refused: trailing text, invalid
 * UTF-8, NUL in strings, depth over VALUE_DEPTH_MAX, size over VALUE_SIZE_MAX.
 */
int json_read(const char *text, size_t len, const char *name, struct arena *arena,
	      const struct value **ret, struct err *err);

/* A writer; storage of the caller, released by json_writer_done(). Never escapes `/`. */
struct json_writer {
	struct yajl_gen_t *gen;
};

/* @indent: NULL for compact output on one line, else the indent of one level, for example "\t". */
void json_writer_init(struct json_writer *w, const char *indent);

/* With @key non-NULL: a member of the open object; NULL: an array element or the document itself. */
void json_object(struct json_writer *w, const char *key);
void json_array(struct json_writer *w, const char *key);
void json_end_object(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_string(struct json_writer *w, const char *key, const char *text);
void json_int(struct json_writer *w, const char *key, int64_t number);
void json_uint(struct json_writer *w, const char *key, uint64_t number);
void json_bool(struct json_writer *w, const char *key, bool boolean);
void json_strings(struct json_writer *w, const char *key, const struct strings *list);

/* A whole tree. */
void json_value(struct json_writer *w, const char *key, const struct value *value);

/*
 * An array or object on one line of an indented document.
 *
 * @line: a compact writer that holds it; empty afterwards, for the next one
 */
void json_line(struct json_writer *w, const char *key, struct json_writer *line);

/* What was written so far, copied into @arena, without a final newline. @ret_len may be NULL. */
char *json_writer_text(struct json_writer *w, struct arena *arena, size_t *ret_len);
void json_writer_done(struct json_writer *w);

#define cleanup_json_writer __attribute__((cleanup(json_writer_done)))
