/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values. */
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_name(int code, char *buf, unsigned long size)
{
	/* docker, containerd and podman match Go's errno texts, which start in lower case. */
	snprintf(buf, size, "%s", strerror(code));
	buf[0] = (char)tolower((unsigned char)buf[0]);
	return buf;
}

__attribute__((format(printf, 3, 0))) static void set_text(struct err *err, int code,
							   const char *fmt, va_list ap)
{
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

static void append_name(struct err *err)
{
	size_t len = strlen(err->text);
	char name[128];

	snprintf(err->text + len, sizeof(err->text) - len, ": %s",
		 err_name(err->code, name, sizeof(name)));
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		set_text(err, code, fmt, ap);
		va_end(ap);
	}
	return -code;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int code = errno ? errno : EIO;
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		set_text(err, code, fmt, ap);
		va_end(ap);
		append_name(err);
	}
	return -code;
}

int err_code(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		set_text(err, -code, fmt, ap);
		va_end(ap);
		append_name(err);
	}
	return code;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	va_list ap;
	size_t len;

	if (!err)
		return -EIO;
	memcpy(old, err->text, sizeof(old));
	old[sizeof(old) - 1] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", old);
	return err->code ? -err->code : -EIO;
}
