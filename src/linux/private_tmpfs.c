/* SPDX-License-Identifier: Apache-2.0 */
/* A private tmpfs with files over a directory of the container's procfs. */
#include "linux/private_tmpfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "linux/mount.h"

#define PROC_MAGIC	   0x9fa0
#define TMPFS_MAGIC_NUMBER 0x01021994

static bool is_of_type(int fd, unsigned long magic)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

/* @ret_fd stays -EBADF where there is nothing to cover. */
static int open_target(int root_fd, const char *dest, int *ret_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r = path_open_in(root_fd, dest, O_PATH | O_DIRECTORY, &fd);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return err_code(err, r, "open %s in the container", dest);
	if (is_of_type(fd, PROC_MAGIC))
		*ret_fd = steal_fd(&fd);
	return 0;
}

/*
 * A bind of the host's /proc is, under a shared rootfsPropagation, one with the host's: what goes over it would
 * cover the host's own directory. As a slave it still gets what the host mounts there.
 */
static int spare_host(int root_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r = path_open_in(root_fd, "/proc", O_PATH | O_DIRECTORY, &fd);

	if (r < 0)
		return err_code(err, r, "open /proc in the container");
	r = mount_set_propagation(fd, MS_SLAVE, err);
	return r < 0 ? err_prefix(err, "/proc in the container") : 0;
}

static int write_file(int root_fd, const struct oci_tmpfs_file *file, struct arena *arena,
		      struct err *err)
{
	cleanup_close int dir_fd = -EBADF, fd = -EBADF;
	const char *name;
	int r;

	r = path_open_parent_in(root_fd, file->name, true, arena, &dir_fd, &name);
	if (r < 0)
		return err_code(err, r, "create the directory of `%s`", file->name);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->mode);
	if (fd < 0)
		return err_errno(err, "create `%s`", file->name);
	r = fd_write_all(fd, file->text, strlen(file->text));
	return r < 0 ? err_code(err, r, "write `%s`", file->name) : 0;
}

static int write_files(int root_fd, const struct oci_tmpfs *tmpfs, struct arena *arena,
		       struct err *err)
{
	int r = 0;

	VEC_EACH(file, &tmpfs->files) {
		if (r == 0)
			r = write_file(root_fd, file, arena, err);
	}
	return r;
}

/* Filled while it is detached: nobody sees half of it. -ENOSYS where the calls are missing. */
static int place(int target_fd, const struct rootfs_op *op, struct arena *arena, int *ret_fd,
		 struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = mount_make(op->fstype, op->source, &op->flags, arena, &fd, err);
	if (r == 0)
		r = write_files(fd, op->tmpfs, arena, err);
	if (r == 0)
		r = mount_attach(target_fd, fd, err);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* Before Linux 5.2: mounted first, then found again by its path. */
static int place_old(int root_fd, int target_fd, const struct rootfs_op *op, struct arena *arena,
		     int *ret_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = mount_new(target_fd, op->fstype, op->source, &op->flags, arena, err);
	if (r < 0)
		return r;
	r = path_open_in(root_fd, op->dest, O_PATH | O_DIRECTORY, &fd);
	if (r < 0 || !is_of_type(fd, TMPFS_MAGIC_NUMBER))
		return err_code(err, r < 0 ? r : -EXDEV, "open the new %s in the container",
				op->dest);
	r = write_files(fd, op->tmpfs, arena, err);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* rprivate, as all that is injected: what propagates would stay on the host. */
static int show_directory(int dir_fd, const struct oci_tmpfs_bind *bind, struct arena *arena,
			  struct err *err)
{
	cleanup_close int source_fd = open(bind->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int target_fd = -EBADF;
	struct mount_flags flags = {
		.bind = true,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			    MOUNT_ATTR_NOEXEC,
	};
	int r;

	VEC_PUSH(&flags.propagation, arena, MS_PRIVATE | MS_REC);
	if (source_fd < 0)
		return err_errno(err, "bind %s", bind->source);
	r = path_make_dirs_in(dir_fd, bind->name, 0555, &target_fd);
	if (r < 0)
		return err_code(err, r, "create `%s`", bind->name);
	r = mount_bind(target_fd, source_fd, &flags, err);
	return r < 0 ? err_prefix(err, "bind %s", bind->source) : 0;
}

int private_tmpfs_mount(int root_fd, const struct rootfs_op *op, struct arena *arena,
			struct err *err)
{
	cleanup_close int target_fd = -EBADF, fd = -EBADF;
	int r;

	r = open_target(root_fd, op->dest, &target_fd, err);
	if (r < 0 || target_fd < 0)
		return r;
	r = spare_host(root_fd, err);
	if (r < 0)
		return r;
	r = place(target_fd, op, arena, &fd, err);
	if (r == -ENOSYS)
		r = place_old(root_fd, target_fd, op, arena, &fd, err);
	/* Only what is attached can be mounted on. */
	VEC_EACH(bind, &op->tmpfs->binds) {
		if (r == 0)
			r = show_directory(fd, bind, arena, err);
	}
	if (r == 0)
		r = mount_set_attr(fd, MOUNT_ATTR_RDONLY, 0, false, err);
	return r;
}
