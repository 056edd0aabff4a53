/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. */
#include "linux/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "linux/mount.h"

static int open_null(struct mask *mask, int root_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	if (mask->null_fd >= 0)
		return 0;
	r = path_open_in(root_fd, "/dev/null", O_PATH | O_NOFOLLOW, &fd);
	if (r < 0)
		return err_code(err, r, "open /dev/null in the container");
	if (fstat(fd, &st) < 0)
		return err_errno(err, "stat /dev/null in the container");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(err, EPERM, "/dev/null in the container is not the null device");
	mask->null_fd = steal_fd(&fd);
	return 0;
}

static int mask_file(struct mask *mask, int root_fd, int target_fd, struct err *err)
{
	static const struct mount_flags flags = { .bind = true };
	int r;

	r = open_null(mask, root_fd, err);
	if (r < 0)
		return r;
	return mount_bind(target_fd, mask->null_fd, &flags, err);
}

static int mask_dir_old(int target_fd, struct err *err)
{
	static const char *data[] = { "nr_inodes=2", "size=4096", "mode=555" };
	struct mount_flags flags = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
		.ms_set = MS_RDONLY,
		.data = { .items = data, .count = ARRAY_SIZE(data) },
	};
	struct arena arena = { 0 };
	int r = mount_new(target_fd, "tmpfs", "tmpfs", &flags, &arena, err);

	arena_done(&arena);
	return r;
}

/* The first is attached itself: before Linux 6.15 only an attached mount can be copied. */
static int attach_empty(struct mask *mask, int target_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (mask->empty_fd >= 0)
		return mount_attach_copy(target_fd, mask->empty_fd, err);
	r = mount_make_empty(&fd, err);
	if (r == 0)
		r = mount_attach(target_fd, fd, err);
	if (r == 0)
		mask->empty_fd = steal_fd(&fd);
	return r;
}

static int mask_dir(struct mask *mask, int target_fd, struct err *err)
{
	int r = attach_empty(mask, target_fd, err);

	return r == -ENOSYS ? mask_dir_old(target_fd, err) : r;
}

/* Open a path to be sealed; -ENOENT (no words) when there is none. */
static int open_sealed(int root_fd, const char *path, struct stat *ret_st, int *ret_fd,
		       struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = path_open_in(root_fd, path, O_PATH | O_NOFOLLOW, &fd);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return err_code(err, r, "open %s in the container", path);
	if (fstat(fd, ret_st) < 0)
		return err_errno(err, "stat %s in the container", path);
	if (S_ISLNK(ret_st->st_mode))
		return err_set(err, ELOOP, "%s is a symbolic link: its target would stay open",
			       path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int mask_path(struct mask *mask, int root_fd, const char *path, struct err *err)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = open_sealed(root_fd, path, &st, &fd, err);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = S_ISDIR(st.st_mode) ? mask_dir(mask, fd, err)
					: mask_file(mask, root_fd, fd, err);
	return r < 0 ? err_prefix(err, "%s", path) : 0;
}

void mask_done(struct mask *mask)
{
	fd_close(mask->null_fd);
	fd_close(mask->empty_fd);
}

int readonly_path(int root_fd, const char *path, struct err *err)
{
	struct mount_flags flags = { .bind = true,
				     .recursive_bind = true,
				     .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = open_sealed(root_fd, path, &st, &fd, err);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = mount_bind(fd, fd, &flags, err);
	return r < 0 ? err_prefix(err, "%s", path) : 0;
}
