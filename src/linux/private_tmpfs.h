/* SPDX-License-Identifier: Apache-2.0 */
/* A private tmpfs with files over a directory of the container's procfs. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "linux/rootfs_plan.h"

/*
 * Carry out an OP_TMPFS: a new file system with op->tmpfs in it, read-only in the end, over the directory
 * op->dest.
 *
 * @root_fd: the root file system, with /proc mounted, which then propagates nothing to others
 *
 * Nothing is done (0) where op->dest is no directory of procfs: the driver is not loaded, or there is no /proc
 * to hide something in. Errors name the file or the host directory that failed.
 */
int private_tmpfs_mount(int root_fd, const struct rootfs_op *op, struct arena *arena,
			struct err *err);
