/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a cgroup in one hierarchy. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "cgroups/cgroup.h"
#include "cgroups/limits.h"

/*
 * Make @path and what is missing above it. v2: its ancestors hand out all controllers that they can;
 * v1 cpuset: new directories take over cpus and mems, without which no task may enter.
 *
 * @settings: limits to come; a controller that one of them needs and that cannot be had is an error
 * @ret_fd:   O_RDONLY directory, owned by the caller
 */
int cg_make(const struct cg_hierarchy *hierarchy, const char *path,
	    const struct cg_settings *settings, struct arena *arena, int *ret_fd, struct err *err);
