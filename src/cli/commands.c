/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: finding one, counting its arguments, running it. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>

#include "cli/help.h"
#include "linux/sealed_exe.h"

static const struct cli_command *const commands[] = {
	&cli_complete,	  &cli_create, &cli_delete, &cli_exec,	 &cli_features,
	&cli_help,	  &cli_kill,   &cli_list,   &cli_nvidia, &cli_nvidia_info,
	&cli_nvidia_plan, &cli_pause,  &cli_ps,	    &cli_resume, &cli_run,
	&cli_spec,	  &cli_start,  &cli_state,  &cli_update,
};

const struct cli_command_list cli_commands = { commands, ARRAY_SIZE(commands) };

/* Longer names have no near one. */
#define NAME_MAX_LEN 31

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t min = a < b ? a : b;

	return min < c ? min : c;
}

/* How many letters must be added, dropped or changed to make one word of the other (Levenshtein). */
static size_t distance(const char *from, const char *to)
{
	size_t n = strlen(to), row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; from[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t changed = diagonal + (from[i - 1] != to[j - 1]);

			diagonal = row[j];
			row[j] = min3(changed, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[n];
}

static bool is_near(const char *word, const char *name)
{
	size_t letters;

	if (!*word || strlen(name) > NAME_MAX_LEN)
		return false;
	letters = distance(word, name);
	return str_has_prefix(name, word) || (letters <= 2 && 2 * letters <= strlen(word));
}

const char *cli_command_word(const struct cli_command *command, const struct cli_command *group)
{
	const char *word = group ? str_after(command->name, group->name) : command->name;

	if (command->hidden || (group && (!word || *word++ != ' ')))
		return NULL;
	return strchr(word, ' ') ? NULL : word;
}

static int refuse_unknown(const char *word, const struct cli_command *group, struct err *err)
{
	const char *of = group ? group->name : "", *blank = group ? " " : "";
	struct arena arena = { 0 };
	struct strbuf near = { .arena = &arena }, all = { .arena = &arena };

	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *name = cli_command_word(commands[i], group);

		if (!name)
			continue;
		strbuf_addf(&all, "%s%s", all.len ? ", " : "", name);
		if (is_near(word, name))
			strbuf_addf(&near, "%s`%s%s%s`", near.len ? " or " : "", of, blank, name);
	}
	if (near.len)
		err_set(err, EINVAL, "unknown command `%s%s%s`; did you mean %s?", of, blank, word,
			strbuf_text(&near));
	else
		err_set(err, EINVAL, "unknown command `%s%s%s`; the commands are %s", of, blank,
			word, strbuf_text(&all));
	arena_done(&arena);
	return -EINVAL;
}

static const struct cli_command *find_in(const struct cli_command *group, const char *word,
					 struct err *err)
{
	for (size_t i = 0; i < cli_commands.count; i++) {
		const char *name = cli_command_word(commands[i], group);

		/* Who knows the name of a hidden one may use it. */
		if (!name && !group && commands[i]->hidden)
			name = commands[i]->name;
		if (name && str_eq(name, word))
			return commands[i];
	}
	refuse_unknown(word, group, err);
	return NULL;
}

const struct cli_command *cli_command_find(const struct strings *words, size_t *ret_count,
					   struct err *err)
{
	const struct cli_command *command = NULL;
	size_t count = 0;

	while (!command ||
	       (!command->run && count < words->count && words->items[count][0] != '-')) {
		command = find_in(command, words->items[count++], err);
		if (!command)
			return NULL;
	}
	*ret_count = count;
	return command;
}

const struct cli_option *cli_option_at(const struct cli_command *command, size_t i)
{
	size_t count = command ? command->n_options : cli_global_options.count;
	const struct cli_option *options = command ? command->options : cli_global_options.items;

	if (i < count)
		return &options[i];
	return i == count ? &option_help : NULL;
}

static int check_arguments(const struct cli_command *command, const struct strings *args,
			   struct err *err)
{
	struct arena arena = { 0 };
	int r = 0;

	if (args->count > command->n_arguments && !command->takes_more)
		r = err_set(err, EINVAL, "unexpected argument `%s`; usage: `%s`",
			    args->items[command->n_arguments], cli_usage(command, &arena));
	else if (args->count < command->n_arguments && !command->arguments[args->count].optional)
		r = err_set(err, EINVAL, "missing argument %s; usage: `%s`",
			    command->arguments[args->count].name, cli_usage(command, &arena));
	arena_done(&arena);
	return r;
}

int cli_command_run(const struct cli_command *command, const struct cli_globals *globals,
		    const struct strings *words, struct arena *arena, struct err *err)
{
	const struct option_set set = {
		.command = command->name,
		.items = command->options,
		.count = command->n_options,
		.dash_argument = command->dash_argument,
		.stop_at_argument = command->stop_at_argument,
	};
	struct cli_call call = { .globals = globals, .arena = arena };
	struct options_rest rest;
	int r;

	call.options = arena_alloc(arena, command->options_size);
	r = options_parse(&set, words, call.options, arena, &rest, err);
	if (r < 0)
		return r;
	if (rest.help)
		return cli_print_help(command, arena, err);
	r = check_arguments(command, &rest.args, err);
	if (r < 0)
		return r;
	if (!command->run)
		return cli_print_help(command, arena, err);
	call.args = rest.args;
	r = command->enters_container ? sealed_exe_ensure(globals->argv, arena, err) : 0;
	if (r < 0)
		return r;
	return command->run(&call, err);
}

int cli_close_inherited(const struct cli_call *call, unsigned int preserved, struct err *err)
{
	fd_list_close(&call->globals->inherited, 3 + (int)preserved);
	for (unsigned int i = 0; i < preserved; i++) {
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return err_errno(err,
					 "--preserve-fds: unable to stat preserved-fd %u (of %u)",
					 3 + i, preserved);
	}
	return 0;
}
