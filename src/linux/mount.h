/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount onto a descriptor: the new mount API (Linux 5.2, attributes 5.12), with mount(2) where it is
 * missing or refused. Nothing is mounted by a path that was checked before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/mount_options.h"

/*
 * Mount a new file system at @target_fd (O_PATH).
 *
 * @source: what /proc/mounts shows, may be NULL
 * @flags:  data words become file system parameters
 *
 * A parameter that the file system refuses is named with the kernel's own words.
 */
int mount_new(int target_fd, const char *fstype, const char *source,
	      const struct mount_flags *flags, struct arena *arena, struct err *err);

/*
 * The first half of mount_new(): the new file system, detached, for mount_attach(). Propagation is not set.
 * @ret_fd: owned by the caller. -ENOSYS (no words): only mount_new() can do it here.
 */
int mount_make(const char *fstype, const char *source, const struct mount_flags *flags,
	       struct arena *arena, int *ret_fd, struct err *err);

/*
 * Copy the mount (flags->recursive_bind: the tree) that @source_fd is in, detached, with its attributes set.
 *
 * @slave:  first make it a slave of its origin: for a copy made in the host's mount namespace
 * @ret_fd: owned by the caller
 */
int mount_copy(int source_fd, const struct mount_flags *flags, bool slave, int *ret_fd,
	       struct err *err);

/* Attach a detached mount at @target_fd. */
int mount_attach(int target_fd, int mount_fd, struct err *err);

/*
 * Bind what @source_fd (O_PATH, of this mount namespace) refers to at @target_fd.
 * Locked flags of the source stay unless cleared explicitly, which is an error then.
 */
int mount_bind(int target_fd, int source_fd, const struct mount_flags *flags, struct err *err);

/* Change attributes of the mount whose root @mount_fd is; @recursive: of all mounts below too. */
int mount_set_attr(int mount_fd, uint64_t attr_set, uint64_t attr_clear, bool recursive,
		   struct err *err);

/* Change propagation (MS_SHARED …, with MS_REC for the tree) of the mount whose root @mount_fd is. */
int mount_set_propagation(int mount_fd, uint64_t propagation, struct err *err);

/*
 * A small empty read-only tmpfs, detached, to be attached over any number of directories.
 * @ret_fd: owned by the caller. -ENOSYS (no words) where there is no new mount API.
 */
int mount_make_empty(int *ret_fd, struct err *err);

/* Attach another copy of an attached mount at @target_fd. -ENOSYS (no words): no new mount API. */
int mount_attach_copy(int target_fd, int mount_fd, struct err *err);
