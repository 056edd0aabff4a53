/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: one function for each kind of operation. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "linux/devices.h"
#include "linux/loader_cache.h"
#include "linux/mask.h"
#include "linux/mount.h"
#include "linux/mount_copyup.h"
#include "linux/private_tmpfs.h"
#include "linux/rootfs_plan.h"

#define PROC_SUPER_MAGIC_NUMBER 0x9fa0

struct executor {
	int root_fd;
	struct arena *arena;
	struct strings *warnings;
	struct mask mask;
};

static bool is_kernel_view(const struct rootfs_op *op)
{
	return op->fstype && (str_eq(op->fstype, "proc") || str_eq(op->fstype, "sysfs"));
}

/*
 * The mount point. proc and sysfs must be real directories: through a link the container's paths /proc/… and
 * the runtime's idea of them would differ (CVE-2019-19921).
 */
static int open_target(struct executor *x, const struct rootfs_op *op, bool is_file, int *ret_fd,
		       struct err *err)
{
	cleanup_close int link_fd = -EBADF;
	struct stat st;
	int r;

	if (is_kernel_view(op) &&
	    path_open_in(x->root_fd, op->dest, O_PATH | O_NOFOLLOW, &link_fd) == 0 &&
	    fstat(link_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "%s must be mounted on ordinary directory: %s is %s",
			       op->fstype, op->dest,
			       S_ISLNK(st.st_mode) ? "a symbolic link" : "no directory");
	r = path_make_target_in(x->root_fd, op->dest, is_file, ret_fd);
	/* mount(2) says the same, and docker explains it. */
	if (r == -EISDIR)
		return err_set(err, ENOTDIR, "mount a file on the directory %s: not a directory",
			       op->dest);
	if (r < 0)
		return err_code(err, r, "make the mount point %s in the root file system",
				op->dest);
	return 0;
}

static int is_proc(int fd, const char *path, bool *ret, struct err *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return err_errno(err, "statfs %s", path);
	*ret = (unsigned long)fs.f_type == PROC_SUPER_MAGIC_NUMBER;
	return 0;
}

/* Files of numbers that may be replaced by the container's own. */
static bool may_cover(const char *dest)
{
	static const char *const files[] = { "/proc/cpuinfo",
					     "/proc/diskstats",
					     "/proc/meminfo",
					     "/proc/stat",
					     "/proc/swaps",
					     "/proc/uptime",
					     "/proc/loadavg",
					     "/proc/slabinfo",
					     "/proc/sys/kernel/ns_last_pid",
					     "/proc/sys/crypto/fips_enabled" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (str_eq(dest, files[i]))
			return true;
	}
	return false;
}

/*
 * On /proc belongs procfs and in it nothing else than its own files: what is put over them could lie to the
 * runtime (CVE-2019-16884). The target decides, not its name: a link of the image may lead there.
 *
 * @source_fd: of a bind, else -EBADF
 */
static int check_proc(int target_fd, int source_fd, const struct rootfs_op *op, struct err *err)
{
	bool is_inside = false, is_procfs = op->fstype && str_eq(op->fstype, "proc");
	int r;

	r = is_proc(target_fd, op->dest, &is_inside, err);
	if (r == 0 && source_fd >= 0)
		r = is_proc(source_fd, op->source, &is_procfs, err);
	if (r < 0)
		return r;
	if (str_eq(op->dest, "/proc") && !is_procfs)
		return err_set(err, EPERM, "mounting on /proc is not allowed, except of type proc");
	if (!is_inside || str_eq(op->dest, "/proc") || may_cover(op->dest))
		return 0;
	return err_set(err, EPERM, "%s is inside /proc: mounting there is not allowed", op->dest);
}

/*
 * What is injected covers a file of the image, not a device or fifo that a link of the image leads to: programs would
 * find something else there than the image and the host have.
 */
static int check_covered(int target_fd, const struct stat *source, const struct rootfs_op *op,
			 struct err *err)
{
	struct stat st;

