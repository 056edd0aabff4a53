/* SPDX-License-Identifier: Apache-2.0 */
/* The command `kill`. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "cli/commands.h"
#include "oci/enums.h"
#include "runtime/commands.h"

struct kill_options {
	bool all;
};

static const struct cli_option options[] = {
	{ "all", 'a', OPTION_FLAG, NULL, "signal all processes of the container",
	  offsetof(struct kill_options, all), NULL },
};

enum { ID, SIGNAL };

static const struct cli_argument arguments[] = {
	[ID] = { "ID", ARGUMENT_CONTAINER, false },
	[SIGNAL] = { "SIGNAL", ARGUMENT_SIGNAL, true },
};

/* 9, KILL, SIGKILL, and with the dash that kill(1) taught people: -9, -KILL. */
static int read_signal(const char *text, struct err *err)
{
	int signal = oci_signal_parse(text + (text[0] == '-'));

	if (signal < 0)
		return err_set(err, EINVAL,
			       "unknown signal `%s`: expected a number or a name such as TERM or "
			       "RTMIN+1",
			       text);
	return signal;
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct kill_options *kill = call->options;
	int signal = SIGTERM;

	if (call->args.count > SIGNAL) {
		signal = read_signal(call->args.items[SIGNAL], err);
		if (signal < 0)
			return signal;
	}
	return runtime_kill(call->globals->root, call->args.items[ID], signal, kill->all,
			    call->arena, err);
}

const struct cli_command cli_kill = {
	.name = "kill",
	.summary = "send a signal to the program of a container (default TERM)",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct kill_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.dash_argument = SIGNAL,
	.run = run,
};
