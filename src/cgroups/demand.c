/* SPDX-License-Identifier: Apache-2.0 */
/* What a container asks of this host's cgroups, checked before anything is made. */
#include "cgroups/demand.h"

#include <errno.h>

#include "base/str.h"

static const struct cg_hierarchy *find_controller(const struct cg_layout *layout,
						  const char *controller)
{
	VEC_EACH(hierarchy, &layout->hierarchies) {
		if (strings_have(&hierarchy->controllers, controller))
			return hierarchy;
	}
	return NULL;
}

static int no_controller(const struct cg_layout *layout, const char *field, const char *controller,
			 struct arena *arena, struct err *err)
{
	struct strbuf places = { .arena = arena };

	VEC_EACH(hierarchy, &layout->hierarchies)
		strbuf_addf(&places, "%s%s%s", places.len ? ", " : "", hierarchy->mount,
			    hierarchy->v2 ? "/cgroup.controllers" : "");
	return err_set(err, ENOENT, "%s: cgroup controller %s is not available (looked at %s)",
		       field, controller, strbuf_text(&places));
}

int cg_demand_build(const struct cg_layout *layout, const struct oci_resources *resources,
		    struct arena *arena, struct cg_demand *ret, struct err *err)
{
	struct cg_demand demand = { 0 };
	int r = 0;

	if (layout->mode != CG_V2)
		r = cg_limits_build(resources, false, arena, &demand.settings[0], err);
	if (r == 0 && layout->mode != CG_V1)
		r = cg_limits_build(resources, true, arena, &demand.settings[1], err);
	if (r < 0)
		return r;
	VEC_EACH(setting, &demand.settings[layout->mode == CG_V2]) {
		if (!setting->harmless && !find_controller(layout, setting->controller))
			return no_controller(layout, setting->field, setting->controller, arena,
					     err);
	}
	cg_device_rules_build(resources, arena, &demand.devices);
	demand.devices_v1 = find_controller(layout, "devices");
	if (layout->mode == CG_V1 && !demand.devices_v1 &&
	    (!demand.devices.allow_by_default || demand.devices.rules.count))
		return no_controller(layout, "linux.resources.devices", "devices", arena, err);
	*ret = demand;
	return 0;
}

/* Without a cgroup of its own nothing of the container can be limited. */
static int check_disabled(const struct oci_resources *resources, struct arena *arena,
			  struct err *err)
{
	struct cg_settings settings;
	int r = cg_limits_build(resources, true, arena, &settings, err);

	if (r < 0)
		return r;
	VEC_EACH(setting, &settings) {
		if (!setting->harmless)
			return err_set(err, EINVAL,
				       "%s: a container without a cgroup of its own"
				       " (--cgroup-manager disabled) cannot be limited",
				       setting->field);
	}
	return 0;
}

int cg_check(const struct cg_layout *layout, const struct cg_place *place,
	     const struct oci_resources *resources, struct arena *arena, struct err *err)
{
	struct cg_demand demand;

	if (place->manager == CG_DISABLED)
		return check_disabled(resources, arena, err);
	return cg_demand_build(layout, resources, arena, &demand, err);
}
