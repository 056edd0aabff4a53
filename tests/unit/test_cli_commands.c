/* SPDX-License-Identifier: Apache-2.0 */
/* cli/commands, help, tables: all rows keep the rules that help, completion and man rely on. */
#include "cli/commands.h"

#include <errno.h>

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/print_table.h"
#include "test.h"

static struct arena arena;

#define EACH_COMMAND(command)                                                             \
	for (size_t i_ = 0; i_ < cli_commands.count; i_++)                                \
		for (const struct cli_command *command = cli_commands.items[i_]; command; \
		     command = NULL)

/* Completion scripts quote these texts without escapes. */
static bool is_plain_phrase(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < 80 && text[len - 1] != '.' && !strpbrk(text, "'[]\\\n\t`$");
}

TEST(commands_are_sorted_and_complete)
{
	const char *before = "";

	CHECK(cli_commands.count >= 10);
	EACH_COMMAND(command)
	{
		CHECK(strcmp(before, command->name) < 0);
		CHECK(is_plain_phrase(command->summary));
		CHECK(command->run || command->arguments->kind == ARGUMENT_COMMAND);
		CHECK(!command->n_options || command->options_size);
		CHECK(command->hidden == (command->name[0] == '_'));
		before = command->name;
	}
}

TEST(commands_optional_arguments_come_last)
{
	EACH_COMMAND(command)
	{
		bool optional = false;

		for (size_t i = 0; i < command->n_arguments; i++) {
			CHECK(*command->arguments[i].name);
			CHECK(!optional || command->arguments[i].optional);
			optional = command->arguments[i].optional;
		}
	}
}

static void check_option(const struct cli_option *option)
{
	CHECK(strlen(option->name) > 1);
	CHECK(strspn(option->name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
	      strlen(option->name));
	CHECK(is_plain_phrase(option->help));
	CHECK(option->kind != OPTION_FLAG || (!option->argument && !option->words));
	CHECK(option->kind != OPTION_WORD || (!option->argument && option->words->count));
	CHECK(option->kind == OPTION_FLAG || option->kind == OPTION_WORD || option->argument);
}

/* The program's own options (NULL), then those of every command. */
static void check_options(const struct cli_command *command)
{
	const struct cli_option *option, *other;

	for (size_t i = 0; (option = cli_option_at(command, i)); i++) {
		check_option(option);
		for (size_t j = 0; j < i && (other = cli_option_at(command, j)); j++) {
			CHECK(!option->letter || option->letter != other->letter);
			/* --help is last, whatever the alphabet says. */
			CHECK(option == &option_help ? !str_eq(other->name, option->name)
						     : strcmp(other->name, option->name) < 0);
		}
	}
}

TEST(commands_options_are_sorted_and_unambiguous)
{
	check_options(NULL);
	EACH_COMMAND(command)
	check_options(command);
}

TEST(commands_values_fit_their_structure)
{
	EACH_COMMAND(command)
	{
		for (size_t i = 0; i < command->n_options; i++)
			CHECK(command->options[i].offset < command->options_size);
	}
}

static const struct cli_command *find(const char *line, struct err *err)
{
	struct strings words = str_split(&arena, line, ' ', true);
	size_t count;

	if (!words.count)
		VEC_PUSH(&words, &arena, "");
	return cli_command_find(&words, &count, err);
}

TEST(commands_are_found)
{
	struct err err = { 0 };

	EACH_COMMAND(command)
	CHECK(find(command->name, &err) == command);
	CHECK_INT(err.code, 0);
}

TEST(commands_of_a_group_need_its_name)
{
	struct strings words = str_split(&arena, "nvidia plan nvidia", ' ', false);
	struct strings one = { 0 };
	struct err err = { 0 };
	size_t count;

	CHECK(cli_command_find(&words, &count, &err) == &cli_nvidia_plan);
	CHECK_INT(count, 2);
	CHECK(find("nvidia", &err) == &cli_nvidia);
	CHECK(find("nvidia --help", &err) == &cli_nvidia);
	CHECK(!find("plan", &err));
	/* Two words, not one with a blank. */
	VEC_PUSH(&one, &arena, "nvidia plan");
	CHECK(!cli_command_find(&one, &count, &err));
	CHECK_HAS(err.text, "unknown command `nvidia plan`; the commands are create, ");
}

TEST(commands_of_a_group_are_its_words)
{
	CHECK_STR(cli_command_word(&cli_nvidia_plan, &cli_nvidia), "plan");
	CHECK(!cli_command_word(&cli_nvidia_plan, NULL));
	CHECK_STR(cli_command_word(&cli_nvidia, NULL), "nvidia");
	CHECK(!cli_command_word(&cli_nvidia, &cli_nvidia));
	CHECK(!cli_command_word(&cli_list, &cli_nvidia));
	CHECK(!cli_command_word(&cli_complete, NULL));
}

TEST(commands_unknown_ones_name_the_near_ones)
{
	static const struct {
		const char *word, *text;
	} cases[] = {
		{ "stat", "unknown command `stat`; did you mean `start` or `state`?" },
		{ "rum", "unknown command `rum`; did you mean `run`?" },
		{ "kreate", "unknown command `kreate`; did you mean `create`?" },
		{ "del", "unknown command `del`; did you mean `delete`?" },
		{ "nvidia plam", "unknown command `nvidia plam`; did you mean `nvidia plan`?" },
		{ "nvidia kill", "unknown command `nvidia kill`; the commands are info, plan" },
	};
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK(!find(cases[i].word, &err));
		CHECK_STR(err.text, cases[i].text);
		CHECK_INT(err.code, EINVAL);
	}
}

