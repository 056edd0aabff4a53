/* SPDX-License-Identifier: Apache-2.0 */
/* The program: global options, log, command, exit code. */
#include <signal.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/help.h"

static int run_command(const struct cli_globals *globals, const struct strings *words,
		       struct arena *arena, struct err *err)
{
	size_t n_name;
	const struct cli_command *command = cli_command_find(words, &n_name, err);
	struct strings rest;
	int r;

	if (!command)
		return -err->code;
	rest = (struct strings){ .items = words->items + n_name, .count = words->count - n_name };
	r = cli_command_run(command, globals, &rest, arena, err);
	if (r >= 0)
		return r;
	log_error("%s: %s", command->name, err->text);
	return command->failure_code ? command->failure_code : EXIT_FAILURE;
}

static int run(const struct strings *words, char **argv, struct arena *arena, struct err *err)
{
	struct cli_globals globals;
	struct fd_list inherited = { 0 };
	struct options_rest rest;
	int r;

	/* Before anything of ours is opened. Without /proc there is nothing better than to keep them. */
	(void)fd_list_open(arena, &inherited);
	r = cli_globals_parse(words, arena, &globals, &rest, err);
	if (r < 0)
		return r;
	globals.argv = argv;
	globals.inherited = inherited;
	if (rest.help)
		return cli_print_help(NULL, arena, err);
	if (globals.version)
		return cli_print_version(arena, err);
	r = log_open(globals.log, globals.log_format, globals.log_level, err);
	if (r < 0)
		return r;
	if (rest.args.count == 0)
		return cli_print_help(NULL, arena, err);
	return run_command(&globals, &rest.args, arena, err);
}

int main(int argc, char **argv)
{
	struct strings words = { 0 };
	struct arena arena = { 0 };
	struct err err = { 0 };
	int r;

	/* A caller that ignores SIGCHLD would have us wait for children that nobody reports. */
	signal(SIGCHLD, SIG_DFL);
	if (fd_open_standard() < 0)
		return EXIT_FAILURE;
	for (int i = 1; i < argc; i++)
		VEC_PUSH(&words, &arena, argv[i]);
	r = run(&words, argv, &arena, &err);
	if (r < 0) {
		log_error("%s", err.text);
		r = EXIT_FAILURE;
	}
	arena_done(&arena);
	return r;
}
