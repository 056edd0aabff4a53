/* SPDX-License-Identifier: Apache-2.0 */
/* The option `tmpcopyup`: a new file system that starts as a copy of what it covers. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Copy the tree below the directory @from_fd into the directory @to_fd.
 *
 * Files, directories, links, device nodes and fifos with mode, owner, times and extended attributes; sockets
 * are left out. Of @to_fd itself, which the mount options made, only times and attributes are set, and the
 * owner when @owner.
 *
 * The copy goes by descriptors and follows no link, so nothing outside the directory is read or written; other
 * file systems mounted in it are copied as empty directories.
 *
 * Error: the name that failed, -ENOSPC when the new file system is too small for it.
 */
int mount_copy_up(int from_fd, int to_fd, bool owner, struct err *err);
