/* SPDX-License-Identifier: Apache-2.0 */
/* The command `create`. */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/output.h"
#include "runtime/create.h"

#define AT(member) offsetof(struct create_options, member)

static const struct cli_option options[] = {
	ROW_BUNDLE(AT(bundle)),
	ROW_GPUS(AT(gpus)),
	ROW_PID_FILE(AT(pid_file)),
};

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_TEXT, false } };

static int run(const struct cli_call *call, struct err *err)
{
	struct create_options *create = call->options;
	struct strings warnings = { 0 };
	int r;

	create->root = call->globals->root;
	create->settings = call->globals->settings;
	create->id = call->args.items[0];
	if (!create->bundle)
		create->bundle = ".";
	r = runtime_create(create, call->arena, &warnings, err);
	cli_print_warnings(&warnings);
	return r;
}

const struct cli_command cli_create = {
	.name = "create",
	.summary = "create a container whose program waits for start",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct create_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
