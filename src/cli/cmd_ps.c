/* SPDX-License-Identifier: Apache-2.0 */
/* The command `ps`. */
#include <stddef.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "runtime/commands.h"

enum { FORMAT_TABLE, FORMAT_JSON };

struct ps_options {
	int format;
};

static const struct name_value format_names[] = {
	{ "table", FORMAT_TABLE },
	{ "json", FORMAT_JSON },
};
static const struct words formats = WORDS(format_names, "format");

static const struct cli_option options[] = {
	{ "format", 'f', OPTION_WORD, NULL, "how the list looks (default table)",
	  offsetof(struct ps_options, format), &formats },
};

static const struct cli_argument arguments[] = {
	{ "ID", ARGUMENT_CONTAINER, false },
	{ "PS-OPTION", ARGUMENT_TEXT, true },
};

static char *json_text(const pid_t *pids, size_t count, struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 };
	size_t len;

	json_writer_init(&w, NULL);
	json_array(&w, NULL);
	for (size_t i = 0; i < count; i++)
		json_int(&w, NULL, pids[i]);
	json_end_array(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, &len));
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct ps_options *ps = call->options;
	const struct strings args = {
		.items = call->args.items + 1,
		.count = call->args.count - 1,
	};
	size_t count;
	pid_t *pids;
	char *text;
	int r;

	r = runtime_ps(call->globals->root, call->args.items[0], call->arena, &pids, &count, err);
	if (r < 0)
		return r;
	if (ps->format == FORMAT_JSON)
		return cli_print(json_text(pids, count, call->arena), err);
	r = runtime_ps_table(pids, count, &args, call->arena, &text, err);
	return r < 0 ? r : cli_print(text, err);
}

const struct cli_command cli_ps = {
	.name = "ps",
	.summary = "list the processes of a container",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct ps_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.stop_at_argument = true,
	.takes_more = true,
	.run = run,
};
