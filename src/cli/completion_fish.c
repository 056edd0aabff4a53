/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script of fish. */
#include "cli/completion.h"
#include "oci/enums.h"

static const char head[] =
	"# Completion of nvcrun for fish, printed by: nvcrun __complete fish\n"
	"\n"
	"# The command and what follows it; nothing while only global options were typed.\n"
	"function __nvcrun_words\n"
	"	set -l tokens (commandline -opc)\n"
	"	set -e tokens[1]\n"
	"	while set -q tokens[1]\n"
	"		switch $tokens[1]\n"
	"			case";

static const char middle[] = "\n"
			     "				set -e tokens[1]\n"
			     "			case '-*'\n"
			     "			case '*'\n"
			     "				printf '%s\\n' $tokens\n"
			     "				return\n"
			     "		end\n"
			     "		set -e tokens[1]\n"
			     "	end\n"
			     "end\n"
			     "\n"
			     "# Exactly these commands were typed, and no argument.\n"
			     "function __nvcrun_needs_command\n"
			     "	set -l words (__nvcrun_words)\n"
			     "	test \"$words\" = \"$argv\"\n"
			     "end\n"
			     "\n"
			     "function __nvcrun_is\n"
			     "	set -l words (__nvcrun_words)\n"
			     "	set -l count (count $argv)\n"
			     "	set -q words[$count]; and test \"$words[1..$count]\" = \"$argv\"\n"
			     "end\n"
			     "\n"
			     "function __nvcrun_containers\n"
			     "	nvcrun list --quiet 2>/dev/null\n"
			     "end\n"
			     "\n"
			     "complete -c nvcrun -f\n";

static void add_condition(struct strbuf *out, const struct cli_command *command)
{
	if (command)
		strbuf_addf(out, "complete -c nvcrun -n '__nvcrun_%s %s'",
			    completion_is_group(command) ? "needs_command" : "is", command->name);
	else
		strbuf_adds(out, "complete -c nvcrun -n __nvcrun_needs_command");
}

static void add_value(struct strbuf *out, const struct cli_option *option)
{
	static const char *const actions[] = {
		[OPTION_TEXT] = " -x",
		[OPTION_FILE] = " -r -F",
		[OPTION_DIR] = " -x -a '(__fish_complete_directories)'",
		[OPTION_LIST] = " -x",
		[OPTION_NUMBER] = " -x",
	};

	if (!option->words) {
		strbuf_adds(out, actions[option->kind]);
		return;
	}
	strbuf_adds(out, " -x -a '");
	completion_add_words(out, option->words);
	strbuf_addc(out, '\'');
}

static void add_options(struct strbuf *out, const struct cli_command *command)
{
	const struct cli_option *option;

	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		add_condition(out, command);
		if (option->letter)
			strbuf_addf(out, " -s %c", option->letter);
		strbuf_addf(out, " -l %s", option->name);
		if (option_has_value(option))
			add_value(out, option);
		strbuf_addf(out, " -d '%s'\n", option->help);
	}
}

static void add_commands(struct strbuf *out, const struct cli_command *group)
{
	if (!completion_is_group(group))
		return;
	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *word = cli_command_word(cli_commands.items[i], group);

		if (!word)
			continue;
		add_condition(out, group);
		strbuf_addf(out, " -a %s -d '%s'\n", word, cli_commands.items[i]->summary);
	}
}

static void add_arguments(struct strbuf *out, const struct cli_command *command)
{
	if (completion_is_group(command))
		return;
	for (size_t i = 0; i < command->n_arguments; i++) {
		enum argument_kind kind = command->arguments[i].kind;

		if (kind == ARGUMENT_TEXT)
			continue;
		add_condition(out, command);
		strbuf_adds(out, " -a '");
		if (kind == ARGUMENT_CONTAINER)
			strbuf_adds(out, "(__nvcrun_containers)");
		else if (kind == ARGUMENT_SIGNAL)
			completion_add_words(out, &oci_signal_words);
		else
			completion_add_commands(out, NULL);
		strbuf_adds(out, "'\n");
	}
}

void completion_fish(struct strbuf *out)
{
	const struct cli_option *option;

	strbuf_adds(out, head);
	for (size_t i = 0; (option = cli_option_at(NULL, i)); i++) {
		if (option_has_value(option))
			strbuf_addf(out, " --%s", option->name);
	}
	strbuf_adds(out, middle);
	completion_each(out, add_commands);
	completion_each(out, add_options);
	completion_each(out, add_arguments);
}
