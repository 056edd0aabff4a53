/* SPDX-License-Identifier: Apache-2.0 */
/* The command `resume`. */
#include "cli/commands.h"
#include "runtime/commands.h"

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_CONTAINER, false } };

static int run(const struct cli_call *call, struct err *err)
{
	return runtime_resume(call->globals->root, call->args.items[0], call->arena, err);
}

const struct cli_command cli_resume = {
	.name = "resume",
	.summary = "let the processes of a paused container go on",
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
