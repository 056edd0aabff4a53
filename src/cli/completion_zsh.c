/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script of zsh. */
#include "cli/completion.h"
#include "oci/enums.h"

static const char head[] = "#compdef nvcrun\n"
			   "# Completion of nvcrun for zsh, printed by: nvcrun __complete zsh\n"
			   "\n"
			   "_nvcrun_containers() {\n"
			   "	local -a containers\n"
			   "\n"
			   "	containers=(${(f)\"$(nvcrun ${root:+--root=$root} list --quiet "
			   "2>/dev/null)\"})\n"
			   "	_wanted containers expl container compadd -a containers\n"
			   "}\n"
			   "\n"
			   "_nvcrun_signals() {\n"
			   "	_wanted signals expl signal compadd ";

static const char tail[] = "	esac\n"
			   "}\n"
			   "\n"
			   "_nvcrun \"$@\"\n";

/* The function that offers the commands of a group: _nvcrun_commands, _nvcrun_nvidia_commands. */
static void add_commands(struct strbuf *out, const struct cli_command *group)
{
	if (!completion_is_group(group))
		return;
	strbuf_addf(out, "\n_nvcrun_%s%scommands() {\n\tlocal -a commands=(\n",
		    completion_name(group, out->arena), group ? "_" : "");
	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *word = cli_command_word(cli_commands.items[i], group);

		if (word)
			strbuf_addf(out, "\t\t'%s:%s'\n", word, cli_commands.items[i]->summary);
	}
	strbuf_adds(out, "\t)\n\n\t_describe -t commands command commands\n}\n");
}

/* `:NAME:action`: what follows an option or describes an argument. */
static void add_value(struct strbuf *out, const struct cli_option *option)
{
	static const char *const actions[] = {
		[OPTION_TEXT] = "", [OPTION_FILE] = "_files", [OPTION_DIR] = "_files -/",
		[OPTION_LIST] = "", [OPTION_NUMBER] = "",
	};

	strbuf_addf(out, ":%s:", option->argument ? option->argument : option->name);
	if (!option->words) {
		strbuf_adds(out, actions[option->kind]);
		return;
	}
	strbuf_addc(out, '(');
	completion_add_words(out, option->words);
	strbuf_addc(out, ')');
}

/* '(-b --bundle)'{-b+,--bundle=}'[directory of …]:DIR:_files -/' */
static void add_option(struct strbuf *out, const struct cli_option *option)
{
	bool has_value = option_has_value(option);

	if (option->letter)
		strbuf_addf(out, " \\\n\t\t\t'(-%c --%s)'{-%c%s,--%s%s}'[%s]", option->letter,
			    option->name, option->letter, has_value ? "+" : "", option->name,
			    has_value ? "=" : "", option->help);
	else
		strbuf_addf(out, " \\\n\t\t\t'--%s%s[%s]", option->name, has_value ? "=" : "",
			    option->help);
	if (has_value)
		add_value(out, option);
	strbuf_addc(out, '\'');
}

static void add_argument(struct strbuf *out, const struct cli_command *command,
			 const struct cli_argument *argument)
{
	static const char *const actions[] = {
		[ARGUMENT_TEXT] = "",
		[ARGUMENT_CONTAINER] = "_nvcrun_containers",
		[ARGUMENT_COMMAND] = "_nvcrun_commands",
		[ARGUMENT_SIGNAL] = "_nvcrun_signals",
	};

	strbuf_addf(out, " \\\n\t\t\t':%s%s:", argument->optional ? ":" : "", argument->name);
	if (completion_is_group(command))
		strbuf_addf(out, "_nvcrun_%s_commands'", completion_name(command, out->arena));
	else
		strbuf_addf(out, "%s'", actions[argument->kind]);
}

static void add_arguments(struct strbuf *out, const struct cli_command *command)
{
	const struct cli_option *option;

	if (!command)
		return;
	strbuf_addf(out, "\t%s)\n\t\t_arguments -s", completion_name(command, out->arena));
	for (size_t i = 0; (option = cli_option_at(command, i)); i++)
		add_option(out, option);
	for (size_t i = 0; i < command->n_arguments; i++)
		add_argument(out, command, &command->arguments[i]);
	strbuf_adds(out, "\n\t\t;;\n");
}

/* Both words of a command in a group become one. */
static void add_join(struct strbuf *out, const struct cli_command *command)
{
	if (command && completion_is_group(command))
		strbuf_addf(out,
			    "\tif [[ $words[1] == %s ]] && ((CURRENT > 2)); then\n"
			    "\t\twords[1,2]=(%s-$words[2])\n"
			    "\t\t((CURRENT--))\n"
			    "\tfi\n",
			    command->name, completion_name(command, out->arena));
}

static void add_program(struct strbuf *out)
{
	const struct cli_option *option;

	strbuf_adds(out, "\n_nvcrun() {\n"
			 "\tlocal curcontext=$curcontext state line root\n"
			 "\ttypeset -A opt_args\n"
			 "\n"
			 "\t_arguments -C -s");
	for (size_t i = 0; (option = cli_option_at(NULL, i)); i++)
		add_option(out, option);
	strbuf_adds(out, " \\\n\t\t\t'1:COMMAND:_nvcrun_commands' \\\n"
			 "\t\t\t'*::ARGUMENT:->arguments' && return\n"
			 "\t[[ $state == arguments ]] || return\n"
			 "\troot=${(Q)opt_args[--root]}\n");
	completion_each(out, add_join);
	strbuf_adds(out, "\tcase $words[1] in\n");
}

void completion_zsh(struct strbuf *out)
{
	strbuf_adds(out, head);
	completion_add_words(out, &oci_signal_words);
	strbuf_adds(out, "\n}\n");
	completion_each(out, add_commands);
	add_program(out);
	completion_each(out, add_arguments);
	strbuf_adds(out, tail);
}
