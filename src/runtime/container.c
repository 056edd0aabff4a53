/* SPDX-License-Identifier: Apache-2.0 */
/* An existing container: its record and what it is doing now. */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/names.h"
#include "runtime/start.h"

static const struct name_value status_names[] = {
	{ "creating", CONTAINER_CREATING }, { "created", CONTAINER_CREATED },
	{ "running", CONTAINER_RUNNING },   { "paused", CONTAINER_PAUSED },
	{ "stopped", CONTAINER_STOPPED },
};

int container_open(const char *root, const char *id, struct arena *arena, struct container *ret,
		   struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	int rc;

	rc = record_check_id(id, err);
	if (rc < 0)
		return rc;
	rc = record_open_root(root, false, arena, &container.root_fd, err);
	if (rc == -ENOENT)
		return err_set(err, ENOENT, "container does not exist: %s", id);
	if (rc < 0)
		return rc;
	rc = record_open(container.root_fd, id, &container.dir_fd, err);
	if (rc < 0)
		return rc;
	rc = record_read(container.dir_fd, id, arena, &container.record, err);
	if (rc < 0)
		return rc;
	container_refresh(&container);
	*ret = container;
	container = (struct container)CONTAINER_NONE;
	return 0;
}

void container_done(struct container *container)
{
	fd_close(container->root_fd);
	fd_close(container->dir_fd);
	*container = (struct container)CONTAINER_NONE;
}

int container_lock(struct container *container, struct arena *arena, struct err *err)
{
	const char *id = container->record.id;
	int rc;

	rc = record_lock(container->dir_fd, id, err);
	if (rc < 0)
		return rc;
	container->locked = true;
	rc = record_read(container->dir_fd, id, arena, &container->record, err);
	if (rc < 0)
		return rc;
	container_refresh(container);
	return 0;
}

static enum container_status look(const struct container *container)
{
	bool is_alive = proc_is_alive(&container->record.init);
	struct stat st;

	if (container->record.creating) {
		/* A lock of our own, or none: the create that set the flag was killed. */
		if (is_alive || (!container->locked && record_is_locked(container->dir_fd)))
			return CONTAINER_CREATING;
		return CONTAINER_STOPPED;
	}
	if (!is_alive)
		return CONTAINER_STOPPED;
	if (cg_is_frozen(&container->record.cgroup))
		return CONTAINER_PAUSED;
	if (fstatat(container->dir_fd, START_FIFO, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return CONTAINER_CREATED;
	return CONTAINER_RUNNING;
}

void container_refresh(struct container *container)
{
	container->status = look(container);
}

const char *container_status_name(enum container_status status)
{
	return names_of(status_names, ARRAY_SIZE(status_names), status);
}

struct oci_state container_state(const struct container *container)
{
	bool is_stopped = container->status == CONTAINER_STOPPED;

	return record_state(&container->record, container_status_name(container->status),
			    is_stopped ? 0 : container->record.init.pid);
}
