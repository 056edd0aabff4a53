/* SPDX-License-Identifier: Apache-2.0 */
/* Name <-> value tables. */
#include "base/names.h"

#include <errno.h>
#include <string.h>

int names_find(const struct name_value *table, size_t count, const char *name, int64_t *ret_value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*ret_value = table[i].value;
			return 0;
		}
	}
	return -ENOENT;
}

const char *names_of(const struct name_value *table, size_t count, int64_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].value == value)
			return table[i].name;
	}
	return NULL;
}
