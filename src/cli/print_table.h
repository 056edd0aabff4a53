/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: aligned columns, nothing that a terminal would obey. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/vec.h"

/* Start with { .arena = …, .n_columns = … }. */
struct table {
	struct arena *arena;
	size_t n_columns;
	struct strings cells; /* row by row */
};

/* Add a row of n_columns texts (NULL: empty), kept by reference. The first row is the heading. */
void table_add(struct table *table, const char *const *cells);

/*
 * The text, in the table's arena. A column is 3 wider than its longest cell and at least 12, as runc
 * prints it; control characters and what is not UTF-8 (a bundle's path may hold anything) become `?`.
 */
char *table_print(struct table *table);
