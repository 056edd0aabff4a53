/* SPDX-License-Identifier: Apache-2.0 */
/* The command `delete`. */
#include <errno.h>
#include <signal.h>

#include "base/fd.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/hooks.h"
#include "runtime/residue.h"

#define DEATH_TIMEOUT_MS  10000
#define CGROUP_TIMEOUT_MS 10000

static int check_status(const struct container *container, struct err *err)
{
	if (container->status == CONTAINER_CREATED || container->status == CONTAINER_STOPPED)
		return 0;
	return err_set(err, EBUSY, "cannot delete container %s that is not stopped: %s",
		       container->record.id, container_status_name(container->status));
}

static int kill_init(const struct record *record, struct err *err)
{
	int rc = proc_signal(&record->init, SIGKILL);

	if (rc < 0 && rc != -ESRCH)
		return err_code(err, rc, "kill init of container `%s` (pid %d)", record->id,
				record->init.pid);
	return 0;
}

/* Under the lock: processes, then what held them, then the record that knows of both. */
static int tear_down(const struct container *container, const char *root, struct arena *arena,
		     struct err *err)
{
	const struct record *record = &container->record;
	int rc;

	rc = kill_init(record, err);
	if (rc < 0)
		return rc;
	/* What v1's freezer holds does not die before it is thawed. */
	if (container->status == CONTAINER_PAUSED)
		(void)cg_freeze(&record->cgroup, false, 0, NULL);
	/*
	 * With a pid namespace of its own the rest died with init. Without one the cgroup tells who belongs to
	 * it; only then, because a cgroup may have been given to two containers.
	 */
	rc = record->shares_pid_namespace ? cg_kill(&record->cgroup, CGROUP_TIMEOUT_MS, err) : 0;
	if (rc < 0)
		return rc;
	rc = proc_wait_dead(&record->init, DEATH_TIMEOUT_MS);
	if (rc < 0 && rc != -ETIMEDOUT)
		return err_code(err, rc, "wait for the death of init of container `%s` (pid %d)",
				record->id, record->init.pid);
	if (rc < 0)
		return err_set(err, ETIMEDOUT,
			       "init of container `%s` (pid %d) is still there %d s after SIGKILL",
			       record->id, record->init.pid, DEATH_TIMEOUT_MS / 1000);
	residue_remove(record, root, container->dir_fd, arena);
	rc = cg_destroy(&record->cgroup, CGROUP_TIMEOUT_MS, err);
	if (rc < 0)
		return rc;
	return record_remove(container->root_fd, record->id, err);
}

/*
 * --force on what is no container: nothing at all, or a directory whose creator was killed before
 * its first record. If it was only slow, then there is a record once we have the lock.
 */
static int delete_leftover(const char *root, const char *id, struct arena *arena, struct err *err)
{
	cleanup_close int root_fd = -EBADF, dir_fd = -EBADF;
	struct record record;
	int rc;

	rc = record_open_root(root, false, arena, &root_fd, err);
	if (rc == 0)
		rc = record_open(root_fd, id, &dir_fd, err);
	if (rc == 0)
		rc = record_lock(dir_fd, id, err);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = record_read(dir_fd, id, arena, &record, err);
	if (rc == -ENOENT)
		return record_remove(root_fd, id, err);
	return err_set(err, EAGAIN, "container `%s` was created just now: delete it again", id);
}

int runtime_delete(const char *root, const char *id, bool force, struct arena *arena,
		   struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc < 0)
		return rc == -ENOENT && force ? delete_leftover(root, id, arena, err) : rc;
	/* A create that hangs holds the lock; it lets go when its init is dead. */
	rc = force ? kill_init(&container.record, err) : check_status(&container, err);
	if (rc < 0)
		return rc;
	rc = container_lock(&container, arena, err);
	if (rc < 0)
		return rc == -ENOENT && force ? 0 : rc;
	/* Somebody may have started it while we waited. */
	rc = force ? 0 : check_status(&container, err);
	if (rc == 0)
		rc = tear_down(&container, root, arena, err);
	if (rc == 0)
		hooks_poststop(&container.record, arena);
	return rc;
}
