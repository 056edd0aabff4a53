/* SPDX-License-Identifier: Apache-2.0 */
/* The command `pause`. */
#include "cli/commands.h"
#include "runtime/commands.h"

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_CONTAINER, false } };

static int run(const struct cli_call *call, struct err *err)
{
	return runtime_pause(call->globals->root, call->args.items[0], call->arena, err);
}

const struct cli_command cli_pause = {
	.name = "pause",
	.summary = "freeze the processes of a container",
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
