/* SPDX-License-Identifier: Apache-2.0 */
/* Where words for people go: --log FILE in text or JSON, else stderr. The one permitted global. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/*
 * Choose the sink, once, at start.
 *
 * @file: host path opened for appending, created 0600 (engines set it up themselves); NULL: stderr
 */
int log_open(const char *file, enum log_format format, enum log_level level, struct err *err);

/*
 * One line. Text on stderr is `nvcrun: <words>`; in a file `time="…" level=error msg="…"`; as JSON
 * {"level":"error","msg":"…","time":"…"} (the three keys that shim, CRI-O and podman read).
 * An error that goes to a file is written to stderr too: go-runc shows it to its user.
 */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)

bool log_wants(enum log_level level);
