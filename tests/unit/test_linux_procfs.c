/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc: what is opened, and that links and other file systems on the way are refused. */
#include "linux/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "test.h"

static int open_proc(void)
{
	struct err err = { 0 };
	int fd = -EBADF;

	CHECK_INT(procfs_open(&fd, &err), 0);
	CHECK(fd >= 0);
	return fd;
}

TEST(files_below)
{
	cleanup_close int proc_fd = open_proc(), fd = -EBADF;
	char text[64] = "";

	CHECK_INT(procfs_open_file(proc_fd, "sys/kernel/ostype", O_RDONLY, &fd), 0);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	CHECK_STR(text, "Linux\n");
}

TEST(files_of_this_process)
{
	cleanup_close int proc_fd = open_proc(), fd = -EBADF;
	char text[4096] = "", line[32];

	CHECK_INT(procfs_open_self(proc_fd, "status", O_RDONLY, &fd), 0);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	snprintf(line, sizeof(line), "\nPid:\t%d\n", getpid());
	CHECK_HAS(text, line);
}

TEST(what_is_not_there)
{
	cleanup_close int proc_fd = open_proc();
	int fd = -12345;

	CHECK_INT(procfs_open_file(proc_fd, "sys/kernel/nosuch", O_RDONLY, &fd), -ENOENT);
	CHECK_INT(procfs_open_file(proc_fd, "nosuch/kernel", O_RDONLY, &fd), -ENOENT);
	CHECK_INT(fd, -12345);
}

TEST(links_are_refused)
{
	cleanup_close int proc_fd = open_proc();
	int fd = -EBADF;

	CHECK_INT(procfs_open_file(proc_fd, "self/status", O_RDONLY, &fd), -ELOOP);
	CHECK_INT(procfs_open_file(proc_fd, "mounts", O_RDONLY, &fd), -ELOOP);
	CHECK_INT(procfs_open_self(proc_fd, "root/etc/passwd", O_RDONLY, &fd), -ELOOP);
	CHECK_INT(procfs_open_self(proc_fd, "exe", O_RDONLY, &fd), -ELOOP);
	CHECK_INT(procfs_open_file(proc_fd, "../etc/passwd", O_RDONLY, &fd), -EXDEV);
	CHECK_INT(fd, -EBADF);
}

/* @proc_fd is no procfs: whatever is found below is none either. */
TEST(other_file_systems_are_refused)
{
	char dir[] = "/tmp/nvcrun-test-XXXXXX", path[64];
	cleanup_close int dir_fd = -EBADF;
	int fd = -EBADF;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	CHECK_INT(mknod(path, S_IFREG | 0600, 0), 0);
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(procfs_open_file(dir_fd, "file", O_RDONLY, &fd), -EXDEV);
	CHECK_INT(symlink("/proc/self", "/dev/null/x"), -1);
	unlink(path);
	snprintf(path, sizeof(path), "%s/self", dir);
	CHECK_INT(symlink("../../etc", path), 0);
	CHECK_INT(procfs_open_self(dir_fd, "passwd", O_RDONLY, &fd), -EXDEV);
	unlink(path);
	rmdir(dir);
}

TEST_MAIN()
