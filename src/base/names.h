/* SPDX-License-Identifier: Apache-2.0 */
/* Name <-> value tables for closed sets of words, looked up both ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct name_value {
	const char *name;
	int64_t value;
};

/* Find by name. Returns 0, or -ENOENT. */
int names_find(const struct name_value *table, size_t count, const char *name, int64_t *ret_value);

/* The first name of a value, NULL when there is none. */
const char *names_of(const struct name_value *table, size_t count, int64_t value);
