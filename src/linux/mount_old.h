/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount(2) way of linux/mount.h, for kernels before 5.2 (5.12 for attributes) and for filters that
 * refuse the newer calls. Descriptors are named through /proc/self/fd.
 */
#pragma once

#include "linux/mount.h"

int mount_old_new(int target_fd, const char *fstype, const char *source,
		  const struct mount_flags *flags, struct arena *arena, struct err *err);

/* Refuses attributes of a whole tree (`rro`): -ENOTSUP, as silently less would be unsafe. */
int mount_old_bind(int target_fd, int source_fd, const struct mount_flags *flags, struct err *err);

/* @recursive: only when there is no mount below; an error otherwise cannot be told, so it is refused. */
int mount_old_set_attr(int mount_fd, uint64_t attr_set, uint64_t attr_clear, bool recursive,
		       struct err *err);
int mount_old_set_propagation(int mount_fd, uint64_t propagation, struct err *err);
