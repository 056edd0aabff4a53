/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the reading of the layout that are pure, for its tests. */
#pragma once

#include "base/arena.h"
#include "base/value.h"
#include "base/vec.h"

/* A v1 hierarchy of the kernel. */
struct cg_v1 {
	const char *names;	    /* as the kernel lists them: `cpu,cpuacct`, `name=systemd` */
	struct strings controllers; /* the same, split */
	const char *mount;	    /* host path; NULL: not found */
};

struct cg_v1_list {
	struct cg_v1 *items;
	size_t count;
	size_t capacity;
};

/* The v1 hierarchies of /proc/self/cgroup (man 7 cgroups), without mounts. */
void cg_layout_parse_v1(const char *text, struct arena *arena, struct cg_v1_list *ret);

/*
 * Where a hierarchy is mounted, by the mount table (helpers/mount_table).
 *
 * @mounts:     array of objects with target, fstype, root, super
 * @controller: one of its super block options; NULL: any (v2)
 *
 * Prefers a mount of the whole hierarchy. NULL when there is none.
 */
const char *cg_layout_find_mount(const struct value *mounts, const char *fstype,
				 const char *controller, struct arena *arena);
