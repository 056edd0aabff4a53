/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc that are what they say. */
#include "linux/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/syscalls.h"

#define PROC_ROOT_INODE 1 /* include/linux/proc_fs.h */

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int procfs_open(int *ret_fd, struct err *err)
{
	cleanup_close int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_errno(err, "open /proc");
	if (!is_procfs(fd) || fstat(fd, &st) < 0 || st.st_ino != PROC_ROOT_INODE)
		return err_set(err, EPERM, "/proc is not the root of a proc file system");
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* One component at a time; @at is replaced, and at the end opened with @flags. */
static int walk(int proc_fd, const char *path, int flags, int *ret_fd)
{
	cleanup_close int at = -EBADF;
	int from = proc_fd;

	while (*path) {
		char name[NAME_MAX + 1];
		size_t len = strcspn(path, "/");
		bool is_last = !path[len];
		int fd;

		if (!len || len > NAME_MAX)
			return -EINVAL;
		memcpy(name, path, len);
		name[len] = '\0';
		if (str_eq(name, "..") || str_eq(name, "."))
			return -EXDEV;
		fd = openat(from, name,
			    (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
		/* A link met with O_DIRECTORY. */
		if (fd < 0)
			return errno == ENOTDIR && !is_last ? -ELOOP : -errno;
		fd_close(steal_fd(&at));
		at = fd;
		from = fd;
		if (!is_procfs(fd))
			return -EXDEV;
		path += len + !is_last;
	}
	*ret_fd = steal_fd(&at);
	return 0;
}

int procfs_open_file(int proc_fd, const char *path, int flags, int *ret_fd)
{
	const struct sys_open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	cleanup_close int fd = sys_openat2(proc_fd, path, &how);

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return walk(proc_fd, path, flags, ret_fd);
	if (fd < 0)
		return -errno;
	if (!is_procfs(fd))
		return -EXDEV;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int procfs_open_self(int proc_fd, const char *path, int flags, int *ret_fd)
{
	char number[16], full[PATH_MAX];
	ssize_t len = readlinkat(proc_fd, "self", number, sizeof(number) - 1);

	if (len < 0)
		return -errno;
	number[len] = '\0';
	if (strspn(number, "0123456789") != (size_t)len)
		return -EXDEV;
	snprintf(full, sizeof(full), "%s/%s", number, path);
	return procfs_open_file(proc_fd, full, flags, ret_fd);
}
