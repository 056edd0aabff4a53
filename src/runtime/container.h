/* SPDX-License-Identifier: Apache-2.0 */
/* An existing container: its record and what it is doing now. */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/state.h"
#include "runtime/record.h"

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED, /* created or running, but frozen */
	CONTAINER_STOPPED,
};

struct container {
	int root_fd; /* owned */
	int dir_fd;  /* owned; -EBADF: none; holds the lock when `locked` */
	bool locked; /* by container_lock() */
	struct record record;
	enum container_status status;
};
#define CONTAINER_NONE                              \
	{                                           \
		.root_fd = -EBADF, .dir_fd = -EBADF \
	}
#define cleanup_container __attribute__((cleanup(container_done)))

/*
 * Open @id below @root (see record_open_root), read the record, find the status. No lock.
 * -ENOENT: `container does not exist: ID`, also when there is no root yet.
 */
int container_open(const char *root, const char *id, struct arena *arena, struct container *ret,
		   struct err *err);
void container_done(struct container *container);

/* Wait for the record's lock, keep it until container_done(), and read record and status again. */
int container_lock(struct container *container, struct arena *arena, struct err *err);

/* Look at init, the fifo and the freezer again. */
void container_refresh(struct container *container);

/* creating, created, running, paused, stopped */
const char *container_status_name(enum container_status status);

/* The state object (owner is left ""). */
struct oci_state container_state(const struct container *container);
