/* SPDX-License-Identifier: Apache-2.0 */
/* Help and version. */
#include "cli/help.h"

#include <errno.h>

#include "cli/output.h"
#include "oci/version.h"

/* Between an option or command and its words. */
#define GAP 2

static void add_row(struct strbuf *out, const char *heading, size_t width, const char *words)
{
	strbuf_addf(out, "  %-*s%*s%s\n", (int)width, heading, GAP, "", words);
}

/* Long options stand below each other, whether they have a letter or not. */
static const char *heading_of(const struct cli_option *option, struct arena *arena)
{
	struct strbuf heading = { .arena = arena };

	if (!option->letter)
		strbuf_adds(&heading, "    ");
	option_heading(option, &heading);
	return strbuf_text(&heading);
}

static void add_options(struct strbuf *out, const struct cli_command *command, struct arena *arena)
{
	const struct cli_option *option;
	size_t width = 0;

	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		size_t len = strlen(heading_of(option, arena));

		width = len > width ? len : width;
	}
	for (size_t i = 0; (option = cli_option_at(command, i)); i++)
		add_row(out, heading_of(option, arena), width, option->help);
}

/* Those of @group; NULL: of the program. */
static void add_commands(struct strbuf *out, const struct cli_command *group)
{
	size_t width = 0;

	strbuf_adds(out, "\nCommands:\n");
	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *word = cli_command_word(cli_commands.items[i], group);
		size_t len = word ? strlen(word) : 0;

		width = len > width ? len : width;
	}
	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *word = cli_command_word(cli_commands.items[i], group);

		if (word)
			add_row(out, word, width, cli_commands.items[i]->summary);
	}
}

char *cli_usage(const struct cli_command *command, struct arena *arena)
{
	struct strbuf out = { .arena = arena };

	if (!command)
		return arena_strdup(arena,
				    "nvcrun [GLOBAL OPTION]... COMMAND [OPTION]... [ARGUMENT]...");
	strbuf_addf(&out, "nvcrun %s", command->name);
	if (command->n_options)
		strbuf_adds(&out, " [OPTION]...");
	for (size_t i = 0; i < command->n_arguments; i++) {
		const struct cli_argument *argument = &command->arguments[i];

		strbuf_addf(&out, argument->optional ? " [%s]" : " %s", argument->name);
	}
	return arena_strdup(arena, strbuf_text(&out));
}

char *cli_page(const struct cli_command *command, struct arena *arena)
{
	char *page =
		arena_printf(arena, "nvcrun%s%s", command ? "-" : "", command ? command->name : "");

	for (char *blank = page; (blank = strchr(blank, ' '));)
		*blank = '-';
	return page;
}

char *cli_help_text(const struct cli_command *command, struct arena *arena)
{
	struct strbuf out = { .arena = arena };

	strbuf_addf(&out, "Usage: %s\n\n", cli_usage(command, arena));
	if (command) {
		strbuf_addf(&out, "nvcrun %s: %s.\n", command->name, command->summary);
		if (!command->run)
			add_commands(&out, command);
		strbuf_adds(&out, "\nOptions:\n");
		add_options(&out, command, arena);
		if (!command->hidden)
			strbuf_addf(&out, "\nMore: man %s\n", cli_page(command, arena));
	} else {
		strbuf_adds(&out, "nvcrun: run OCI containers, with NVIDIA GPUs if wanted.\n");
		add_commands(&out, NULL);
		strbuf_adds(&out, "\nGlobal options:\n");
		add_options(&out, NULL, arena);
		strbuf_adds(&out, "\nMore: nvcrun COMMAND --help, man nvcrun\n");
	}
	return arena_strdup(arena, strbuf_text(&out));
}

int cli_print_help(const struct cli_command *command, struct arena *arena, struct err *err)
{
	return cli_print(cli_help_text(command, arena), err);
}

int cli_print_version(struct arena *arena, struct err *err)
{
	struct strbuf out = { .arena = arena };

	strbuf_adds(&out, "nvcrun version " PACKAGE_VERSION "\n");
	if (*GIT_COMMIT)
		strbuf_adds(&out, "commit: " GIT_COMMIT "\n");
	strbuf_adds(&out, "spec: " OCI_VERSION "\nfeatures: cgroup-v1 cgroup-v2 nvidia\n");
	return cli_print(strbuf_text(&out), err);
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct cli_command *command = NULL;
	size_t count;

	if (call->args.count) {
		command = cli_command_find(&call->args, &count, err);
		if (!command)
			return -err->code;
		if (count < call->args.count)
			return err_set(err, EINVAL, "`%s` has no commands of its own, such as `%s`",
				       command->name, call->args.items[count]);
	}
	return cli_print_help(command, call->arena, err);
}

static const struct cli_argument arguments[] = {
	{ "COMMAND", ARGUMENT_COMMAND, true },
	{ "SUBCOMMAND", ARGUMENT_TEXT, true },
};

const struct cli_command cli_help = {
	.name = "help",
	.summary = "show the help of the program or of a command",
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
