/* SPDX-License-Identifier: Apache-2.0 */
/* The command `update`. */
#include <errno.h>

#include "base/fd.h"
#include "oci/config_io.h"
#include "runtime/commands.h"
#include "runtime/container.h"

static int check_status(const struct container *container, struct err *err)
{
	if (container->status == CONTAINER_STOPPED || container->status == CONTAINER_CREATING)
		return err_set(err, ESRCH, "container not running");
	return 0;
}

/* What config.json said once for all updates. Spec: config-linux.md § Memory, checkBeforeUpdate */
static int read_check(const struct container *container, struct arena *arena, bool *ret,
		      struct err *err)
{
	struct oci_notes notes = { 0 };
	struct oci_config *config;
	char *text;
	size_t len;
	int rc;

	rc = fd_read_file(container->dir_fd, RECORD_CONFIG, VALUE_SIZE_MAX, arena, &text, &len);
	if (rc < 0)
		return err_code(err, rc, "read the container's copy of config.json");
	rc = oci_config_parse(text, len, container->record.bundle, arena, &notes, &config, err);
	if (rc == 0)
		*ret |= config->linux.resources.memory.check_before_update;
	return rc;
}

int runtime_update(const char *root, const char *id, const struct oci_resources *resources,
		   struct arena *arena, struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct oci_resources all = *resources;
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
		rc = read_check(&container, arena, &all.memory.check_before_update, err);
	if (rc == 0)
		rc = cg_layout_read(arena, &layout, err);
	if (rc < 0)
		return rc;
	return cg_update(&layout, &container.record.cgroup, &all, arena, err);
}
