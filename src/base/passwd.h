/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/passwd of the host or of a container, read with bounds and without NSS. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"

/* Larger files are refused; longer lines are no entries. */
#define PASSWD_SIZE_MAX (1024 * 1024)
#define PASSWD_LINE_MAX 4096

struct passwd_entry {
	const char *name; /* not empty */
	uid_t uid;
	gid_t gid;
	const char *home; /* may be empty */
};

/*
 * Find the first entry of a user id.
 *
 * @fd:  the file, open for reading, at its start; not owned. Open one that comes from a container with
 *       O_NONBLOCK: it may be a fifo
 * @ret: strings in @arena
 *
 * Lines that are no entry (comments, too few fields, a uid or gid that is no number, NUL bytes, NIS'
 * `+`) are skipped, as getpwuid(3) does.
 *
 * Returns 0; -ENOENT: no such user; -EFBIG: too large; -EINVAL: not a regular file; else -errno.
 * Source: man 5 passwd.
 */
int passwd_find_uid(int fd, uid_t uid, struct arena *arena, struct passwd_entry *ret);
