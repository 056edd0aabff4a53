/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the step table, the walker, and what a run needs around them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cgroups/cgroup.h"

/* Whether a cgroup that may not be made is done without: --rootless. */
enum rootless { ROOTLESS_AUTO /* unless root of the machine */, ROOTLESS_TRUE, ROOTLESS_FALSE };

struct create_options {
	const char *root; /* --root or NULL */
	const char *id;
	const char *bundle;   /* host path, absolute or relative to the cwd */
	const char *settings; /* --settings or NULL */
	const char *gpus;     /* --gpus or NULL */
	enum cg_manager cgroup_manager;
	enum rootless rootless;
	const char *pid_file;	    /* host path or NULL */
	const char *console_socket; /* host path or NULL */
	unsigned int preserve_fds;  /* how many descriptors from 3 on the program gets */
	bool no_pivot;
	bool no_new_keyring;
	bool run;    /* go on to the program instead of waiting for `start` */
	bool detach; /* run: do not wait for the program to end */
	bool keep;   /* run: do not delete it at its end */
};

/*
 * Create a container; with options->run also start it.
 * Warnings are logged.
 *
 * Returns 0, or -errno after everything was undone.
 */
int runtime_create(const struct create_options *options, struct arena *arena, struct err *err);

/*
 * Create, start, pass signals and the terminal through, wait, delete.
 *
 * @ret_code: exit code of the program, 128 + signal (0 with options->detach)
 */
int runtime_run(const struct create_options *options, struct arena *arena, int *ret_code,
		struct err *err);
