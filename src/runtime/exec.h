/* SPDX-License-Identifier: Apache-2.0 */
/* exec: another process in a container that is there. */
#pragma once

#include <stdbool.h>

#include "runtime/create.h"

struct exec_options {
	struct create_options launch; /* root, id, pid_file, console_socket, preserve_fds, detach */
	const char
		*process_file; /* host path of a process object; the rest below is ignored then */
	const char *process_text; /* its text, read by exec_read_process() */
	size_t process_len;
	struct strings args;
	const char *cwd;
	struct strings env; /* NAME=value, added to the container's */
	bool tty;
	const char *user; /* UID[:GID] or NULL */
	struct strings gids;
	struct strings capabilities; /* added to bounding, effective and permitted */
	bool no_new_privileges;
	bool ignore_paused;
};

/* Read process_file, if one was given: it may be a descriptor of the caller, which are closed then. */
int exec_read_process(struct exec_options *options, struct arena *arena, struct err *err);

/*
 * Run a process in a created or running container. What the options do not say is as config.json said when
 * the container was created.
 *
 * @ret_code: its exit code, 128 + signal (0 with detach)
 *
 * Errors: `cannot exec in a stopped container`, `exec args cannot be empty`.
 */
int runtime_exec(const struct exec_options *options, struct arena *arena, int *ret_code,
		 struct err *err);
