/* SPDX-License-Identifier: Apache-2.0 */
/* Where words for people go. */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"

/* The one permitted global: chosen once by the cli. */
static struct {
	int fd; /* owned; 0: stderr only */
	enum log_format format;
	enum log_level level;
} sink = { .level = LOG_LEVEL_WARNING };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

int log_open(const char *file, enum log_format format, enum log_level level, struct err *err)
{
	int fd = 0;

	if (file) {
		fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
		if (fd < 0)
			return err_errno(err, "--log %s", file);
	}
	sink.fd = fd;
	sink.format = format;
	sink.level = level;
	return 0;
}

bool log_wants(enum log_level level)
{
	return level <= sink.level;
}

static void write_json(int fd, enum log_level level, const char *text, const char *stamp)
{
	cleanup_json_writer struct json_writer w = { 0 };
	struct arena arena = { 0 };
	size_t len;
	char *line;

	json_writer_init(&w, NULL);
	json_object(&w, NULL);
	json_string(&w, "level", level_names[level]);
	json_string(&w, "msg", text);
	json_string(&w, "time", stamp);
	json_end_object(&w);
	line = json_writer_text(&w, &arena, &len);
	line[len] = '\n';
	(void)fd_write_all(fd, line, len + 1);
	arena_done(&arena);
}

/* A quoted text: what logrus' text format looks like to those who parse it. */
static void write_text(int fd, enum log_level level, const char *text, const char *stamp)
{
	char line[3 * ERR_TEXT_MAX];
	size_t len = (size_t)snprintf(line, sizeof(line), "time=\"%s\" level=%s msg=\"", stamp,
				      level_names[level]);

	for (; *text && len < sizeof(line) - 4; text++) {
		if (*text == '"' || *text == '\\')
			line[len++] = '\\';
		line[len++] = *text;
	}
	line[len++] = '"';
	line[len++] = '\n';
	(void)fd_write_all(fd, line, len);
}

static void write_stderr(enum log_level level, const char *text)
{
	static const char *const prefixes[] = {
		[LOG_LEVEL_ERROR] = "",
		[LOG_LEVEL_WARNING] = "warning: ",
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "debug: ",
	};

	dprintf(STDERR_FILENO, "nvcrun: %s%s\n", prefixes[level], text);
}

/* One message is one line, whatever a name in it holds; nor may it talk to the reader's terminal. */
static void replace_controls(char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = ' ';
	}
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[2 * ERR_TEXT_MAX], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	replace_controls(text);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (sink.format == LOG_FORMAT_JSON)
		write_json(sink.fd ? sink.fd : STDERR_FILENO, level, text, stamp);
	else if (sink.fd)
		write_text(sink.fd, level, text, stamp);
	if (!sink.fd ? sink.format == LOG_FORMAT_TEXT : level == LOG_LEVEL_ERROR)
		write_stderr(level, text);
}
