/* SPDX-License-Identifier: Apache-2.0 */
/* Units of systemd: where they are in the tree of cgroups, and limits as their properties. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cgroups/demand.h"

/*
 * The path of a container's unit below systemd's own cgroup: `/a.slice/a-b.slice/prefix-name.scope`.
 *
 * @wish: as for cg_place_choose()
 * @user: the default slice is that of a user's systemd
 */
int cg_unit_path(const struct cg_wish *wish, bool user, struct arena *arena, const char **ret,
		 struct err *err);

/* The unit at @path, and the slice that it is in, as systemd calls them. */
const char *cg_unit_name(const char *path);
const char *cg_unit_slice(const char *path, struct arena *arena);
bool cg_unit_is_slice(const char *path);

/*
 * Limits as words for libexec/nvcrun/systemd-scope: `MemoryMax=t:1048576` (helpers/systemd_scope.c). What
 * systemd has no property for is left out.
 */
int cg_unit_limits(const struct cg_settings *settings, struct arena *arena, struct strings *ret,
		   struct err *err);

/*
 * Device rules the same way. systemd knows only what to allow, and not all of it: what it gets allows at
 * least as much as @rules; the container's own program or devices.list does the rest.
 */
void cg_unit_devices(const struct cg_device_rules *rules, struct arena *arena, struct strings *ret);
