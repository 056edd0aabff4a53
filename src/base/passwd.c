/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/passwd, bounded. */
#include "base/passwd.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"

/* name:password:uid:gid:gecos:home:shell; the shell may be missing. */
enum { FIELD_NAME, FIELD_PASSWORD, FIELD_UID, FIELD_GID, FIELD_GECOS, FIELD_HOME, FIELDS_MIN };

/* 4294967295 is no id: chown(2) and setuid(2) read it as "unchanged". */
static bool read_id(const char *text, uint32_t *ret)
{
	uint64_t number;

	if (str_to_u64(text, UINT32_MAX - 1, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static bool read_line(const char *line, struct arena *arena, struct passwd_entry *ret)
{
	struct strings fields = str_split(arena, line, ':', true);
	struct passwd_entry entry;

	if (line[0] == '#' || fields.count < FIELDS_MIN || !*fields.items[FIELD_NAME] ||
	    !read_id(fields.items[FIELD_UID], &entry.uid) ||
	    !read_id(fields.items[FIELD_GID], &entry.gid))
		return false;
	entry.name = fields.items[FIELD_NAME];
	entry.home = fields.items[FIELD_HOME];
	*ret = entry;
	return true;
}

int passwd_find_uid(int fd, uid_t uid, struct arena *arena, struct passwd_entry *ret)
{
	struct arena scratch = { 0 };
	struct passwd_entry entry;
	size_t size, len;
	struct stat st;
	char *text;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = fd_read_all(fd, PASSWD_SIZE_MAX, &scratch, &text, &size);
	if (r < 0)
		goto out;
	r = -ENOENT;
	for (char *end = text + size; text < end; text += len + 1) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		len = (size_t)((newline ? newline : end) - text);
		text[len] = '\0';
		if (len > PASSWD_LINE_MAX || strlen(text) != len ||
		    !read_line(text, &scratch, &entry) || entry.uid != uid)
			continue;
		entry.name = arena_strdup(arena, entry.name);
		entry.home = arena_strdup(arena, entry.home);
		*ret = entry;
		r = 0;
		break;
	}
out:
	arena_done(&scratch);
	return r;
}
