/* SPDX-License-Identifier: Apache-2.0 */
/* Options before the command: `nvcrun --root DIR run …`. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "cli/options.h"

struct cli_globals {
	const char *root;     /* absolute host path; NULL: the default (runtime/record.h) */
	const char *log;      /* host path; NULL: stderr */
	int log_format;	      /* enum log_format */
	int log_level;	      /* enum log_level */
	const char *settings; /* host path; NULL: see nvidia/settings.h */
	int cgroup_manager;   /* enum cg_manager */
	int rootless;	      /* enum rootless */
	bool systemd_cgroup;
	bool debug;
	bool version;
	char **argv;		  /* of main(): to execute again from a protected copy */
	struct fd_list inherited; /* what the caller left open */
};

/* The table, also for help and completion; options end at the command. */
extern const struct option_set cli_global_options;

/*
 * Read them.
 *
 * @words:    the program's words without its name
 * @ret_rest: the command and its words; help when --help was met first
 *
 * Returns 0 or -EINVAL; -errno when a relative --root cannot be made absolute.
 */
int cli_globals_parse(const struct strings *words, struct arena *arena, struct cli_globals *ret,
		      struct options_rest *ret_rest, struct err *err);
