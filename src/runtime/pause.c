/* SPDX-License-Identifier: Apache-2.0 */
/* The commands `pause` and `resume`. */
#include <errno.h>

#include "runtime/commands.h"
#include "runtime/container.h"

#define FREEZE_TIMEOUT_MS 10000

static int check_status(const struct container *container, bool pause, struct err *err)
{
	enum container_status status = container->status;

	if (pause && status != CONTAINER_CREATED && status != CONTAINER_RUNNING)
		return err_set(err, ESRCH, "container not running");
	if (!pause && status != CONTAINER_PAUSED)
		return err_set(err, EINVAL, "container not paused");
	return 0;
}

/* Under the lock: who starts or deletes a container expects to have it for himself. */
static int set_paused(const char *root, const char *id, bool pause, struct arena *arena,
		      struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc == 0)
		rc = check_status(&container, pause, err);
	if (rc == 0)
		rc = container_lock(&container, arena, err);
	if (rc == 0)
		rc = check_status(&container, pause, err);
	if (rc < 0)
		return rc;
	return cg_freeze(&container.record.cgroup, pause, FREEZE_TIMEOUT_MS, err);
}

int runtime_pause(const char *root, const char *id, struct arena *arena, struct err *err)
{
	return set_paused(root, id, true, arena, err);
}

int runtime_resume(const char *root, const char *id, struct arena *arena, struct err *err)
{
	return set_paused(root, id, false, arena, err);
}
