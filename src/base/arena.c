/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocator. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (64 * 1024 - 64)

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

static void *out_of_memory(void)
{
	fputs("nvcrun: out of memory\n", stderr);
	abort();
}

static struct arena_block *block_new(size_t size)
{
	/* calloc: big fresh blocks come zeroed from the kernel, so nothing is touched twice. */
	struct arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return out_of_memory();
	block->size = size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->block;
	void *memory;

	if (size > (size_t)-1 / 2)
		return out_of_memory();
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!block || block->size - block->used < size) {
		block = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
		block->next = arena->block;
		arena->block = block;
	}
	memory = (char *)block->data + block->used;
	block->used += size;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return out_of_memory();
	text = arena_alloc(arena, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena ? arena->block : NULL;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	if (arena)
		arena->block = NULL;
}
