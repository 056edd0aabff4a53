/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on an existing container do (state, start, kill, delete, list): one file each. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "oci/config.h"
#include "oci/state.h"

/* The state object of @id as indented JSON without a final newline (runtime/state.c). */
int runtime_state(const char *root, const char *id, struct arena *arena, char **ret_text,
		  struct err *err);

/*
 * Release a created container and wait until its program runs: until execve(2) succeeded (its report
 * fifo closes) or failed (the reason is this function's error, and the container is stopped). A failing
 * startContainer or poststart hook is an error after which the container is deleted.
 *
 * Errors: `cannot start an already running container`, `cannot start a container that has stopped`.
 */
int runtime_start(const char *root, const char *id, struct arena *arena, struct err *err);

/*
 * Send a signal to init; @all: to every process of its cgroup. SIGKILL without a pid namespace of its
 * own: the whole cgroup. Error when it is neither created nor running: `container not running`.
 */
int runtime_kill(const char *root, const char *id, int signal, bool all, struct arena *arena,
		 struct err *err);

/*
 * Remove a stopped container: cgroup, record; then run its poststop hooks. A created one is killed first. @force: any state, also one
 * that a killed runtime left half made; an unknown id is success.
 *
 * Error: `cannot delete container ID that is not stopped: running`.
 */
int runtime_delete(const char *root, const char *id, bool force, struct arena *arena,
		   struct err *err);

/* One container of `list`. */
struct list_entry {
	struct oci_state state;
};

/*
 * All containers below @root, sorted by id. Broken records become texts in @ret_warnings. A missing default
 * root is an empty list; a missing explicit one an error.
 */
int runtime_list(const char *root, struct arena *arena, struct list_entry **ret_entries,
		 size_t *ret_count, struct strings *ret_warnings, struct err *err);

/*
 * Freeze the processes of a created or running container, or let them go on.
 *
 * Errors: `container not running`, `container not paused`.
 */
int runtime_pause(const char *root, const char *id, struct arena *arena, struct err *err);
int runtime_resume(const char *root, const char *id, struct arena *arena, struct err *err);

/*
 * Change the limits of a container that has a process; what @resources lacks stays as it is.
 *
 * Error: `container not running`.
 */
int runtime_update(const char *root, const char *id, const struct oci_resources *resources,
		   struct arena *arena, struct err *err);

/* The processes of a container, as the runtime sees them; none of a stopped one. */
int runtime_ps(const char *root, const char *id, struct arena *arena, pid_t **ret_pids,
	       size_t *ret_count, struct err *err);

/*
 * What the host's ps(1) says of these processes, with its heading.
 *
 * @args: for ps; none: -ef
 */
int runtime_ps_table(const pid_t *pids, size_t count, const struct strings *args,
		     struct arena *arena, char **ret_text, struct err *err);

/* Its pure part: the heading of a table with a column PID, and the lines of these processes. */
int ps_filter(const char *table, const pid_t *pids, size_t count, struct arena *arena,
	      char **ret_text, struct err *err);
