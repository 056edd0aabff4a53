/* SPDX-License-Identifier: Apache-2.0 */
/* The command `update`. */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/container.h"

static int check_status(const struct container *container, struct err *err)
{
	if (container->status == CONTAINER_STOPPED || container->status == CONTAINER_CREATING)
		return err_set(err, ESRCH, "container not running");
	return 0;
}

int runtime_update(const char *root, const char *id, const struct oci_resources *resources,
		   struct arena *arena, struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct cg_layout layout;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc == 0)
		rc = check_status(&container, err);
	/* One update at a time: each reads limits and writes others. */
	if (rc == 0)
		rc = container_lock(&container, arena, err);
	if (rc == 0)
		rc = check_status(&container, err);
	if (rc == 0)
		rc = cg_layout_read(arena, &layout, err);
	if (rc < 0)
		return rc;
	return cg_update(&layout, &container.record.cgroup, resources, arena, err);
}
