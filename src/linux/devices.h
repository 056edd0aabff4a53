/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and links inside the root file system. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "linux/rootfs_plan.h"

/*
 * Make the node of an OP_DEVICE. One that exists must be the same device; where mknod(2) is refused
 * (user namespace, nested container) the host's node is bound. man 2 mknod, config-linux.md § Devices.
 */
int device_make(int root_fd, const struct rootfs_op *op, struct arena *arena, struct err *err);

/*
 * Make the symbolic link of an OP_LINK. The same link is fine; another one is replaced unless op->keep_existing.
 * So is a file, but where the link is injected its target is bound over the file, which stays as it is. A directory
 * is an error.
 */
int link_make(int root_fd, const struct rootfs_op *op, struct arena *arena, struct err *err);
