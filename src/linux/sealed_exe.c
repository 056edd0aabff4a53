/* SPDX-License-Identifier: Apache-2.0 */
/* Protection of this program's own file. */
#include "linux/sealed_exe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscalls.h"

#define SELF "/proc/self/exe"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

static bool is_sealed(void)
{
	cleanup_close int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	struct statvfs fs;
	int seals;

	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return false;
	if (fs.f_flag & ST_RDONLY)
		return true;
	seals = fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & F_SEAL_WRITE);
}

/*
 * The clone is a mount of its own, in no mount namespace: nobody can make it writable again, and a descriptor
 * of the file that outlives us, opened for writing, gives EROFS.
 */
static int open_clone(void)
{
	static const struct sys_mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int fd = sys_open_tree(AT_FDCWD, SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH, &read_only) < 0)
		return -errno;
	return steal_fd(&fd);
}

static int open_memory(void)
{
	cleanup_close int self_fd = open(SELF, O_RDONLY | O_CLOEXEC);
	cleanup_close int fd = memfd_create("nvcrun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	ssize_t n;

	if (fd < 0 && errno == EINVAL) /* MFD_EXEC: Linux 6.3 */
		fd = memfd_create("nvcrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || self_fd < 0)
		return -errno;
	do
		n = sendfile(fd, self_fd, NULL, 0x7ffff000);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	/* F_SEAL_EXEC where the kernel knows it; the others are what protects. */
	(void)fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return steal_fd(&fd);
}

static void execute(int fd, char **argv)
{
	if (fd >= 0)
		sys_execveat(fd, "", argv, environ, AT_EMPTY_PATH);
}

int sealed_exe_ensure(char **argv, struct arena *arena, struct err *err)
{
	cleanup_close int clone_fd = -EBADF, memory_fd = -EBADF;
	const char *name = (const char *)getauxval(AT_EXECFN);
	const char *path = name ? path_real(arena, name) : NULL;

	if (is_sealed())
		return 0;
	if (getenv(PROC_EXE_VARIABLE))
		return err_set(err, EPERM, "executed again, but " SELF " can still be written to");
	/* The copy has no path: helper programs are looked for beside this one. */
	if (path && setenv(PROC_EXE_VARIABLE, path, 1) < 0)
		return err_errno(err, "set " PROC_EXE_VARIABLE);
	clone_fd = open_clone();
	execute(clone_fd, argv);
	memory_fd = open_memory();
	execute(memory_fd, argv);
	return err_errno(err, "execute from a protected copy of " SELF
			      " (read-only mount, then sealed memfd)");
}
