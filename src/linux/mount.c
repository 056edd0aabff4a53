/* SPDX-License-Identifier: Apache-2.0 */
/* One mount onto a descriptor. The mount(2) way for older kernels: mount_old.c. */
#include "linux/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/syscalls.h"
#include "linux/mount_old.h"

static bool is_missing(int code)
{
	/* EPERM: a seccomp filter of an outer container that does not know the call. */
	return code == ENOSYS || code == EPERM;
}

/* The kernel's own words about the last fsconfig(2): "e tmpfs: Bad value for 'size'". */
static int err_fs(struct err *err, int fs_fd, const char *fstype, const char *what)
{
	int code = errno;
	char words[256];
	ssize_t len = read(fs_fd, words, sizeof(words) - 1);

	if (len <= 2) {
		errno = code;
		return err_errno(err, "mount %s: %s", fstype, what);
	}
	words[len] = '\0';
	if (words[len - 1] == '\n')
		words[len - 1] = '\0';
	errno = code;
	return err_errno(err, "mount %s: %s: %s", fstype, what, words + 2);
}

/* Superblock flags, which are parameters of their own in the new API. */
static const struct name_value superblock_flags[] = {
	{ "sync", MS_SYNCHRONOUS }, { "dirsync", MS_DIRSYNC }, { "lazytime", MS_LAZYTIME },
	{ "mand", MS_MANDLOCK },    { "silent", MS_SILENT },   { "iversion", MS_I_VERSION },
	{ "ro", MS_RDONLY }, /* a disk that may not be written to refuses to be mounted otherwise */
};

static int set_parameter(int fs_fd, const char *fstype, const char *word, struct arena *arena,
			 struct err *err)
{
	const char *equals = strchr(word, '=');
	int r;

	if (equals)
		r = sys_fsconfig(fs_fd, FSCONFIG_SET_STRING,
				 arena_strndup(arena, word, (size_t)(equals - word)), equals + 1,
				 0);
	else
		r = sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, word, NULL, 0);
	return r < 0 ? err_fs(err, fs_fd, fstype, arena_printf(arena, "option `%s`", word)) : 0;
}

static int configure(int fs_fd, const char *fstype, const char *source,
		     const struct mount_flags *flags, struct arena *arena, struct err *err)
{
	int r;

	if (source && sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return err_fs(err, fs_fd, fstype, "source");
	for (size_t i = 0; i < ARRAY_SIZE(superblock_flags); i++) {
		if (!(flags->ms_set & (uint64_t)superblock_flags[i].value))
			continue;
		r = set_parameter(fs_fd, fstype, superblock_flags[i].name, arena, err);
		if (r < 0)
			return r;
	}
	VEC_EACH(word, &flags->data) {
		r = set_parameter(fs_fd, fstype, *word, arena, err);
		if (r < 0)
			return r;
	}
	if (sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_fs(err, fs_fd, fstype, "create the file system");
	return 0;
}

/* -ENOSYS, without words, where move_mount(2) is missing or refused. */
static int attach(int target_fd, int mount_fd, struct err *err)
{
	if (sys_move_mount(mount_fd, "", target_fd, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	return is_missing(errno) ? -ENOSYS : err_errno(err, "attach the mount");
}

int mount_attach(int target_fd, int mount_fd, struct err *err)
{
	int r = attach(target_fd, mount_fd, err);

	if (r == -ENOSYS)
		return err_set(err, ENOSYS,
			       "attach the mount: move_mount(2), Linux 5.2, is missing or refused");
	return r;
}

/* fsconfig(2) takes strings of 255 bytes; mount(2) a page of them (overlay's lowerdir needs it). */
#define PARAMETER_MAX 255

static bool fits(const char *source, const struct mount_flags *flags)
{
	if (source && strlen(source) > PARAMETER_MAX)
		return false;
	VEC_EACH(word, &flags->data) {
		if (strlen(*word) > PARAMETER_MAX)
			return false;
	}
	return true;
}

int mount_make(const char *fstype, const char *source, const struct mount_flags *flags,
	       struct arena *arena, int *ret_fd, struct err *err)
{
	cleanup_close int fs_fd = -EBADF;
	int mount_fd, r;

	if (!fits(source, flags))
		return -ENOSYS;
	fs_fd = sys_fsopen(fstype, FSOPEN_CLOEXEC);
	if (fs_fd < 0 && is_missing(errno))
		return -ENOSYS;
	if (fs_fd < 0 && errno == ENODEV)
		return err_set(err, ENODEV, "mount %s: the kernel has no such file system", fstype);
	if (fs_fd < 0)
		return err_errno(err, "mount %s", fstype);
	r = configure(fs_fd, fstype, source, flags, arena, err);
	if (r < 0)
		return r;
	mount_fd = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned int)flags->attr_set);
	if (mount_fd < 0)
		return err_fs(err, fs_fd, fstype, "make the mount");
	*ret_fd = mount_fd;
	return 0;
}

int mount_new(int target_fd, const char *fstype, const char *source,
	      const struct mount_flags *flags, struct arena *arena, struct err *err)
{
	cleanup_close int mount_fd = -EBADF;
	int r;

	r = mount_make(fstype, source, flags, arena, &mount_fd, err);
	if (r == 0)
		r = attach(target_fd, mount_fd, err);
	if (r == -ENOSYS)
		return mount_old_new(target_fd, fstype, source, flags, arena, err);
	/* Attached first: mount(2), where mount_setattr(2) is missing, wants it so. */
	VEC_EACH(propagation, &flags->propagation) {
		if (r == 0)
			r = mount_set_propagation(mount_fd, *propagation, err);
	}
	return r;
}

/* Attributes of the mount @fd, or of its whole tree. -ENOSYS (no words) before Linux 5.12. */
static int set_attr(int fd, uint64_t attr_set, uint64_t attr_clear, bool recursive, struct err *err)
{
	struct sys_mount_attr attr = { .attr_set = attr_set, .attr_clr = attr_clear };

	if (!attr_set && !attr_clear)
		return 0;
	/* An atime mode is a field, not a bit: the kernel wants it cleared as a whole. */
	if ((attr_set | attr_clear) & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) == 0)
		return 0;
	if (errno == ENOSYS)
		return -ENOSYS;
	return err_errno(err, "set mount attributes%s",
			 errno == EPERM && attr_clear ? " (cannot clear locked flags)" : "");
}

int mount_set_attr(int mount_fd, uint64_t attr_set, uint64_t attr_clear, bool recursive,
		   struct err *err)
{
	int r = set_attr(mount_fd, attr_set, attr_clear, recursive, err);

	if (r == -ENOSYS)
		return mount_old_set_attr(mount_fd, attr_set, attr_clear, recursive, err);
	return r;
}

static int set_propagation(int fd, uint64_t propagation, struct err *err)
{
	struct sys_mount_attr attr = { .propagation = propagation & ~(uint64_t)MS_REC };
	unsigned int flags = AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0);

	if (sys_mount_setattr(fd, "", flags, &attr) == 0)
		return 0;
	return errno == ENOSYS ? -ENOSYS : err_errno(err, "set mount propagation");
}

