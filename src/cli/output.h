/* SPDX-License-Identifier: Apache-2.0 */
/* What a command prints: its result on stdout, warnings through the log. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/*
 * Write a result to stdout. A full disk or closed pipe must not look like success.
 *
 * Returns 0 or -errno.
 */
int cli_print(const char *text, struct err *err);

/* One warning a line, to --log, else stderr. */
void cli_print_warnings(const struct strings *warnings);
