/* SPDX-License-Identifier: Apache-2.0 */
/* The command `exec`. */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "runtime/exec.h"

#define AT(member) offsetof(struct exec_options, member)

static const struct cli_option options[] = {
	{ "additional-gids", 'g', OPTION_LIST, "GID", "a further group (repeatable)", AT(gids),
	  NULL },
	{ "cap", 'c', OPTION_LIST, "CAP", "a further capability (repeatable)", AT(capabilities),
	  NULL },
	ROW_CONSOLE_SOCKET(AT(launch.console_socket)),
	{ "cwd", 0, OPTION_TEXT, "DIR", "directory in the container", AT(cwd), NULL },
	{ "detach", 'd', OPTION_FLAG, NULL, "return when the program runs", AT(launch.detach),
	  NULL },
	{ "env", 'e', OPTION_LIST, "NAME=VALUE", "a variable of the environment (repeatable)",
	  AT(env), NULL },
	{ "ignore-paused", 0, OPTION_FLAG, NULL, "also in a paused container, where it waits",
	  AT(ignore_paused), NULL },
	{ "no-new-privs", 0, OPTION_FLAG, NULL, "no privileges by set-user-ID programs",
	  AT(no_new_privileges), NULL },
	ROW_PID_FILE(AT(launch.pid_file)),
	ROW_PRESERVE_FDS(AT(launch.preserve_fds)),
	{ "process", 'p', OPTION_FILE, "FILE", "process object to run, instead of ARGS and options",
	  AT(process_file), NULL },
	{ "tty", 't', OPTION_FLAG, NULL, "give it a terminal", AT(tty), NULL },
	{ "user", 'u', OPTION_TEXT, "UID[:GID]", "user to run as", AT(user), NULL },
};

static const struct cli_argument arguments[] = {
	{ "ID", ARGUMENT_CONTAINER, false },
	{ "PROGRAM", ARGUMENT_TEXT, true },
};

static int run(const struct cli_call *call, struct err *err)
{
	struct exec_options *exec = call->options;
	int r, code = 0;

	exec->launch.root = call->globals->root;
	exec->launch.id = call->args.items[0];
	exec->args = (struct strings){ .items = call->args.items + 1,
				       .count = call->args.count - 1,
				       .capacity = call->args.count - 1 };
	r = exec_read_process(exec, call->arena, err);
	if (r < 0)
		return r;
	r = cli_close_inherited(call, exec->launch.preserve_fds, err);
	if (r == 0)
		r = runtime_exec(exec, call->arena, &code, err);
	return r < 0 ? r : code;
}

const struct cli_command cli_exec = {
	.name = "exec",
	.summary = "run another program in a container",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct exec_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.stop_at_argument = true,
	.takes_more = true,
	.enters_container = true,
	.failure_code = 255,
	.run = run,
};
