/* SPDX-License-Identifier: Apache-2.0 */
/* The command `features`. */
#include "cli/commands.h"
#include "cli/output.h"
#include "oci/features.h"

static int run(const struct cli_call *call, struct err *err)
{
	return cli_print(oci_features_text(call->arena), err);
}

const struct cli_command cli_features = {
	.name = "features",
	.summary = "show what this runtime can do as JSON",
	.run = run,
};
