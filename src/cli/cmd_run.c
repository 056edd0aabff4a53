/* SPDX-License-Identifier: Apache-2.0 */
/* The command `run`. */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "runtime/create.h"

#define AT(member) offsetof(struct create_options, member)

static const struct cli_option options[] = {
	ROW_BUNDLE(AT(bundle)),
	ROW_CONSOLE_SOCKET(AT(console_socket)),
	{ "detach", 'd', OPTION_FLAG, NULL, "return when the program runs", AT(detach), NULL },
	ROW_GPUS(AT(gpus)),
	{ "keep", 0, OPTION_FLAG, NULL, "do not delete the container at its end", AT(keep), NULL },
	ROW_NO_NEW_KEYRING(AT(no_new_keyring)),
	ROW_NO_PIVOT(AT(no_pivot)),
	ROW_PID_FILE(AT(pid_file)),
	ROW_PRESERVE_FDS(AT(preserve_fds)),
};

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_TEXT, false } };

static int run(const struct cli_call *call, struct err *err)
{
	struct create_options *create = call->options;
	int r, code = 0;

	create->run = true;
	r = cli_prepare_create(call, err);
	if (r == 0)
		r = runtime_run(create, call->arena, &code, err);
	return r < 0 ? r : code;
}

const struct cli_command cli_run = {
	.name = "run",
	.summary = "create a container, start it and wait for its end",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct create_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.enters_container = true,
	.run = run,
};
