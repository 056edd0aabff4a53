/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables: a document (struct value) -> a structure. Errors name the whole path:
 * `config.json:12: linux.resources.memory.limit: expected an integer, got a string`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/names.h"
#include "base/value.h"
#include "base/vec.h"

/* Optional scalars: absent and zero are different things. */
struct opt_bool {
	bool set;
	bool v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};

/* Where in the document we are: a chain on the C stack. */
struct decode_path {
	const struct decode_path *up;
	const char *key; /* a member, or NULL: */
	size_t index;	 /* an array element */
};

struct decode {
	struct arena *arena;
	const char *document;		/* name for errors, `config.json`; NULL: none is printed */
	const struct decode_path *path; /* the place being decoded, NULL at the top */
	struct err *err;
	/* Called for each unknown key with its full path; NULL: ignored silently. */
	void (*unknown)(const char *path, void *data);
	void *unknown_data;
};

struct field;

/* Decode @value (never NULL, never null) into @out, which is base + field->offset. */
typedef int (*decode_fn)(struct decode *d, const struct value *value, const struct field *field,
			 void *out);

enum field_flags { FIELD_REQUIRED = 1 };

struct field {
	const char *name;
	decode_fn decode;
	size_t offset;
	const void *arg; /* what the decoder needs: table of names, range, fields of an object */
	unsigned int flags;
};

/* The fields of an object, as @arg of decode_struct and decode_structs. */
struct fields {
	const struct field *items;
	size_t count;
	size_t size; /* sizeof the structure: element size for decode_structs */
};
#define FIELDS(table, type)                                               \
	{                                                                 \
		(table), sizeof(table) / sizeof((table)[0]), sizeof(type) \
	}

/* A closed set of words, as @arg of decode_enum. */
struct words {
	const struct name_value *items;
	size_t count;
	const char *what; /* for the error: "namespace type" */
};
#define WORDS(table, what)                                          \
	{                                                           \
		(table), sizeof(table) / sizeof((table)[0]), (what) \
	}

struct range {
	int64_t min;
	int64_t max;
};

/*
 * Decode an object: each known member by its row; JSON null counts as absent (as in Go); a missing
 * FIELD_REQUIRED member is an error.
 */
int decode_object(struct decode *d, const struct value *value, const struct fields *fields,
		  void *base);

/* An error at the current place: "<document>:<line>: <path>: <words>". Returns -EINVAL. */
int decode_error(struct decode *d, const struct value *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The current place as text, in the arena: `linux.namespaces[2].type`. */
const char *decode_place(const struct decode *d);

/* Decoders. What they write: */
int decode_bool(struct decode *, const struct value *, const struct field *, void *); /* bool */
int decode_opt_bool(struct decode *, const struct value *, const struct field *,
		    void *); /* opt_bool */
int decode_i64(struct decode *, const struct value *, const struct field *,
	       void *); /* int64_t; arg: range */
int decode_u64(struct decode *, const struct value *, const struct field *, void *); /* uint64_t */
int decode_u32(struct decode *, const struct value *, const struct field *,
	       void *); /* uint32_t, uid_t … */
int decode_opt_i64(struct decode *, const struct value *, const struct field *,
		   void *); /* opt_i64; arg: range */
int decode_opt_u64(struct decode *, const struct value *, const struct field *,
		   void *); /* opt_u64 */
int decode_string(struct decode *, const struct value *, const struct field *,
		  void *); /* const char * */
int decode_strings(struct decode *, const struct value *, const struct field *,
		   void *); /* struct strings */
int decode_enum(struct decode *, const struct value *, const struct field *,
		void *); /* int; arg: words */
int decode_struct(struct decode *, const struct value *, const struct field *,
		  void *); /* arg: fields */
int decode_structs(struct decode *, const struct value *, const struct field *,
		   void *); /* VEC; arg: fields */

/* A known field that this version cannot apply yet: an error unless empty ({}, [], "", false, 0, { "a": 0 }). */
int decode_refuse(struct decode *, const struct value *, const struct field *, void *);

/* A known field that needs no action here. */
int decode_ignore(struct decode *, const struct value *, const struct field *, void *);