int mount_set_propagation(int mount_fd, uint64_t propagation, struct err *err)
{
	int r = set_propagation(mount_fd, propagation, err);

	return r == -ENOSYS ? mount_old_set_propagation(mount_fd, propagation, err) : r;
}

/*
 * All that was asked for, while the mount is still detached: nobody ever sees it otherwise.
 * `ro` on an rbind concerns its top mount only; `rro` the whole tree.
 */
static int set_bind_flags(int mount_fd, const struct mount_flags *flags, struct err *err)
{
	int r;

	r = set_attr(mount_fd, flags->attr_set, flags->attr_clear, false, err);
	if (r == 0)
		r = set_attr(mount_fd, flags->rec_attr_set, flags->rec_attr_clear, true, err);
	VEC_EACH(propagation, &flags->propagation) {
		if (r == 0)
			r = set_propagation(mount_fd, *propagation, err);
	}
	return r;
}

static int open_copy(int source_fd, const struct mount_flags *flags)
{
	return sys_open_tree(source_fd, "",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
				     (flags->recursive_bind ? AT_RECURSIVE : 0));
}

int mount_copy(int source_fd, const struct mount_flags *flags, bool slave, int *ret_fd,
	       struct err *err)
{
	cleanup_close int mount_fd = open_copy(source_fd, flags);
	int r = 0;

	if (mount_fd < 0)
		return err_errno(err, "copy the source's mount");
	if (slave)
		r = set_propagation(mount_fd, MS_SLAVE | MS_REC, err);
	if (r == 0)
		r = set_bind_flags(mount_fd, flags, err);
	if (r == -ENOSYS)
		return err_set(err, ENOSYS,
			       "a mount prepared outside of its user namespace needs "
			       "mount_setattr(2), Linux 5.12");
	if (r == 0)
		*ret_fd = steal_fd(&mount_fd);
	return r;
}

int mount_bind(int target_fd, int source_fd, const struct mount_flags *flags, struct err *err)
{
	cleanup_close int mount_fd = open_copy(source_fd, flags);
	int r;

	if (mount_fd < 0 && is_missing(errno))
		return mount_old_bind(target_fd, source_fd, flags, err);
	if (mount_fd < 0)
		return err_errno(err, "copy the source's mount");
	r = set_bind_flags(mount_fd, flags, err);
	if (r == 0)
		r = attach(target_fd, mount_fd, err);
	return r == -ENOSYS ? mount_old_bind(target_fd, source_fd, flags, err) : r;
}

int mount_make_empty(int *ret_fd, struct err *err)
{
	cleanup_close int fs_fd = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int mount_fd;

	if (fs_fd < 0)
		return is_missing(errno) ? -ENOSYS : err_errno(err, "make an empty tmpfs");
	/* Two inodes: some 5.4 kernels refuse one. */
	if (sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "tmpfs", 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "nr_inodes", "2", 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "size", "4096", 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "555", 0) < 0 ||
	    sys_fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_fs(err, fs_fd, "tmpfs", "make an empty one");
	mount_fd = sys_fsmount(fs_fd, FSMOUNT_CLOEXEC,
			       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC);
	if (mount_fd < 0)
		return err_errno(err, "mount an empty tmpfs");
	*ret_fd = mount_fd;
	return 0;
}

int mount_attach_copy(int target_fd, int mount_fd, struct err *err)
{
	cleanup_close int copy =
		sys_open_tree(mount_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (copy < 0)
		return is_missing(errno) ? -ENOSYS : err_errno(err, "copy a mount");
	return attach(target_fd, copy, err);
}
