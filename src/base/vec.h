/* SPDX-License-Identifier: Apache-2.0 */
/* Growable array in an arena: VEC(T) names the type, VEC_ADD/VEC_PUSH grow it, VEC_EACH walks it. */
#pragma once

#include <stddef.h>
#include <string.h>

#include "base/arena.h"

#define VEC(T)                   \
	struct {                 \
		T *items;        \
		size_t count;    \
		size_t capacity; \
	}

/* A string list has a name of its own because it crosses function boundaries. */
struct strings {
	const char **items;
	size_t count;
	size_t capacity;
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A new zeroed element at the end; the pointer is valid until the next VEC_ADD. */
#define VEC_ADD(vec, arena)                                                           \
	((vec)->items = vec_grow(arena, (vec)->items, (vec)->count, &(vec)->capacity, \
				 sizeof(*(vec)->items)),                              \
	 &(vec)->items[(vec)->count++])

#define VEC_PUSH(vec, arena, value) ((void)(*VEC_ADD(vec, arena) = (value)))

#define VEC_EACH(it, vec)                                  \
	for (__typeof__(*(vec)->items) *it = (vec)->items; \
	     (vec)->items && it < (vec)->items + (vec)->count; it++)

static inline void *vec_grow(struct arena *arena, const void *items, size_t count, size_t *capacity,
			     size_t size)
{
	void *grown;

	if (count < *capacity)
		return (void *)(unsigned long)items;
	*capacity = *capacity ? *capacity * 2 : 8;
	grown = arena_alloc(arena, *capacity * size);
	if (count)
		memcpy(grown, items, count * size);
	return grown;
}
