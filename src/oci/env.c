/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a process: a list of NAME=value. */
#include "oci/env.h"

#include <string.h>

/* The value of NAME when @assignment is of it, else NULL. */
static const char *value_of(const char *assignment, const char *name, size_t name_len)
{
	if (strncmp(assignment, name, name_len) != 0 || assignment[name_len] != '=')
		return NULL;
	return assignment + name_len + 1;
}

const char *oci_env_get(const struct strings *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = env->count; i > 0; i--) {
		const char *value = value_of(env->items[i - 1], name, len);

		if (value)
			return value;
	}
	return NULL;
}

void oci_env_set(struct strings *env, struct arena *arena, const char *assignment)
{
	size_t len = strcspn(assignment, "=");
	bool placed = false;
	size_t kept = 0;

	for (size_t i = 0; i < env->count; i++) {
		const char *now = env->items[i];

		if (value_of(now, assignment, len)) {
			if (placed)
				continue;
			now = assignment;
			placed = true;
		}
		env->items[kept++] = now;
	}
	env->count = kept;
	if (!placed)
		VEC_PUSH(env, arena, assignment);
}
