/* SPDX-License-Identifier: Apache-2.0 */
/* The commands about GPUs: `nvidia …`. */
#include "cli/commands.h"

static const struct cli_argument arguments[] = { { "COMMAND", ARGUMENT_COMMAND, true } };

const struct cli_command cli_nvidia = {
	.name = "nvidia",
	.summary = "show the GPUs of the host, or what a container gets",
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
};
