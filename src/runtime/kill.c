/* SPDX-License-Identifier: Apache-2.0 */
/* The command `kill`. */
#include <errno.h>
#include <signal.h>

#include "runtime/commands.h"
#include "runtime/container.h"

#define KILL_TIMEOUT_MS 10000

/*
 * What a container without a pid namespace of its own leaves behind when only its init gets the
 * signal.
 */
static int signal_cgroup(const struct record *record, int signal, struct arena *arena,
			 struct err *err)
{
	pid_t *pids;
	size_t count;
	int rc;

	if (signal == SIGKILL)
		return cg_kill(&record->cgroup, KILL_TIMEOUT_MS, err);
	rc = cg_pids(&record->cgroup, arena, &pids, &count, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (pids[i] > 0 && pids[i] != record->init.pid && kill(pids[i], signal) < 0 &&
		    errno != ESRCH)
			return err_errno(err, "send signal %d to process %d of container `%s`",
					 signal, pids[i], record->id);
	return 0;
}

/* Without a pid namespace processes outlive init; SIGKILL is how to get rid of them. */
static bool has_leftovers(const struct container *container, int signal, struct arena *arena)
{
	struct err ignored;
	size_t count = 0;
	pid_t *pids;

	return signal == SIGKILL && container->record.shares_pid_namespace &&
	       cg_pids(&container->record.cgroup, arena, &pids, &count, &ignored) == 0 && count > 0;
}

int runtime_kill(const char *root, const char *id, int signal, bool all, struct arena *arena,
		 struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	const struct record *record = &container.record;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc < 0)
		return rc;
	rc = -ESRCH;
	if (container.status == CONTAINER_CREATED || container.status == CONTAINER_RUNNING ||
	    container.status == CONTAINER_PAUSED)
		rc = proc_signal(&record->init, signal);
	if (rc == -ESRCH && !all && !has_leftovers(&container, signal, arena))
		return err_set(err, ESRCH, "container not running");
	if (rc < 0 && rc != -ESRCH)
		return err_code(err, rc, "send signal %d to container `%s`", signal, id);
	/* What v1's freezer holds does not die before it is thawed. */
	if (rc == 0 && signal == SIGKILL && container.status == CONTAINER_PAUSED)
		(void)cg_freeze(&record->cgroup, false, 0, NULL);
	if (all || (signal == SIGKILL && record->shares_pid_namespace))
		return signal_cgroup(record, signal, arena, err);
	return 0;
}
