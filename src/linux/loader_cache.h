/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's cache of a container that gets libraries of its host. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "linux/rootfs_plan.h"

/*
 * Carry out an OP_LOADER_CACHE: change the cache so that programs find op->loader_cache's libraries by their
 * names. Decided on what the container will see, volumes included:
 *
 *   no loader of glibc               nothing: a static-only image; of musl: an error
 *   no cache                         nothing, unless the loader does not search their directories by itself
 *   a cache without their names      the same
 *   a cache with other files for     a new one: theirs instead, all other entries as they were
 *   their names, or `always`
 *   a cache that has them already    nothing
 *
 * The new file replaces the old one by rename(2); where the image cannot be written to, and with op->private_copy,
 * a file of a private tmpfs is mounted over it, read-only.
 *
 * @root_fd: the root file system, with all mounts and links
 *
 * Nothing of the image is executed; of its files only the cache is read, with bounds. Errors say what stays as it
 * is: hostile caches are no reason to fail.
 */
int loader_cache_update(int root_fd, const struct rootfs_op *op, struct arena *arena,
			struct err *err);
