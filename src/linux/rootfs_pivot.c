/* SPDX-License-Identifier: Apache-2.0 */
/* Entering the root file system. */
#include "linux/rootfs_pivot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/syscalls.h"
#include "linux/mount.h"

/*
 * pivot_root(2) refuses a shared parent, and what is attached below one would appear on the host. Only with
 * rootfsPropagation `shared` is there one. The mount point is some directory above: EINVAL until it is met.
 */
static int make_parent_private(const char *rootfs, struct err *err)
{
	char path[PATH_MAX];
	char *slash;

	if (snprintf(path, sizeof(path), "%s", rootfs) >= (int)sizeof(path))
		return err_set(err, ENAMETOOLONG, "root.path %s", rootfs);
	while (mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0) {
		if (errno != EINVAL || strcmp(path, "/") == 0)
			return err_errno(err, "make the mount above %s private", rootfs);
		slash = strrchr(path, '/');
		slash[slash == path ? 1 : 0] = '\0';
	}
	return 0;
}

static int check_same(int fd, int expected_fd, const char *rootfs, struct err *err)
{
	struct stat now, then;

	if (fstat(fd, &now) < 0 || fstat(expected_fd, &then) < 0)
		return err_errno(err, "stat %s", rootfs);
	if (now.st_dev != then.st_dev || now.st_ino != then.st_ino)
		return err_set(err, ESTALE, "%s was replaced while the container was created",
			       rootfs);
	return 0;
}

/* The tree is attached over the directory it was copied from: paths of the host keep naming it. */
static int mount_on_itself(int fd, const char *rootfs, int *ret_fd, struct err *err)
{
	cleanup_close int tree = sys_open_tree(
		fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
	int root_fd;

	if (tree >= 0 && sys_move_mount(tree, "", fd, "",
					MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0) {
		*ret_fd = steal_fd(&tree);
		return 0;
	}
	/* One of the two is missing, or an outer container's filter refuses it. */
	if (errno != ENOSYS && errno != EPERM)
		return err_errno(err, "mount the root file system %s on itself", rootfs);
	if (mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_errno(err, "bind %s on itself", rootfs);
	root_fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_errno(err, "open %s", rootfs);
	*ret_fd = root_fd;
	return 0;
}

int rootfs_enter(const char *rootfs, int expected_fd, uint64_t propagation, int *ret_fd,
		 struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (mount(NULL, "/", NULL, propagation, NULL) < 0)
		return err_errno(err, "set the propagation of the new mount namespace");
	if (propagation & MS_SHARED) {
		r = make_parent_private(rootfs, err);
		if (r < 0)
			return r;
	}
	fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "open the root file system %s", rootfs);
	r = check_same(fd, expected_fd, rootfs, err);
	if (r < 0)
		return r;
	return mount_on_itself(fd, rootfs, ret_fd, err);
}

int rootfs_copy(int rootfs_fd, int *ret_fd, struct err *err)
{
	static const struct mount_flags flags = { .bind = true, .recursive_bind = true };

	return mount_copy(rootfs_fd, &flags, true, ret_fd, err);
}

int rootfs_enter_copy(int tree_fd, uint64_t propagation, struct err *err)
{
	cleanup_close int slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (slash_fd < 0)
		return err_errno(err, "open the root directory");
	if (mount(NULL, "/", NULL, propagation & ~(uint64_t)MS_SHARED, NULL) < 0)
		return err_errno(err, "set the propagation of the new mount namespace");
	/* Over `/`, which init can always reach; path look-up starts below it and still sees the host's tree. */
	return mount_attach(slash_fd, tree_fd, err);
}

int rootfs_pivot(int root_fd, uint64_t final_propagation, struct err *err)
{
	cleanup_close int old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old_fd < 0)
		return err_errno(err, "open the old root");
	if (fchdir(root_fd) < 0)
		return err_errno(err, "enter the root file system");
	/* man 2 pivot_root, pivot_root(".", "."): the old root lies over the new one, and goes at once. */
	if (sys_pivot_root(".", ".") < 0)
		return err_errno(err, "pivot_root");
	if (fchdir(old_fd) < 0)
		return err_errno(err, "enter the old root");
	/* Unmounting it must not reach the host, whose mounts these are copies of. */
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_errno(err, "make the old root a slave");
	if (umount2(".", MNT_DETACH) < 0)
		return err_errno(err, "detach the old root");
	if (chdir("/") < 0)
		return err_errno(err, "enter the new root");
	if (final_propagation && mount(NULL, "/", NULL, final_propagation, NULL) < 0)
		return err_errno(err, "set linux.rootfsPropagation");
	return 0;
}

/*
 * Through a procfs or sysfs of the host that is left below, root in the container could mount a fresh one
 * without masked paths (the kernel allows that only where a full one is visible).
 */
static int unmount_kernel_views(const char *rootfs, struct err *err)
{
	static const char *const types[] = { "proc", "sysfs" };
	struct arena arena = { 0 };
	char *text;
	size_t len;
	int r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", 16 * 1024 * 1024, &arena, &text,
			     &len);
	struct strings lines = { 0 };

	if (r < 0)
		r = err_code(err, r, "read /proc/self/mountinfo");
	else
		lines = str_split(&arena, text, '\n', false);
	for (size_t i = lines.count; i-- > 0;) {
		struct strings words = str_split(&arena, lines.items[i], ' ', false);
		const char *after = strstr(lines.items[i], " - ");

		for (size_t k = 0; after && words.count > 4 && k < ARRAY_SIZE(types); k++) {
			const char *rest = str_after(after + 3, types[k]);

			if (rest && *rest == ' ' && str_eq(words.items[3], "/") &&
			    !path_is_below(words.items[4], rootfs))
				(void)umount2(words.items[4], MNT_DETACH);
		}
	}
	arena_done(&arena);
	return r;
}

int rootfs_move(int root_fd, uint64_t final_propagation, struct err *err)
{
	char rootfs[PATH_MAX];
	int r;

	if (fchdir(root_fd) < 0 || !getcwd(rootfs, sizeof(rootfs)))
		return err_errno(err, "enter the root file system");
	r = unmount_kernel_views(rootfs, err);
	if (r < 0)
		return r;
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_errno(err, "move the root file system over /");
	if (chroot(".") < 0)
		return err_errno(err, "chroot");
	if (chdir("/") < 0)
		return err_errno(err, "enter the new root");
	if (final_propagation && mount(NULL, "/", NULL, final_propagation, NULL) < 0)
		return err_errno(err, "set linux.rootfsPropagation");
	return 0;
}
