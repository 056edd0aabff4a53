/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0, the part that settings files use, read into the same tree as JSON. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/*
 * Parse a TOML document: tables, dotted and quoted keys, basic and literal strings (multi-line too),
 * integers, booleans, arrays, inline tables, arrays of tables. Floats and dates are refused by name.
 *
 * @name: what to call it in errors, usually the file's path: `<name>:<line>: …`
 */
int toml_read(const char *text, size_t len, const char *name, struct arena *arena,
	      const struct value **ret, struct err *err);
