/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the step table, the walker, and what a run needs around them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct create_options {
	const char *root; /* --root or NULL */
	const char *id;
	const char *bundle;   /* host path, absolute or relative to the cwd */
	const char *settings; /* --settings or NULL */
	const char *gpus;     /* --gpus or NULL */
	const char *pid_file; /* host path or NULL */
	bool run;	      /* go on to the program instead of waiting for `start` */
	bool detach;	      /* run: do not wait for the program to end */
	bool keep;	      /* run: do not delete it at its end */
};

/*
 * Create a container; with options->run also start it.
 *
 * @warnings: texts for people, filled also on failure
 * Returns 0, or -errno after everything was undone.
 */
int runtime_create(const struct create_options *options, struct arena *arena,
		   struct strings *warnings, struct err *err);

/*
 * Create, start, pass signals and the terminal through, wait, delete.
 *
 * @ret_code: exit code of the program, 128 + signal (0 with options->detach)
 */
int runtime_run(const struct create_options *options, struct arena *arena, struct strings *warnings,
		int *ret_code, struct err *err);
