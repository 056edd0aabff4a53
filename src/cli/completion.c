/* SPDX-License-Identifier: Apache-2.0 */
/* The hidden command `__complete`: completion scripts, and the list of options that lint reads. */
#include "cli/completion.h"

#include <errno.h>

#include "cli/help.h"
#include "cli/output.h"

void completion_each(struct strbuf *out,
		     void (*emit)(struct strbuf *out, const struct cli_command *command))
{
	emit(out, NULL);
	for (size_t i = 0; i < cli_commands.count; i++) {
		if (!cli_commands.items[i]->hidden)
			emit(out, cli_commands.items[i]);
	}
}

void completion_add_words(struct strbuf *out, const struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		strbuf_addf(out, "%s%s", i ? " " : "", words->items[i].name);
}

void completion_add_commands(struct strbuf *out, const struct cli_command *group)
{
	const char *separator = "";

	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *word = cli_command_word(cli_commands.items[i], group);

		if (!word)
			continue;
		strbuf_addf(out, "%s%s", separator, word);
		separator = " ";
	}
}

const char *completion_name(const struct cli_command *command, struct arena *arena)
{
	return command ? str_after(cli_page(command, arena), "nvcrun-") : "";
}

/* By manual page; that of the program tells of --help once for all. */
static void add_options(struct strbuf *out, const struct cli_command *command)
{
	const struct cli_option *option;

	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		if (command && option == &option_help)
			continue;
		strbuf_addf(out, "%s\t", cli_page(command, out->arena));
		option_heading(option, out);
		strbuf_addc(out, '\n');
	}
}

static void list_options(struct strbuf *out)
{
	completion_each(out, add_options);
}

/* Groups have nothing to tell beyond their commands. */
static void add_page(struct strbuf *out, const struct cli_command *command)
{
	if (command && command->run)
		strbuf_addf(out, "%s\n", completion_name(command, out->arena));
}

/* Those with a manual page in section 8, by its name. */
static void list_commands(struct strbuf *out)
{
	completion_each(out, add_page);
}

static const struct format {
	const char *name;
	void (*print)(struct strbuf *out);
} formats[] = {
	{ "bash", completion_bash }, { "commands", list_commands }, { "fish", completion_fish },
	{ "options", list_options }, { "zsh", completion_zsh },
};

static int run(const struct cli_call *call, struct err *err)
{
	const char *name = call->args.items[0];
	struct strbuf out = { .arena = call->arena };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (str_eq(formats[i].name, name)) {
			formats[i].print(&out);
			return cli_print(strbuf_text(&out), err);
		}
	}
	return err_set(err, EINVAL,
		       "unknown format `%s`: expected bash, commands, fish, options or zsh", name);
}

static const struct cli_argument arguments[] = { { "FORMAT", ARGUMENT_TEXT, false } };

const struct cli_command cli_complete = {
	.name = "__complete",
	.summary = "print a completion script, or the commands and options",
	.hidden = true,
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
