/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of formats that are read into values: a text becomes compact JSON, or an error's words. */
#pragma once

#include <stdlib.h>

#include "base/json.h"
#include "test.h"

/* The reader under test, of a document that it names so. */
#define READER(function, document)                                                      \
	static int read_text(const char *text, size_t len, struct arena *arena,         \
			     const struct value **ret, struct err *err)                 \
	{                                                                               \
		/* Of exact size: a read beyond it is seen by the address sanitizer. */ \
		char *copy = malloc(len ? len : 1);                                     \
		int r;                                                                  \
                                                                                        \
		memcpy(copy, text, len);                                                \
		r = function(copy, len, document, arena, ret, err);                     \
		free(copy);                                                             \
		return r;                                                               \
	}

static int read_text(const char *text, size_t len, struct arena *arena, const struct value **ret,
		     struct err *err);

/* Read and write again, compact; on failure the error. */
static const char *turn(const char *text)
{
	static char out[ERR_TEXT_MAX + 16];
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value = NULL;
	cleanup_json_writer struct json_writer w = { 0 };

	if (read_text(text, strlen(text), &arena, &value, &err) < 0) {
		snprintf(out, sizeof(out), "%s%s", value ? "touched " : "", err.text);
	} else {
		json_writer_init(&w, NULL);
		json_value(&w, NULL, value);
		snprintf(out, sizeof(out), "%s", json_writer_text(&w, &arena, NULL));
	}
	arena_done(&arena);
	return out;
}
