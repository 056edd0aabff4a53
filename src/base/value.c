/* SPDX-License-Identifier: Apache-2.0 */
/* A document as a tree. */
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

struct value *value_new(struct arena *arena, enum value_kind kind, unsigned int line)
{
	struct value *value = arena_alloc(arena, sizeof(*value));

	value->kind = kind;
	value->line = line;
	return value;
}

static struct value_member *find(const struct value *object, const char *key)
{
	VEC_EACH(it, &object->members) {
		if (strcmp(it->key, key) == 0)
			return it;
	}
	return NULL;
}

const struct value *value_get(const struct value *object, const char *key)
{
	const struct value_member *member;

	if (!object || object->kind != VALUE_OBJECT)
		return NULL;
	member = find(object, key);
	return member ? member->value : NULL;
}

void value_set(struct arena *arena, struct value *object, const char *key, struct value *value)
{
	struct value_member *member = find(object, key);

	if (member)
		member->value = value;
	else
		VEC_PUSH(&object->members, arena,
			 ((struct value_member){ arena_strdup(arena, key), value }));
}

/* By key, then by place in the document: members are sorted as pointers into one array. */
static int compare_members(const void *a, const void *b)
{
	const struct value_member *x = *(struct value_member *const *)a;
	const struct value_member *y = *(struct value_member *const *)b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

void value_unite_members(struct arena *arena, struct value *object)
{
	size_t count = object->members.count, kept = 0;
	struct value_member **sorted;

	if (count < 2)
		return;
	sorted = arena_alloc(arena, count * sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &object->members.items[i];
	qsort(sorted, count, sizeof(struct value_member *), compare_members);
	for (size_t i = 1, first = 0; i < count; i++) {
		if (strcmp(sorted[first]->key, sorted[i]->key) != 0) {
			first = i;
			continue;
		}
		sorted[first]->value = sorted[i]->value;
		sorted[i]->value = NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (object->members.items[i].value)
			object->members.items[kept++] = object->members.items[i];
	}
	object->members.count = kept;
}

const char *value_kind_words(enum value_kind kind)
{
	static const char *const words[] = {
		[VALUE_NULL] = "null",	     [VALUE_BOOL] = "a boolean",
		[VALUE_NUMBER] = "a number", [VALUE_STRING] = "a string",
		[VALUE_ARRAY] = "an array",  [VALUE_OBJECT] = "an object",
	};

	return words[kind];
}
