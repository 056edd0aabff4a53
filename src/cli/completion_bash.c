/* SPDX-License-Identifier: Apache-2.0 */
/* The completion script of bash. */
#include "cli/completion.h"
#include "oci/enums.h"

static const char head[] = "# shellcheck shell=bash\n"
			   "# Completion of nvcrun for bash, printed by: nvcrun __complete bash\n";

static const char tail[] =
	"\n"
	"_nvcrun_reply()\n"
	"{\n"
	"	local words=''\n"
	"\n"
	"	case $kind in\n"
	"	none) return ;;\n"
	"	dir)\n"
	"		compopt -o filenames\n"
	"		mapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n"
	"		return\n"
	"		;;\n"
	"	file)\n"
	"		compopt -o filenames\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
	"		return\n"
	"		;;\n"
	"	containers) words=$(nvcrun \"${root[@]}\" list --quiet 2>/dev/null) ;;\n"
	"	*) words=$kind ;;\n"
	"	esac\n"
	"	mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	"}\n"
	"\n"
	"# `--root=DIR` reaches us as three words: `--root`, `=`, `DIR`.\n"
	"_nvcrun()\n"
	"{\n"
	"	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"	local command='' kind=none count=0 i word\n"
	"	local -a root=()\n"
	"\n"
	"	COMPREPLY=()\n"
	"	if [[ $current == = ]]; then\n"
	"		current=''\n"
	"	elif [[ $previous == = ]]; then\n"
	"		previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"	fi\n"
	"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		if [[ $word == = ]]; then\n"
	"			((++i))\n"
	"		elif _nvcrun_value \"$command:$word\"; then\n"
	"			[[ ${COMP_WORDS[i + 1]} == = ]] && ((++i))\n"
	"			((++i))\n"
	"			[[ $command:$word == :--root ]] && root=(--root "
	"\"${COMP_WORDS[i]}\")\n"
	"		elif [[ $word != -* ]]; then\n"
	"			if _nvcrun_is_group \"$command\"; then\n"
	"				command+=${command:+-}$word\n"
	"			else\n"
	"				((++count))\n"
	"			fi\n"
	"		fi\n"
	"	done\n"
	"	if _nvcrun_value \"$command:$previous\"; then\n"
	"		_nvcrun_reply\n"
	"		return\n"
	"	fi\n"
	"	if [[ $current == -* ]]; then\n"
	"		_nvcrun_options \"$command\"\n"
	"	else\n"
	"		_nvcrun_argument \"$command:$count\"\n"
	"	fi\n"
	"	_nvcrun_reply\n"
	"}\n"
	"\n"
	"complete -F _nvcrun nvcrun\n";

static void add_value_kind(struct strbuf *out, const struct cli_option *option)
{
	static const char *const kinds[] = {
		[OPTION_TEXT] = "none", [OPTION_FILE] = "file",	  [OPTION_DIR] = "dir",
		[OPTION_LIST] = "none", [OPTION_NUMBER] = "none",
	};

	if (option->words)
		completion_add_words(out, option->words);
	else
		strbuf_adds(out, kinds[option->kind]);
}

static void add_values(struct strbuf *out, const struct cli_command *command)
{
	const char *name = completion_name(command, out->arena);
	const struct cli_option *option;

	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		if (!option_has_value(option))
			continue;
		strbuf_addc(out, '\t');
		if (option->letter)
			strbuf_addf(out, "%s:-%c | ", name, option->letter);
		strbuf_addf(out, "%s:--%s) kind='", name, option->name);
		add_value_kind(out, option);
		strbuf_adds(out, "' ;;\n");
	}
}

static void add_options(struct strbuf *out, const struct cli_command *command)
{
	const struct cli_option *option;

	strbuf_addf(out, "\t%s) kind='", command ? completion_name(command, out->arena) : "''");
	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		if (option->letter)
			strbuf_addf(out, "-%c ", option->letter);
		strbuf_addf(out, "--%s%s", option->name, option == &option_help ? "" : " ");
	}
	strbuf_adds(out, "' ;;\n");
}

static void add_argument(struct strbuf *out, const struct cli_command *command,
			 enum argument_kind kind)
{
	switch (kind) {
	case ARGUMENT_TEXT:
		strbuf_adds(out, "none");
		break;
	case ARGUMENT_CONTAINER:
		strbuf_adds(out, "containers");
		break;
	case ARGUMENT_COMMAND:
		completion_add_commands(out, completion_is_group(command) ? command : NULL);
		break;
	case ARGUMENT_SIGNAL:
		completion_add_words(out, &oci_signal_words);
		break;
	}
}

static void add_arguments(struct strbuf *out, const struct cli_command *command)
{
	static const struct cli_argument program[] = { { "COMMAND", ARGUMENT_COMMAND, false } };
	const struct cli_argument *arguments = command ? command->arguments : program;
	size_t count = command ? command->n_arguments : ARRAY_SIZE(program);

	for (size_t i = 0; i < count; i++) {
		if (arguments[i].kind == ARGUMENT_TEXT)
			continue;
		strbuf_addf(out, "\t%s:%zu) kind='", completion_name(command, out->arena), i);
		add_argument(out, command, arguments[i].kind);
		strbuf_adds(out, "' ;;\n");
	}
}

static void add_group(struct strbuf *out, const struct cli_command *command)
{
	if (completion_is_group(command))
		strbuf_addf(out, "\t%s) ;;\n",
			    command ? completion_name(command, out->arena) : "''");
}

static const struct function {
	const char *start;
	void (*emit)(struct strbuf *out, const struct cli_command *command);
	const char *otherwise;
} functions[] = {
	{ "\n# What the value of an option is: command:option.\n_nvcrun_value()\n", add_values,
	  "return 1" },
	{ "\n_nvcrun_options()\n", add_options, "kind=none" },
	{ "\n# What an argument is: command:number.\n_nvcrun_argument()\n", add_arguments,
	  "kind=none" },
	{ "\n# Whether a command follows.\n_nvcrun_is_group()\n", add_group, "return 1" },
};

void completion_bash(struct strbuf *out)
{
	strbuf_adds(out, head);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		strbuf_addf(out, "%s{\n\tcase $1 in\n", functions[i].start);
		completion_each(out, functions[i].emit);
		strbuf_addf(out, "\t*) %s ;;\n\tesac\n}\n", functions[i].otherwise);
	}
	strbuf_adds(out, tail);
}
