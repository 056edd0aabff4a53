/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor of OP_TMPFS, over directories of the real procfs, in a mount namespace of its own: needs root,
 * else all is skipped. tests/bats/nvidia_procfs.bats runs it on older kernels, too.
 */
#include "linux/private_tmpfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/syscalls.h"
#include "test.h"

static struct arena arena;
static struct err err;
static bool ready;

__attribute__((constructor)) static void make(void)
{
	umask(022);
	ready = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

__attribute__((destructor)) static void done(void)
{
	arena_done(&arena);
}

#define NEEDS_ROOT()                                   \
	do {                                           \
		if (!ready) {                          \
			printf("# skip needs root\n"); \
			return;                        \
		}                                      \
	} while (0)

static int apply(const struct oci_tmpfs *tmpfs)
{
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rootfs_op op = {
		.kind = OP_TMPFS,
		.dest = tmpfs->dest,
		.fstype = "tmpfs",
		.source = "tmpfs",
		.tmpfs = tmpfs,
		.flags = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	};

	VEC_PUSH(&op.flags.data, &arena, "mode=0555");
	err = (struct err){ 0 };
	return private_tmpfs_mount(root_fd, &op, &arena, &err);
}

static void add_file(struct oci_tmpfs *tmpfs, const char *name, const char *text)
{
	struct oci_tmpfs_file file = { .name = name, .mode = 0444, .text = text };

	VEC_PUSH(&tmpfs->files, &arena, file);
}

static void add_bind(struct oci_tmpfs *tmpfs, const char *name, const char *source)
{
	struct oci_tmpfs_bind bind = { .name = name, .source = source };

	VEC_PUSH(&tmpfs->binds, &arena, bind);
}

static const char *content(const char *path)
{
	size_t len;
	char *text;

	CHECK_INT(fd_read_file(AT_FDCWD, path, 4096, &arena, &text, &len), 0);
	return text;
}

static unsigned long attributes(const char *path)
{
	struct statvfs st;

	CHECK_INT(statvfs(path, &st), 0);
	return st.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC);
}

#define SEALED (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)

static int create_errno(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? errno : 0;
}

TEST(files_and_host_directories)
{
	struct oci_tmpfs tmpfs = { .dest = "/proc/tty", .mode = 0555, .origin = "test" };
	struct stat st;

	NEEDS_ROOT();
	add_file(&tmpfs, "params", "ModifyDeviceFiles: 0\n");
	add_file(&tmpfs, "empty", "");
	add_file(&tmpfs, "some/directory/file", "x");
	add_file(&tmpfs, "some/other", "y");
	add_bind(&tmpfs, "gpus/0000:06:00.0", "/proc/sys/kernel");
	CHECK_INT(apply(&tmpfs), 0);
	CHECK_STR(content("/proc/tty/params"), "ModifyDeviceFiles: 0\n");
	CHECK_STR(content("/proc/tty/empty"), "");
	CHECK_STR(content("/proc/tty/some/directory/file"), "x");
	CHECK_STR(content("/proc/tty/some/other"), "y");
	CHECK_INT(create_errno("/proc/tty/some/new"), EROFS);
	CHECK_STR(content("/proc/tty/gpus/0000:06:00.0/ostype"), "Linux\n");
	CHECK_INT(access("/proc/tty/drivers", F_OK), -1);
	CHECK_INT(stat("/proc/tty", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0555);
	CHECK_INT(stat("/proc/tty/params", &st), 0);
	CHECK_INT(st.st_mode & 07777, 0444);
}

TEST(nothing_can_be_written)
{
	struct oci_tmpfs tmpfs = { .dest = "/proc/fs", .mode = 0555, .origin = "test" };

	NEEDS_ROOT();
	add_file(&tmpfs, "registry", "");
	add_bind(&tmpfs, "gpus/one", "/proc/sys/kernel");
	CHECK_INT(apply(&tmpfs), 0);
	CHECK_INT(attributes("/proc/fs"), SEALED);
	CHECK_INT(attributes("/proc/fs/gpus/one"), SEALED);
	CHECK_INT(create_errno("/proc/fs/registry"), EROFS);
	CHECK_INT(create_errno("/proc/fs/new"), EROFS);
	CHECK_INT(create_errno("/proc/fs/gpus/one/hostname"), EROFS);
	CHECK_INT(mkdir("/proc/fs/gpus/two", 0755), -1);
	CHECK_INT(errno, EROFS);
	/* The files that are shown elsewhere are not sealed with it. */
	CHECK_INT(attributes("/proc/sys/kernel") & ST_RDONLY, attributes("/proc") & ST_RDONLY);
}

TEST(an_empty_one_hides)
{
	const struct oci_tmpfs tmpfs = { .dest = "/proc/bus", .mode = 0555, .origin = "test" };
	cleanup_dir DIR *dir = NULL;
	size_t count = 0;

	NEEDS_ROOT();
	CHECK_INT(apply(&tmpfs), 0);
	dir = opendir("/proc/bus");
	CHECK(dir != NULL);
	while (readdir(dir))
		count++;
	CHECK_INT(count, 2); /* . and .. */
	CHECK_INT(attributes("/proc/bus"), SEALED);
}

TEST(only_over_a_directory_of_procfs)
{
	struct oci_tmpfs tmpfs = { .mode = 0555, .origin = "test" };
	static const char *const places[] = { "/proc/driver/nosuch/nvidia", "/proc/version",
					      "/proc/version/nvidia", "/sys/kernel", "/" };

	NEEDS_ROOT();
	/* Were it mounted, this would fail. */
	add_bind(&tmpfs, "x", "/nonexistent");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		tmpfs.dest = places[i];
		CHECK_INT(apply(&tmpfs), 0);
	}
	CHECK(attributes("/sys/kernel") == attributes("/sys"));
}

TEST(failures_are_named)
{
	struct oci_tmpfs bind = { .dest = "/proc/driver", .mode = 0555, .origin = "test" };
	struct oci_tmpfs twice = { .dest = "/proc/irq", .mode = 0555, .origin = "test" };
	struct oci_tmpfs over = { .dest = "/proc/sysvipc", .mode = 0555, .origin = "test" };

	NEEDS_ROOT();
	add_bind(&bind, "gpus/one", "/nonexistent");
	CHECK_INT(apply(&bind), -ENOENT);
	CHECK_STR(err.text, "bind /nonexistent: no such file or directory");
	add_file(&twice, "params", "1");
	add_file(&twice, "params", "2");
	CHECK_INT(apply(&twice), -EEXIST);
	CHECK_STR(err.text, "create `params`: file exists");
	add_file(&over, "gpus", "");
	add_bind(&over, "gpus", "/proc/sys/kernel");
	CHECK_INT(apply(&over), -ENOTDIR);
	CHECK_STR(err.text, "create `gpus`: not a directory");
}

/* A container with a shared rootfsPropagation that has the host's /proc. */
static int cover_shared(void)
{
	const struct oci_tmpfs tmpfs = { .dest = "/proc/sys", .mode = 0555, .origin = "test" };

	return unshare(CLONE_NEWNS) == 0 && apply(&tmpfs) == 0 &&
			       access("/proc/sys/kernel", F_OK) < 0
		       ? 0
		       : 1;
}

TEST(the_host_is_spared)
{
	int status;
	pid_t pid;

	NEEDS_ROOT();
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	pid = fork();
	if (pid == 0)
		_exit(cover_shared());
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(status, 0);
	CHECK_INT(access("/proc/sys/kernel", F_OK), 0);
}

TEST_MAIN()