	if (!op->injected)
		return 0;
	if (fstat(target_fd, &st) < 0)
		return err_errno(err, "stat %s in the container", op->dest);
	if (S_ISREG(st.st_mode) || (st.st_mode & S_IFMT) == (source->st_mode & S_IFMT))
		return 0;
	return err_set(err, EINVAL, "%s in the container is no regular file", op->dest);
}

static bool has_word(const struct strings *words, const char *prefix)
{
	VEC_EACH(word, words) {
		if (str_has_prefix(*word, prefix))
			return true;
	}
	return false;
}

/* A tmpfs over a directory of the image takes its mode, unless the options name one. */
static void inherit_mode(int target_fd, struct rootfs_op *op, struct arena *arena)
{
	struct stat st;

	if (fstat(target_fd, &st) < 0)
		return;
	if (has_word(&op->flags.data, "mode="))
		return;
	VEC_PUSH(&op->flags.data, arena, arena_printf(arena, "mode=%04o", st.st_mode & 07777));
}

/*
 * sysfs shows the network namespace: who does not own that one may not mount it (a user namespace that shares
 * the host's network). The host's, with all below it, is the next best.
 */
static int bind_host_sysfs(int target_fd, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int source_fd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_flags flags = op->flags;

	if (source_fd < 0)
		return err_errno(err, "open /sys");
	flags.recursive_bind = true;
	flags.data = (struct strings){ 0 };
	return mount_bind(target_fd, source_fd, &flags, err);
}

/* The root of what is mounted at @op->dest now. */
static int open_mounted(struct executor *x, const struct rootfs_op *op, int *ret_fd,
			struct err *err)
{
	int r = path_open_in(x->root_fd, op->dest, O_RDONLY | O_DIRECTORY, ret_fd);

