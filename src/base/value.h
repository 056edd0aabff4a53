/* SPDX-License-Identifier: Apache-2.0 */
/* A document as a tree: what JSON and TOML (later YAML) are read into. Lives in an arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/vec.h"

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_ARRAY, VALUE_OBJECT };

/* Deeper documents are refused by every reader. */
#define VALUE_DEPTH_MAX 64

/* Larger documents are refused by every reader. */
#define VALUE_SIZE_MAX (16 * 1024 * 1024)

struct value;

struct value_member {
	const char *key;
	struct value *value;
};

struct value {
	enum value_kind kind;
	unsigned int line; /* 1-based place in the document; 0 when the reader has none */
	const char *text;  /* STRING: the text (may not hold NUL); NUMBER: its digits as written */
	bool boolean;	   /* BOOL */
	VEC(struct value *) items; /* ARRAY */
	VEC(struct value_member)
	members; /* OBJECT; in order, a repeated key replaced by the last */
};

/* The member named @key of an object; NULL when absent or when @object is NULL or no object. */
const struct value *value_get(const struct value *object, const char *key);

/* A new value without content. @line: as in struct value. */
struct value *value_new(struct arena *arena, enum value_kind kind, unsigned int line);

/* Set or replace a member. */
void value_set(struct arena *arena, struct value *object, const char *key, struct value *value);

/*
 * For readers that append members without looking: of each repeated key the last value stays, at
 * the place of the first. n log n, so that a hostile document costs no more than its size.
 */
void value_unite_members(struct arena *arena, struct value *object);

/* "an object", "a string" …: for error texts. */
const char *value_kind_words(enum value_kind kind);
