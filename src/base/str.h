/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: a builder, predicates, splitting, and numbers read strictly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

/* Text under construction in an arena. Init with { .arena = … }; text is NUL terminated once non-empty. */
struct strbuf {
	struct arena *arena;
	char *text;
	size_t len;
	size_t size;
};

void strbuf_add(struct strbuf *buf, const char *text, size_t len);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text so far, never NULL. */
const char *strbuf_text(const struct strbuf *buf);

static inline bool str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The rest of @text after @prefix, NULL when it does not start with it. */
const char *str_after(const char *text, const char *prefix);
bool str_has_prefix(const char *text, const char *prefix);
bool str_has_suffix(const char *text, const char *suffix);

/*
 * Pieces of @text between @separator, copied into @arena; empty pieces are kept when @keep_empty.
 * An empty text gives no piece.
 */
struct strings str_split(struct arena *arena, const char *text, char separator, bool keep_empty);

/* Pieces of @text between commas, without the blanks around them; those that are empty are left out. */
struct strings str_words(struct arena *arena, const char *text);

/* @text without leading and trailing blanks (space, tab, CR, LF), copied into @arena. */
char *str_trim(struct arena *arena, const char *text);

/*
 * Numbers: the whole text, no blanks, no sign for u64, base 10.
 * Return 0, -EINVAL for anything that is no number, -ERANGE outside [@min, @max].
 */
int str_to_u64(const char *text, uint64_t max, uint64_t *ret);
int str_to_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/*
 * Bytes as people write them: `1048576`, `1024k`, `1M`, `1GiB`, base 1024, any case; -1 stays -1. Returns as the
 * others.
 */
int str_to_bytes(const char *text, int64_t *ret);

bool strings_have(const struct strings *list, const char *text);
