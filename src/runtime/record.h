/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a container: <root>/<id>/state.json, written so that a runtime killed at any moment
 * leaves nothing unknown. Beside it, while the container waits for `start`: the fifos `start` and
 * `report` (runtime/start.h).
 *
 * Locking: flock(2) on the directory, exclusive, held by create until the container is created or
 * removed again, by start and by delete. Readers take none: state.json is replaced atomically.
 * The lock belongs to the open file description: a process cloned meanwhile (init) must close its
 * copy at once, or it keeps the lock when the runtime is killed.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/proc.h"
#include "cgroups/cgroup.h"
#include "oci/state.h"

#define RECORD_VERSION 1

/* Beside state.json: config.json as it was at create, for exec. */
#define RECORD_CONFIG "config.json"

struct record {
	const char *id;
	const char *oci_version; /* of the bundle's config.json */
	const char *bundle;	 /* absolute host path */
	const char *rootfs;	 /* absolute host path */
	const char *created;	 /* RFC 3339, UTC, nanoseconds */
	bool creating; /* create has not finished (or was killed: then the lock is free) */
	bool shares_pid_namespace; /* init is not pid 1 of a namespace: its children outlive it */
	struct proc_id init;	   /* pid 0: not cloned yet */
	struct cg_place cgroup;
	struct oci_hook_list poststart; /* what start and delete need of the config */
	struct oci_hook_list poststop;
	const struct oci_annotation *annotations;
	size_t n_annotations;
};

/* 1 to 1024 characters of [A-Za-z0-9_+.-], not `.` or `..`: else `invalid container ID format: …`. */
int record_check_id(const char *id, struct err *err);

/*
 * The root directory of all records.
 *
 * @root: --root, absolute; NULL: /run/nvcrun, or $XDG_RUNTIME_DIR/nvcrun for a user other than root
 * @make: create it (0700) when missing
 * Returns 0, or -errno; -ENOENT when missing and not @make.
 */
int record_open_root(const char *root, bool make, struct arena *arena, int *ret_fd,
		     struct err *err);

/*
 * Make and lock the directory of a new container (0700). @ret_fd: O_RDONLY directory, holds the lock until
 * closed. -EEXIST: `container with given ID already exists: ID`.
 */
int record_make(int root_fd, const char *id, int *ret_fd, struct err *err);

/* Open an existing one without locking. -ENOENT: `container does not exist: ID`. */
int record_open(int root_fd, const char *id, int *ret_fd, struct err *err);

/* Wait for the lock. -ENOENT when the directory was removed meanwhile (`container does not exist: ID`). */
int record_lock(int dir_fd, const char *id, struct err *err);

/* Whether somebody (a running create, start or delete) holds the lock. Takes it for a moment. */
bool record_is_locked(int dir_fd);

/* The ids of all containers below the root, sorted: names of directories; other things there are not ours. */
int record_list(int root_fd, struct arena *arena, struct strings *ret_ids, struct err *err);

/* The state object (owner is left ""). @status, @pid: what only the caller knows. */
struct oci_state record_state(const struct record *record, const char *status, pid_t pid);

int record_write(int dir_fd, const struct record *record, struct err *err);
int record_read(int dir_fd, const char *id, struct arena *arena, struct record *ret,
		struct err *err);

/* Remove the directory with the files that nvcrun makes in it. Absent is success. */
int record_remove(int root_fd, const char *id, struct err *err);
