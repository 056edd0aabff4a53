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
 * Make @root_fd the root directory and detach the old one. cwd becomes `/`.
 * @final_propagation: set on the new `/`; 0: none
 */
int rootfs_pivot(int root_fd, uint64_t final_propagation, struct err *err);
