/* SPDX-License-Identifier: Apache-2.0 */
/* The command `state`. */
#include "cli/commands.h"
#include "cli/output.h"
#include "runtime/commands.h"

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_CONTAINER, false } };

static int run(const struct cli_call *call, struct err *err)
{
	char *text;
	int r;

	r = runtime_state(call->globals->root, call->args.items[0], call->arena, &text, err);
	if (r < 0)
		return r;
	return cli_print(arena_printf(call->arena, "%s\n", text), err);
}

const struct cli_command cli_state = {
	.name = "state",
	.summary = "show the state of a container as JSON",
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