	return r < 0 ? err_code(err, r, "open %s in the container", op->dest) : 0;
}

static int set_label(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r = open_mounted(x, op, &fd, err);

	if (r == 0 && fsetxattr(fd, "security.selinux", op->label, strlen(op->label), 0) < 0)
		r = err_errno(err, "linux.mountLabel: set `%s` on %s", op->label, op->dest);
	return r;
}

/* tmpcopyup: writable until the copy of what @target_fd is has been made. */
static int mount_with_copy(struct executor *x, const struct rootfs_op *op, int target_fd,
			   struct err *err)
{
	cleanup_close int from_fd = openat(target_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool owner = !has_word(&op->flags.data, "uid=") && !has_word(&op->flags.data, "gid=");
	uint64_t seal = op->flags.attr_set & MOUNT_ATTR_RDONLY;
	struct mount_flags flags = op->flags;
	cleanup_close int to_fd = -EBADF;
	int r;

	if (from_fd < 0)
		return err_errno(err, "tmpcopyup: read %s", op->dest);
	flags.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	flags.ms_set &= ~(uint64_t)MS_RDONLY;
	r = mount_new(target_fd, op->fstype, op->source, &flags, x->arena, err);
	if (r == 0)
		r = open_mounted(x, op, &to_fd, err);
	if (r == 0)
		r = mount_copy_up(from_fd, to_fd, owner, err);
	return r < 0 || !seal ? r : mount_set_attr(to_fd, seal, 0, false, err);
}

static int do_mount(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int existing_fd = -EBADF, target_fd = -EBADF;
	struct rootfs_op own = *op;
	int r;

	if (str_eq(op->fstype, "tmpfs"))
		(void)path_open_in(x->root_fd, op->dest, O_PATH, &existing_fd);
	r = open_target(x, op, false, &target_fd, err);
	if (r == 0)
		r = check_proc(target_fd, -EBADF, op, err);
	if (r < 0)
		return r;
	if (existing_fd >= 0)
		inherit_mode(existing_fd, &own, x->arena);
	if (own.flags.copy_up)
		return mount_with_copy(x, &own, target_fd, err);
	r = mount_new(target_fd, op->fstype, op->source, &own.flags, x->arena, err);
	if (r == -EPERM && str_eq(op->fstype, "sysfs"))
		return bind_host_sysfs(target_fd, op, err);
	return r == 0 && op->label ? set_label(x, op, err) : r;
}

/* A source that the host opened: it has its attributes, only the place is missing. */
static int attach_source(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int target_fd = -EBADF;
	struct stat st;
	int r;

	if (fstat(op->source_fd, &st) < 0)
		return err_errno(err, "stat %s", op->source);
	r = open_target(x, op, !S_ISDIR(st.st_mode), &target_fd, err);
	if (r == 0)
		r = check_proc(target_fd, op->source_fd, op, err);
	if (r == 0)
		r = check_covered(target_fd, &st, op, err);
	return r < 0 ? r : mount_attach(target_fd, op->source_fd, err);
}

static int open_source(struct executor *x, const struct rootfs_op *op, int *ret_fd)
{
	if (op->inside)
		return path_open_in(x->root_fd, op->inside, O_PATH, ret_fd);
	*ret_fd = open(op->source, O_PATH | O_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

static int do_bind(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int source_fd = -EBADF, target_fd = -EBADF;
	struct stat st;
	int r;

	if (op->source_fd > 0)
		return attach_source(x, op, err);
	r = open_source(x, op, &source_fd);
	if (r < 0)
		return err_code(err, r, "bind %s to %s", op->source, op->dest);
	if (fstat(source_fd, &st) < 0)
		return err_errno(err, "stat %s", op->source);
	if (op->source_type && (st.st_mode & S_IFMT) != op->source_type)
		return err_set(err, EINVAL, "bind %s to %s: the source is not of the expected type",
			       op->source, op->dest);
	r = open_target(x, op, !S_ISDIR(st.st_mode), &target_fd, err);
	if (r == 0)
		r = check_proc(target_fd, source_fd, op, err);
	if (r == 0)
		r = check_covered(target_fd, &st, op, err);
	if (r == 0)
		r = mount_bind(target_fd, source_fd, &op->flags, err);
	return r < 0 ? err_prefix(err, "bind %s to %s", op->source, op->dest) : 0;
}

static int do_attr(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = path_open_in(x->root_fd, op->dest, O_PATH | O_DIRECTORY, &fd);
	if (r < 0)
		return err_code(err, r, "open %s in the container", op->dest);
	return mount_set_attr(fd, op->flags.attr_set, op->flags.attr_clear, false, err);
}

static int do_device(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	return device_make(x->root_fd, op, x->arena, err);
}

static int do_link(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	return link_make(x->root_fd, op, x->arena, err);
}

static int do_mask(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	return mask_path(&x->mask, x->root_fd, op->dest, err);
}

static int do_readonly(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	return readonly_path(x->root_fd, op->dest, err);
}

static int do_tmpfs(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	return private_tmpfs_mount(x->root_fd, op, x->arena, err);
}

/* No container fails because of what its image has in this file. */
static int do_loader_cache(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	struct err why = { 0 };

	(void)err;
	if (loader_cache_update(x->root_fd, op, x->arena, &why) < 0)
		VEC_PUSH(x->warnings, x->arena,
			 arena_printf(x->arena, "%s: %s", op->origin, why.text));
	return 0;
}

static int (*const executors[])(struct executor *, const struct rootfs_op *, struct err *) = {
	[OP_MOUNT] = do_mount,	     [OP_BIND] = do_bind,   [OP_ATTR] = do_attr,
	[OP_DEVICE] = do_device,     [OP_LINK] = do_link,   [OP_MASK] = do_mask,
	[OP_READONLY] = do_readonly, [OP_TMPFS] = do_tmpfs, [OP_LOADER_CACHE] = do_loader_cache,
};

int rootfs_plan_apply(const struct rootfs_plan *plan, enum rootfs_phase phase, int root_fd,
		      struct arena *arena, struct strings *warnings, struct err *err)
{
	struct executor x = {
		.root_fd = root_fd,
		.arena = arena,
		.warnings = warnings,
		.mask = MASK_NONE,
	};
	int r = 0;

	VEC_EACH(op, &plan->ops) {
		if (op->phase != phase)
			continue;
		r = executors[op->kind](&x, op, err);
		if (r < 0) {
			r = err_prefix(err, "%s", op->origin);
			break;
		}
	}
	mask_done(&x.mask);
	return r;
}
