/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and links inside the root file system. */
#include "linux/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/mount.h"

static mode_t file_type(char type)
{
	switch (type) {
	case 'b':
		return S_IFBLK;
	case 'p':
		return S_IFIFO;
	default:
		return S_IFCHR;
	}
}

static bool is_same_device(const struct stat *st, const struct rootfs_op *op)
{
	mode_t type = file_type(op->device_type);

	return (st->st_mode & S_IFMT) == type && (type == S_IFIFO || st->st_rdev == op->rdev);
}

static int check_existing(int dir_fd, const char *name, const struct rootfs_op *op, struct err *err)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, "stat %s in the container", op->dest);
	if (!is_same_device(&st, op))
		return err_set(err, EEXIST,
			       "%s exists in the root file system and is not the device %c %u:%u",
			       op->dest, op->device_type, major(op->rdev), minor(op->rdev));
	return 0;
}

/* Bind the host's node; what is opened is checked and bound by the same descriptor. */
static int bind_host_node(int root_fd, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int source_fd = open(op->source, O_PATH | O_CLOEXEC);
	cleanup_close int target_fd = -EBADF;
	struct mount_flags flags = { .bind = true };
	struct stat st;
	int r;

	if (source_fd < 0 && errno == ENOENT && op->remedy)
		return err_set(err, ENOENT,
			       "mknod is not permitted, and the host has no %s: run `%s`",
			       op->source, op->remedy);
	if (source_fd < 0)
		return err_errno(err, "mknod is not permitted, and binding %s of the host instead",
				 op->source);
	if (fstat(source_fd, &st) < 0)
		return err_errno(err, "stat %s", op->source);
	if (!is_same_device(&st, op))
		return err_set(err, ENODEV, "%s on the host is not the device %c %u:%u", op->source,
			       op->device_type, major(op->rdev), minor(op->rdev));
	r = path_make_target_in(root_fd, op->dest, true, &target_fd);
	if (r < 0)
		return err_code(err, r, "make the mount point %s", op->dest);
	return mount_bind(target_fd, source_fd, &flags, err);
}

int device_make(int root_fd, const struct rootfs_op *op, struct arena *arena, struct err *err)
{
	mode_t mode = file_type(op->device_type) | op->mode;
	cleanup_close int dir_fd = -EBADF;
	const char *name;
	int r;

	r = path_open_parent_in(root_fd, op->dest, true, arena, &dir_fd, &name);
	if (r < 0)
		return err_code(err, r, "make the directory of %s", op->dest);
	/* Init's umask is 0: the mode is exact at once. */
	if (mknodat(dir_fd, name, mode, op->rdev) < 0) {
		if (errno == EEXIST)
			return check_existing(dir_fd, name, op, err);
		if (errno == EPERM && op->device_type != 'p')
			return bind_host_node(root_fd, op, err);
		return err_errno(err, "mknod %s (%c %u:%u)", op->dest, op->device_type,
				 major(op->rdev), minor(op->rdev));
	}
	if ((op->uid || op->gid) &&
	    fchownat(dir_fd, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, "chown %s to %u:%u", op->dest, op->uid, op->gid);
	return 0;
}

static bool is_same_link(int dir_fd, const char *name, const char *target)
{
	char old[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, old, sizeof(old) - 1);

	if (len < 0)
		return false;
	old[len] = '\0';
	return str_eq(old, target);
}

/* By a temporary name and rename(2): programs in other containers on the same tree see old or new. */
static int replace_by_link(int dir_fd, const char *name, const struct rootfs_op *op,
			   struct arena *arena, struct err *err)
{
	const char *temporary;
	uint64_t number;

	/* Several containers may share the tree, and each is pid 1 to itself. */
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_errno(err, "get a random number");
	temporary = arena_printf(arena, ".nvcrun-%016lx", number);
	if (symlinkat(op->source, dir_fd, temporary) < 0)
		return err_errno(err, "link %s to %s", op->dest, op->source);
	if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
		int r = err_errno(err, "replace %s by a link to %s", op->dest, op->source);

		unlinkat(dir_fd, temporary, 0);
		return r;
	}
	return 0;
}

static bool is_link(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* A file of the image where an injected link belongs: what the link would lead to is bound over it. */
static int cover_file(int root_fd, int dir_fd, const char *name, const struct rootfs_op *op,
		      struct arena *arena, struct err *err)
{
	static const struct mount_flags flags = { .bind = true };
	cleanup_close int file_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int target_fd = -EBADF;
	const char *target = op->source;
	struct stat st;
	int r;

	if (*target != '/')
		target = arena_printf(arena, "%.*s%s", (int)(strrchr(op->dest, '/') + 1 - op->dest),
				      op->dest, target);
	if (file_fd < 0 || fstat(file_fd, &st) < 0)
		return err_errno(err, "open %s in the container", op->dest);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EEXIST,
			       "link %s to %s: the image has something there that is neither a "
			       "file nor a link",
			       op->dest, op->source);
	r = path_open_in(root_fd, target, O_PATH, &target_fd);
	if (r < 0)
		return err_code(err, r, "bind %s over the image's file %s", target, op->dest);
	return mount_bind(file_fd, target_fd, &flags, err);
}

int link_make(int root_fd, const struct rootfs_op *op, struct arena *arena, struct err *err)
{
	cleanup_close int dir_fd = -EBADF;
	const char *name;
	int r;

	r = path_open_parent_in(root_fd, op->dest, true, arena, &dir_fd, &name);
	if (r < 0)
		return err_code(err, r, "make the directory of %s", op->dest);
	if (symlinkat(op->source, dir_fd, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_errno(err, "link %s to %s", op->dest, op->source);
	if (op->keep_existing || is_same_link(dir_fd, name, op->source))
		return 0;
	if (op->injected && !is_link(dir_fd, name))
		return cover_file(root_fd, dir_fd, name, op, arena, err);
	return replace_by_link(dir_fd, name, op, arena, err);
}
