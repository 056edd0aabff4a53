/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. config-linux.md § Masked Paths, § Readonly Paths. */
#pragma once

#include "base/err.h"

/* What several masks share. Storage of the caller; init with MASK_NONE, release with mask_done(). */
struct mask {
	int null_fd; /* the container's /dev/null, owned; -EBADF: not opened yet */
	int empty_fd; /* one empty read-only tmpfs for all directories, owned; -EBADF: not made yet. It is
		       * attached over the first; the others get copies */
};
#define MASK_NONE                                     \
	{                                             \
		.null_fd = -EBADF, .empty_fd = -EBADF \
	}

/*
 * Hide @path: over a file the container's /dev/null, verified to be the null device (CVE-2025-31133), over
 * a directory an empty read-only one. A missing path is fine. A path that leads through a link is refused.
 */
int mask_path(struct mask *mask, int root_fd, const char *path, struct err *err);
void mask_done(struct mask *mask);

/* Make the tree at @path read-only. A missing path is fine. */
int readonly_path(int root_fd, const char *path, struct err *err);
