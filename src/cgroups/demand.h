/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources in the words of this host. */
#pragma once

#include <stdbool.h>

#include "cgroups/cgroup.h"
#include "cgroups/devices.h"
#include "cgroups/limits.h"

struct cg_demand {
	struct cg_settings settings[2]; /* v1, v2; empty where the layout has no such hierarchy */
	struct cg_device_rules devices;
	bool devices_v1; /* a v1 hierarchy has the devices controller: it decides, no program does */
};

/*
 * Work out what @resources ask for, and that @layout can do it. A controller that is not there is an error
 * only if a limit needs it: `linux.resources.memory.limit: cgroup controller memory is not available
 * (looked at …)`.
 */
int cg_demand_build(const struct cg_layout *layout, const struct oci_resources *resources,
		    struct arena *arena, struct cg_demand *ret, struct err *err);
