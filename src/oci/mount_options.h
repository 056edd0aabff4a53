/* SPDX-License-Identifier: Apache-2.0 */
/* Mount option words -> flags of both mount APIs; the rest is file system data. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* One mount's options, sorted out. */
struct mount_flags {
	bool bind;	     /* bind or rbind */
	bool recursive_bind; /* rbind */
	uint64_t ms_set;     /* MS_* asked for, without MS_BIND, MS_REC and propagation */
	uint64_t ms_clear;   /* MS_* explicitly cleared (rw, suid, dev …) */
	uint64_t attr_set;   /* the same as MOUNT_ATTR_*, for mount_setattr(2) */
	uint64_t attr_clear;
	uint64_t rec_attr_set; /* MOUNT_ATTR_* to apply to the whole tree (rro, rnosuid …) */
	uint64_t rec_attr_clear;
	VEC(uint64_t) propagation; /* MS_SHARED | MS_REC …, in the order given */
	bool copy_up;		   /* tmpcopyup */
	struct strings data;	   /* file system options: `mode=755`, `newinstance` */
};

/*
 * Sort @options. Later words win over earlier ones (`ro,rw` is rw).
 * Unknown words are file system data; for a bind mount they are an error that quotes the word.
 * Userspace words (x-*, X-*, comment=, _netdev, nofail, auto, noauto, user …) are dropped, man 8 mount.
 */
int mount_flags_parse(const struct strings *options, struct arena *arena, struct mount_flags *ret,
		      struct err *err);

/* Every option word that is not file system data, sorted: features.mountOptions. */
struct strings mount_option_names(struct arena *arena);
