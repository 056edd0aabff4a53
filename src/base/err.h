/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: a code and one worded line, on the caller's stack and on the wire. */
#pragma once

#define ERR_TEXT_MAX 1020

/*
 * What went wrong. Set once where it happens, prefixed at most by row or operation on the way up.
 * It has no pointers, so the same bytes travel from init to the host (runtime/sync).
 */
struct err {
	int code; /* positive errno, 0 when nothing was set */
	char text[ERR_TEXT_MAX];
};

/*
 * Word an error whose cause is known without errno.
 *
 * @err:  receives code and text; may be NULL when the caller only wants the code
 * @code: positive errno
 *
 * Returns -@code, so that `return err_set(err, EINVAL, "…")` is one line.
 */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with errno as code and its lower-case text appended after ": ". Returns -errno. */
int err_errno(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a function that returned @code as -errno. Returns @code (negative). */
int err_code(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put "<prefix>: " before the text. Returns -err->code (-EIO when nothing was set). */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* errno's text, lower case as the engines match it; @buf is the storage. */
const char *err_name(int code, char *buf, unsigned long size);
