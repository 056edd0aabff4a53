/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: one row each, defined in cmd_<name>.c; help and completion are printed from them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/globals.h"
#include "cli/options.h"

/* What completion offers. */
enum argument_kind {
	ARGUMENT_TEXT,	    /* nothing */
	ARGUMENT_CONTAINER, /* the ids that `list` prints */
	ARGUMENT_COMMAND,
	ARGUMENT_SIGNAL,
};

struct cli_argument {
	const char *name; /* in help and errors: `ID` */
	enum argument_kind kind;
	bool optional; /* all after it, too */
};

/* One invocation of a command. */
struct cli_call {
	const struct cli_globals *globals;
	void *options;	     /* the command's structure, options_size bytes */
	struct strings args; /* as many as the row's arguments allow */
	struct arena *arena;
};

struct cli_command {
	const char
		*name; /* `kill`; of a command in a group both words, with a blank: `nvidia plan` */
	const char *summary; /* one line; the rules of cli_option.help */
	bool hidden;	     /* not in help, without a man page */
	const struct cli_option *options;
	size_t n_options;
	size_t options_size; /* zeroed before parsing: zero is every default */
	const struct cli_argument *arguments;
	size_t n_arguments;
	size_t dash_argument;  /* cli/options.h */
	bool stop_at_argument; /* cli/options.h */
	bool enters_container; /* its process becomes visible there: it runs from a sealed copy */
	bool takes_more;       /* any number of further arguments follow */
	int failure_code;      /* exit code of its own failures; 0: EXIT_FAILURE */
	/* Returns the exit code, or -errno. NULL: a group, whose first argument is one of its commands. */
	int (*run)(const struct cli_call *call, struct err *err);
};

/*
 * Of a command that enters a container, before it runs anything, but after it read what the caller may have passed
 * as /dev/fd/N: what the caller left open is nobody's, and init would hold it as long as it waits for `start`. But
 * for --preserve-fds: these are the program's, not those of hooks and helpers; each must be there.
 */
int cli_close_inherited(const struct cli_call *call, unsigned int preserved, struct err *err);

/* Of `create` and `run`: fill in what globals, arguments and defaults say; then cli_close_inherited(). 0 or -errno. */
int cli_prepare_create(const struct cli_call *call, struct err *err);

/* All of them, sorted by name. */
struct cli_command_list {
	const struct cli_command *const *items;
	size_t count;
};
extern const struct cli_command_list cli_commands;

/* The word that @group (NULL: the program) calls @command by; NULL: it is not there, or hidden. */
const char *cli_command_word(const struct cli_command *command, const struct cli_command *group);

/*
 * Find the command that @words, at least one, begin with. A group without a command is itself.
 *
 * @ret_count: how many of the words are its name
 *
 * Returns NULL and words with the nearest names (or all) when there is none.
 */
const struct cli_command *cli_command_find(const struct strings *words, size_t *ret_count,
					   struct err *err);

/*
 * Parse a command's words and run it.
 *
 * @words: what follows the command's name
 * Returns its exit code, or -errno; -EINVAL for words that are wrong.
 */
int cli_command_run(const struct cli_command *command, const struct cli_globals *globals,
		    const struct strings *words, struct arena *arena, struct err *err);

/* Option @i of a command (NULL: of the program); --help comes last, then NULL. */
const struct cli_option *cli_option_at(const struct cli_command *command, size_t i);

/* The rows. */
extern const struct cli_command cli_complete, cli_create, cli_delete, cli_exec, cli_features,
	cli_help, cli_kill, cli_list, cli_nvidia, cli_nvidia_info, cli_nvidia_plan, cli_pause,
	cli_ps, cli_resume, cli_run, cli_spec, cli_start, cli_state, cli_update;