TEST(commands_without_a_near_one_all_are_named)
{
	static const char *const words[] = { "", "xyzzy", "rm",
					     "a-word-that-is-longer-than-any-command" };
	struct err err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		CHECK(!find(words[i], &err));
		CHECK_HAS(err.text, "; the commands are create, delete, ");
		CHECK(!strstr(err.text, "__complete"));
	}
}

static int run_words(const char *name, const char *line, struct err *err)
{
	struct strings words = str_split(&arena, line, ' ', false);
	static const struct cli_globals globals;

	return cli_command_run(find(name, NULL), &globals, &words, &arena, err);
}

TEST(commands_count_their_arguments)
{
	struct err err = { 0 };

	CHECK_INT(run_words("state", "", &err), -EINVAL);
	CHECK_STR(err.text, "missing argument ID; usage: `nvcrun state ID`");
	CHECK_INT(run_words("kill", "", &err), -EINVAL);
	CHECK_STR(err.text, "missing argument ID; usage: `nvcrun kill [OPTION]... ID [SIGNAL]`");
	CHECK_INT(run_words("kill", "a -9 c", &err), -EINVAL);
	CHECK_STR(err.text,
		  "unexpected argument `c`; usage: `nvcrun kill [OPTION]... ID [SIGNAL]`");
	CHECK_INT(run_words("features", "x", &err), -EINVAL);
	CHECK_STR(err.text, "unexpected argument `x`; usage: `nvcrun features`");
	CHECK_INT(run_words("run", "--foo", &err), -EINVAL);
	CHECK_STR(err.text, "unknown option `--foo` for `run`; see `nvcrun run --help`");
}

TEST(commands_kill_knows_its_signals)
{
	struct err err = { 0 };

	CHECK_INT(run_words("kill", "x SIGFOO", &err), -EINVAL);
	CHECK_HAS(err.text, "unknown signal `SIGFOO`");
	CHECK_INT(run_words("kill", "x -FOO", &err), -EINVAL);
	CHECK_HAS(err.text, "unknown signal `-FOO`");
}

TEST(help_shows_every_row)
{
	char *program = cli_help_text(NULL, &arena);

	CHECK_HAS(program, "Usage: nvcrun [GLOBAL OPTION]... COMMAND");
	CHECK_HAS(program, "\n      --log-format text|json  ");
	EACH_COMMAND(command)
	{
		char *text = cli_help_text(command, &arena);
		const struct cli_option *option;

		CHECK(!!strstr(program, command->summary) == !!cli_command_word(command, NULL));
		CHECK_HAS(text, cli_usage(command, &arena));
		for (size_t i = 0; (option = cli_option_at(command, i)); i++)
			CHECK_HAS(text, option->help);
	}
}

static void check_width(const struct cli_command *command)
{
	struct strings lines = str_split(&arena, cli_help_text(command, &arena), '\n', false);

	VEC_EACH(line, &lines)
		CHECK(strlen(*line) <= 80);
}

TEST(help_of_a_group_shows_its_commands)
{
	char *text = cli_help_text(&cli_nvidia, &arena);

	CHECK_HAS(text, "Usage: nvcrun nvidia [COMMAND]\n");
	CHECK_HAS(text, "\nCommands:\n  info  ");
	CHECK_HAS(text, cli_nvidia_plan.summary);
	CHECK(!strstr(text, cli_list.summary));
	CHECK_HAS(cli_help_text(&cli_nvidia_plan, &arena), "\nMore: man nvcrun-nvidia-plan\n");
}

TEST(help_lines_fit_a_terminal)
{
	check_width(NULL);
	EACH_COMMAND(command)
	check_width(command);
}

TEST(completion_scripts_offer_every_row)
{
	static void (*const printers[])(struct strbuf *) = { completion_bash, completion_fish,
							     completion_zsh };

	for (size_t i = 0; i < ARRAY_SIZE(printers); i++) {
		struct strbuf out = { .arena = &arena };

		printers[i](&out);
		CHECK(!strstr(strbuf_text(&out), "__complete options"));
		EACH_COMMAND(command)
		{
			const char *blank = strrchr(command->name, ' ');
			const struct cli_option *option;

			if (command->hidden)
				continue;
			CHECK_HAS(strbuf_text(&out), blank ? blank + 1 : command->name);
			for (size_t j = 0; (option = cli_option_at(command, j)); j++)
				CHECK_HAS(strbuf_text(&out), option->name);
		}
	}
}

TEST(table_columns_are_aligned_in_characters)
{
	static const char *const rows[][3] = {
		{ "ID", "BUNDLE", "OWNER" },
		{ "a-long-name", "/é", NULL },
		{ "b", "", "#7" },
	};
	struct table table = { .arena = &arena, .n_columns = 3 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table_add(&table, rows[i]);
	CHECK_STR(table_print(&table), "ID            BUNDLE      OWNER\n"
				       "a-long-name   /é          \n"
				       "b                         #7\n");
}

TEST(table_holds_nothing_that_a_terminal_obeys)
{
	static const char *const cells[] = { "a\033[31mb\n\t\177", "\xc2\x9b!\xff\xc3" };
	struct table table = { .arena = &arena, .n_columns = 2 };

	table_add(&table, cells);
	CHECK_STR(table_print(&table), "a?[31mb???   ?!??\n");
}

TEST_MAIN()
