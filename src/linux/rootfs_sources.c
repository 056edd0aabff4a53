/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of bind mounts: those in the root file system, and those that only the host can open. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/mount.h"
#include "linux/rootfs_plan.h"

static int open_source(struct rootfs_op *op, struct err *err)
{
	cleanup_close int fd = open(op->source, O_PATH | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return err_errno(err, "%s: bind %s to %s", op->origin, op->source, op->dest);
	if (fstat(fd, &st) < 0)
		return err_errno(err, "%s: stat %s", op->origin, op->source);
	if (op->source_type && (st.st_mode & S_IFMT) != op->source_type)
		return err_set(err, EINVAL,
			       "%s: bind %s to %s: the source is not of the expected type",
			       op->origin, op->source, op->dest);
	r = mount_copy(fd, &op->flags, true, &op->source_fd, err);
	return r < 0 ? err_prefix(err, "%s: bind %s to %s", op->origin, op->source, op->dest) : 0;
}

void rootfs_sources_find_inside(struct rootfs_plan *plan, const char *rootfs)
{
	VEC_EACH(op, &plan->ops) {
		const char *rest;

		if (op->kind != OP_BIND || !path_is_below(op->source, rootfs))
			continue;
		rest = op->source + strlen(rootfs);
		/* `rootfs/../data` is beside it. */
		if (!strstr(rest, "/.."))
			op->inside = *rest ? rest : "/";
	}
}

int rootfs_sources_open(struct rootfs_plan *plan, struct err *err)
{
	VEC_EACH(op, &plan->ops) {
		int r;

		if (op->kind != OP_BIND || op->inside)
			continue;
		r = open_source(op, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void rootfs_sources_close(struct rootfs_plan *plan)
{
	VEC_EACH(op, &plan->ops) {
		if (op->source_fd > 0)
			fd_close(op->source_fd);
		op->source_fd = 0;
	}
}
