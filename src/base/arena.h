/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocator: memory with the lifetime of one command, never freed piecemeal. */
#pragma once

#include <stddef.h>

struct arena_block;

/* Storage of the caller; all zero is a valid empty arena. */
struct arena {
	struct arena_block *block; /* the newest; owned */
};

/*
 * Zeroed memory, aligned for any type, valid until arena_done(). Never NULL: running out of memory
 * ends the process with a message (HACKING.md, Errors).
 */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies of @text (the first @len bytes of it), NUL terminated. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);

/* A formatted string. */
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));

/* Free everything; accepts an empty arena. */
void arena_done(struct arena *arena);
