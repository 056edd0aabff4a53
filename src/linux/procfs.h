/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of /proc that are what they say: in the kernel's procfs itself, not reached over a link or another
 * mount. Whoever writes there by a bare path can be led elsewhere (CVE-2019-16884, CVE-2025-52881).
 */
#pragma once

#include "base/err.h"

/*
 * Open /proc of the current root directory. @ret_fd: O_PATH directory, owned by the caller.
 * Error when it is missing or not the root of a procfs.
 */
int procfs_open(int *ret_fd, struct err *err);

/*
 * Open a file below @proc_fd. @path: relative, `sys/net/ipv4/ip_forward`; @flags: of open(2), O_CLOEXEC and
 * O_NOFOLLOW are added. Links and mount points on the way are -ELOOP and -EXDEV.
 *
 * Returns 0 or -errno without words. openat2(2), Linux 5.6; before it, or where a filter refuses it, every
 * component is opened by itself, and then a procfs mounted over a part of procfs is not noticed.
 */
int procfs_open_file(int proc_fd, const char *path, int flags, int *ret_fd);

/* The same for a file of this process, `attr/exec`, whatever its number is in that procfs. */
int procfs_open_self(int proc_fd, const char *path, int flags, int *ret_fd);
