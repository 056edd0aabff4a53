/* SPDX-License-Identifier: Apache-2.0 */
/* The command `delete`. */
#include <stddef.h>

#include "cli/commands.h"
#include "runtime/commands.h"

struct delete_options {
	bool force;
};

static const struct cli_option options[] = {
	{ "force", 'f', OPTION_FLAG, NULL, "kill it first if it runs; no error if there is none",
	  offsetof(struct delete_options, force), NULL },
};

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_CONTAINER, false } };

static int run(const struct cli_call *call, struct err *err)
{
	const struct delete_options *delete = call->options;

	return runtime_delete(call->globals->root, call->args.items[0], delete->force, call->arena,
			      err);
}

const struct cli_command cli_delete = {
	.name = "delete",
	.summary = "remove a container that has stopped or was not started",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct delete_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
