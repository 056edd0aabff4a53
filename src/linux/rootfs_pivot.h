/* SPDX-License-Identifier: Apache-2.0 */
/* Entering the root file system: its own mount, then pivot_root(2). */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * In the new mount namespace: set @propagation on everything, then mount @rootfs (absolute host path, a
 * directory) on itself, so that it is a mount of its own with all mounts below it.
 *
 * @expected_fd: the directory that the host checked; what the path names now must be the same
 * @ret_fd:      O_PATH of the new mount's root, owned by the caller
 */
int rootfs_enter(const char *rootfs, int expected_fd, uint64_t propagation, int *ret_fd,
		 struct err *err);

/*
 * With a user namespace, on the host: the root file system's mounts as a detached tree, which init could not
 * reach by its path. @ret_fd: owned by the caller
 */
int rootfs_copy(int rootfs_fd, int *ret_fd, struct err *err);

/* In init of such a container: attach it, instead of rootfs_enter(). @tree_fd is its root afterwards. */
int rootfs_enter_copy(int tree_fd, uint64_t propagation, struct err *err);

/*
 * --no-pivot, for hosts whose root is a ramdisk: as rootfs_pivot(), by moving the mount over `/` and chroot(2).
 * The host's tree stays mounted below, hidden; what shows all of it (full procfs and sysfs mounts) is unmounted.
 */
int rootfs_move(int root_fd, uint64_t final_propagation, struct err *err);

/*
 * Make @root_fd the root directory and detach the old one. cwd becomes `/`.
 * @final_propagation: set on the new `/`; 0: none
 */
int rootfs_pivot(int root_fd, uint64_t final_propagation, struct err *err);
