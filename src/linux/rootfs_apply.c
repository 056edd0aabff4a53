/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: one function for each kind of operation. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "linux/devices.h"
#include "linux/mask.h"
#include "linux/mount.h"
#include "linux/rootfs_plan.h"

#define PROC_SUPER_MAGIC_NUMBER 0x9fa0

struct executor {
	int root_fd;
	struct arena *arena;
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
	if (r < 0)
		return err_code(err, r, "make the mount point %s in the root file system",
				op->dest);
	return 0;
}

/* /proc holds nothing else than its own files: what is put over them could lie to the runtime. */
static int check_below_proc(int target_fd, const struct rootfs_op *op, struct err *err)
{
	static const char *const allowed[] = { "/proc/cpuinfo",
					       "/proc/diskstats",
					       "/proc/meminfo",
					       "/proc/stat",
					       "/proc/swaps",
					       "/proc/uptime",
					       "/proc/loadavg",
					       "/proc/slabinfo",
					       "/proc/sys/kernel/ns_last_pid",
					       "/proc/sys/crypto/fips_enabled" };
	struct statfs fs;

	if (!str_has_prefix(op->dest, "/proc/") || str_has_prefix(op->origin, "nvidia"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (str_eq(op->dest, allowed[i]))
			return 0;
	}
	if (fstatfs(target_fd, &fs) < 0)
		return err_errno(err, "statfs %s", op->dest);
	if ((unsigned long)fs.f_type != PROC_SUPER_MAGIC_NUMBER)
		return 0;
	return err_set(err, EPERM, "%s is inside /proc: mounting there is not allowed", op->dest);
}

/* A tmpfs over a directory takes its mode, unless the options name one. */
static void inherit_mode(int target_fd, struct rootfs_op *op, struct arena *arena)
{
	struct stat st;

	if (!str_eq(op->fstype, "tmpfs") || fstat(target_fd, &st) < 0)
		return;
	VEC_EACH(word, &op->flags.data) {
		if (str_has_prefix(*word, "mode="))
			return;
	}
	VEC_PUSH(&op->flags.data, arena, arena_printf(arena, "mode=%04o", st.st_mode & 07777));
}

static int do_mount(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int target_fd = -EBADF;
	struct rootfs_op own = *op;
	int r;

	r = open_target(x, op, false, &target_fd, err);
	if (r == 0)
		r = check_below_proc(target_fd, op, err);
	if (r < 0)
		return r;
	inherit_mode(target_fd, &own, x->arena);
	return mount_new(target_fd, op->fstype, op->source, &own.flags, x->arena, err);
}

static int do_bind(struct executor *x, const struct rootfs_op *op, struct err *err)
{
	cleanup_close int source_fd = open(op->source, O_PATH | O_CLOEXEC);
	cleanup_close int target_fd = -EBADF;
	struct stat st;
	int r;

	if (source_fd < 0)
		return err_errno(err, "bind %s to %s", op->source, op->dest);
	if (fstat(source_fd, &st) < 0)
		return err_errno(err, "stat %s", op->source);
	if (op->source_type && (st.st_mode & S_IFMT) != op->source_type)
		return err_set(err, EINVAL, "bind %s to %s: the source is not of the expected type",
			       op->source, op->dest);
	r = open_target(x, op, !S_ISDIR(st.st_mode), &target_fd, err);
	if (r == 0)
		r = check_below_proc(target_fd, op, err);
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

static int (*const executors[])(struct executor *, const struct rootfs_op *, struct err *) = {
	[OP_MOUNT] = do_mount,	     [OP_BIND] = do_bind, [OP_ATTR] = do_attr,
	[OP_DEVICE] = do_device,     [OP_LINK] = do_link, [OP_MASK] = do_mask,
	[OP_READONLY] = do_readonly,
};

int rootfs_plan_apply(const struct rootfs_plan *plan, enum rootfs_phase phase, int root_fd,
		      struct arena *arena, struct err *err)
{
	struct executor x = { .root_fd = root_fd, .arena = arena, .mask = MASK_NONE };
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
