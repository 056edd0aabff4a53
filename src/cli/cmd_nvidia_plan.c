/* SPDX-License-Identifier: Apache-2.0 */
/* The command `nvidia plan`. */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/nvidia_plan_text.h"
#include "cli/option_rows.h"
#include "cli/output.h"
#include "runtime/nvidia_plan.h"

struct plan_options {
	const char *bundle;
	const char *gpus;
	bool text;
};

static const struct cli_option options[] = {
	ROW_BUNDLE(offsetof(struct plan_options, bundle)),
	ROW_GPUS(offsetof(struct plan_options, gpus)),
	{ "text", 0, OPTION_FLAG, NULL, "tables for people instead of JSON",
	  offsetof(struct plan_options, text), NULL },
};

static int run(const struct cli_call *call, struct err *err)
{
	const struct plan_options *plan_options = call->options;
	const struct create_options create = {
		.bundle = plan_options->bundle ? plan_options->bundle : ".",
		.settings = call->globals->settings,
		.gpus = plan_options->gpus,
		/* So that nobody asks for the other end of the terminal. */
		.run = true,
	};
	struct nv_plan plan;
	int r;

	r = runtime_nvidia_plan(&create, call->arena, &plan, err);
	if (r < 0)
		return r;
	return cli_print(plan_options->text ? nvidia_plan_text(&plan, call->arena)
					    : nv_plan_json(&plan, call->arena),
			 err);
}

const struct cli_command cli_nvidia_plan = {
	.name = "nvidia plan",
	.summary = "show what a container would get of the GPUs, and why",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct plan_options),
	.run = run,
};
