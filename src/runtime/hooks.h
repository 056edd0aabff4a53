/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: the programs of config.json that run at fixed points of a container's life. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "oci/config.h"
#include "oci/state.h"
#include "runtime/record.h"

/* How the hooks of one list are run. */
struct hook_call {
	enum oci_hook_kind kind;   /* for errors */
	struct oci_state state;	   /* what they get on stdin */
	const char *cwd;	   /* NULL: the caller's */
	const struct strings *env; /* of a hook that names none; NULL: an empty environment */
	int abort_fd;		   /* not owned: hang-up on it ends the hook; -1: none */
};

/*
 * Run the hooks of @list in order, until one fails.
 *
 * Each is a process group of its own with the state (compact JSON, then end of file) on stdin, no other
 * descriptors than 0 to 2, standard signal dispositions. What it prints is shown if it fails. It is killed,
 * with its group, at its timeout, when @call->abort_fd hangs up, or when the caller dies. A process that it
 * leaves behind on purpose is not waited for.
 *
 * Returns 0, or -ECANCELED, which no other part of create or start returns: `error running createRuntime
 * hook #1: exit status 1, stdout: , stderr: …`.
 * Spec: config.md § POSIX-platform Hooks, runtime.md § Lifecycle.
 */
int hooks_run(const struct oci_hook_list *list, const struct hook_call *call, struct arena *arena,
	      struct err *err);

/* The record's poststart hooks. Returns as hooks_run(); the container must go then. */
int hooks_poststart(const struct record *record, struct arena *arena, struct err *err);

/* The record's poststop hooks: all of them, a failure is logged as a warning. */
void hooks_poststop(const struct record *record, struct arena *arena);
