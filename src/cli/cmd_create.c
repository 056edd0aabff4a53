/* SPDX-License-Identifier: Apache-2.0 */
/* The command `create`. */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "runtime/create.h"

#define AT(member) offsetof(struct create_options, member)

static const struct cli_option options[] = {
	ROW_BUNDLE(AT(bundle)),
	ROW_CONSOLE_SOCKET(AT(console_socket)),
	ROW_GPUS(AT(gpus)),
	ROW_NO_NEW_KEYRING(AT(no_new_keyring)),
	ROW_NO_PIVOT(AT(no_pivot)),
	ROW_PID_FILE(AT(pid_file)),
	ROW_PRESERVE_FDS(AT(preserve_fds)),
};

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_TEXT, false } };

int cli_prepare_create(const struct cli_call *call, struct err *err)
{
	struct create_options *create = call->options;

	create->root = call->globals->root;
	create->settings = call->globals->settings;
	create->cgroup_manager = (enum cg_manager)call->globals->cgroup_manager;
	create->rootless = (enum rootless)call->globals->rootless;
	create->id = call->args.items[0];
	if (!create->bundle)
		create->bundle = ".";
	return cli_close_inherited(call, create->preserve_fds, err);
}

static int run(const struct cli_call *call, struct err *err)
{
	int r = cli_prepare_create(call, err);

	return r < 0 ? r : runtime_create(call->options, call->arena, err);
}

const struct cli_command cli_create = {
	.name = "create",
	.summary = "create a container whose program waits for start",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct create_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.enters_container = true,
	.run = run,
};
