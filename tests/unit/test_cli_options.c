/* SPDX-License-Identifier: Apache-2.0 */
/* cli/options: every way to write an option, every way to get it wrong; the global options. */
#include "cli/options.h"

#include <errno.h>

#include "base/log.h"
#include "cli/globals.h"
#include "runtime/create.h"
#include "test.h"

enum { FORMAT_TABLE, FORMAT_JSON };

struct values {
	const char *bundle;
	const char *gpus;
	const char *file;
	bool all;
	bool detach;
	int format;
};

static const struct name_value format_names[] = {
	{ "table", FORMAT_TABLE },
	{ "json", FORMAT_JSON },
};
static const struct words formats = WORDS(format_names, "format");

#define AT(member) offsetof(struct values, member)

static const struct cli_option rows[] = {
	{ "all", 'a', OPTION_FLAG, NULL, "all", AT(all), NULL },
	{ "bundle", 'b', OPTION_DIR, "DIR", "bundle", AT(bundle), NULL },
	{ "detach", 'd', OPTION_FLAG, NULL, "detach", AT(detach), NULL },
	{ "format", 'f', OPTION_WORD, NULL, "format", AT(format), &formats },
	{ "gpus", 0, OPTION_TEXT, "WHAT", "gpus", AT(gpus), NULL },
	{ "pid-file", 0, OPTION_FILE, "FILE", "file", AT(file), NULL },
};

static struct arena arena;

/* What a parse left. */
static struct values values;
static struct options_rest rest;
static struct err err;

static int parse_set(const struct option_set *set, const char *line)
{
	struct strings words = str_split(&arena, line, ' ', true);

	values = (struct values){ .format = -1 };
	rest = (struct options_rest){ 0 };
	err = (struct err){ 0 };
	return options_parse(set, &words, &values, &arena, &rest, &err);
}

/* Words of @line, one blank between two of them, read as those of `run`. */
static int parse(const char *line)
{
	const struct option_set set = { .command = "run",
					.items = rows,
					.count = ARRAY_SIZE(rows) };

	return parse_set(&set, line);
}

TEST(options_value_in_every_spelling)
{
	static const char *const lines[] = {
		"--bundle=/b", "--bundle /b", "-b /b", "-b/b", "-b=/b", "-bundle=/b", "-bundle /b",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		CHECK_INT(parse(lines[i]), 0);
		CHECK_STR(values.bundle, "/b");
		CHECK_INT(rest.args.count, 0);
	}
}

TEST(options_value_may_look_like_an_option)
{
	CHECK_INT(parse("--gpus --all --bundle=--="), 0);
	CHECK_STR(values.gpus, "--all");
	CHECK_STR(values.bundle, "--=");
	CHECK(!values.all);
}

TEST(options_text_may_be_empty_but_paths_not)
{
	CHECK_INT(parse("--gpus="), 0);
	CHECK_STR(values.gpus, "");
	CHECK_INT(parse("--bundle="), -EINVAL);
	CHECK_STR(err.text, "option `--bundle` has an empty path; see `nvcrun run --help`");
	CHECK_INT(parse("--pid-file="), -EINVAL);
	CHECK_INT(err.code, EINVAL);
}

TEST(options_flags)
{
	static const struct {
		const char *line;
		bool all, detach;
	} cases[] = {
		{ "--all", true, false },
		{ "-all", true, false },
		{ "-a", true, false },
		{ "-ad", true, true },
		{ "-da", true, true },
		{ "--all=true", true, false },
		{ "--all --all=false", false, false },
		{ "-a=true", true, false },
		{ "-da=false", false, true },
		{ "-detach=true", false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_INT(parse(cases[i].line), 0);
		CHECK_INT(values.all, cases[i].all);
		CHECK_INT(values.detach, cases[i].detach);
	}
}

TEST(options_flags_take_no_word_of_their_own)
{
	CHECK_INT(parse("--all false"), 0);
	CHECK(values.all);
	CHECK_INT(rest.args.count, 1);
	CHECK_STR(rest.args.items[0], "false");
}

TEST(options_flags_and_values_in_one_cluster)
{
	CHECK_INT(parse("-adb /b"), 0);
	CHECK(values.all && values.detach);
	CHECK_STR(values.bundle, "/b");
	CHECK_INT(parse("-ab/b"), 0);
	CHECK_STR(values.bundle, "/b");
	CHECK_INT(parse("-bad"), 0);
	CHECK_STR(values.bundle, "ad");
	CHECK(!values.all);
}

TEST(options_one_dash_with_an_exact_long_name_only)
{
	/* `-al` is no long option: -a, then an unknown -l. */
	CHECK_INT(parse("-al"), -EINVAL);
	CHECK_STR(err.text, "unknown option `-l` for `run`; see `nvcrun run --help`");
	CHECK_INT(parse("-alll"), -EINVAL);
	CHECK_INT(parse("--al"), -EINVAL);
	CHECK_STR(err.text, "unknown option `--al` for `run`; see `nvcrun run --help`");
}

TEST(options_words)
{
	CHECK_INT(parse("--format json"), 0);
	CHECK_INT(values.format, FORMAT_JSON);
	CHECK_INT(parse("-fjson -ftable"), 0);
	CHECK_INT(values.format, FORMAT_TABLE);
	CHECK_INT(parse("--format=JSON"), -EINVAL);
	CHECK_STR(err.text, "option `--format` takes `table` or `json`, not `JSON`; "
			    "see `nvcrun run --help`");
	CHECK_INT(values.format, -1);
}

TEST(options_errors)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
		{ "--foo", "unknown option `--foo` for `run`; see `nvcrun run --help`" },
		{ "--foo=bar", "unknown option `--foo` for `run`; see `nvcrun run --help`" },
		{ "-x", "unknown option `-x` for `run`; see `nvcrun run --help`" },
		{ "-9", "unknown option `-9` for `run`; see `nvcrun run --help`" },
		{ "-foo", "option `--format` takes `table` or `json`, not `oo`; "
			  "see `nvcrun run --help`" },
		{ "---all", "unknown option `---all` for `run`; see `nvcrun run --help`" },
		{ "--=x", "unknown option `--` for `run`; see `nvcrun run --help`" },
		{ "-=", "unknown option `-=` for `run`; see `nvcrun run --help`" },
		{ "--bundle", "option `--bundle` needs a value; see `nvcrun run --help`" },
		{ "-ab", "option `--bundle` needs a value; see `nvcrun run --help`" },
		{ "--all=yes", "option `--all` takes `true` or `false`, not `yes`; "
			       "see `nvcrun run --help`" },
		{ "--all=", "option `--all` takes `true` or `false`, not ``; "
			    "see `nvcrun run --help`" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_INT(parse(cases[i].line), -EINVAL);
		CHECK_STR(err.text, cases[i].text);
		CHECK_INT(err.code, EINVAL);
		CHECK_INT(rest.args.count, 0);
	}
}

TEST(options_a_very_long_word_is_cut_and_the_hint_kept)
{
	char word[8192] = "--";

	memset(word + 2, 'x', sizeof(word) - 3);
	word[sizeof(word) - 1] = '\0';
	CHECK_INT(parse(word), -EINVAL);
	CHECK_HAS(err.text, "; see `nvcrun run --help`");
}

TEST(options_the_last_one_wins)
{
	CHECK_INT(parse("-b /1 --bundle=/2 x -b/3"), 0);
	CHECK_STR(values.bundle, "/3");
}

TEST(options_follow_arguments)
{
	CHECK_INT(parse("id -d - --bundle /b"), 0);
	CHECK(values.detach);
	CHECK_INT(rest.args.count, 2);
	CHECK_STR(rest.args.items[0], "id");
	CHECK_STR(rest.args.items[1], "-");
}

TEST(options_end_at_two_dashes)
{
	CHECK_INT(parse("-d -- --all -- -b"), 0);
	CHECK(values.detach && !values.all);
	CHECK_INT(rest.args.count, 3);
	CHECK_STR(rest.args.items[0], "--all");
	CHECK_STR(rest.args.items[1], "--");
	CHECK_STR(rest.args.items[2], "-b");
}

TEST(options_stop_at_the_first_argument_where_asked)
{
	const struct option_set set = { .items = rows,
					.count = ARRAY_SIZE(rows),
					.stop_at_argument = true };

	CHECK_INT(parse_set(&set, "-d run --foo -- -a"), 0);
	CHECK(values.detach && !values.all);
	CHECK_INT(rest.args.count, 4);
	CHECK_STR(rest.args.items[1], "--foo");
	CHECK_STR(rest.args.items[2], "--");
	CHECK_INT(parse_set(&set, "--foo run"), -EINVAL);
	CHECK_STR(err.text, "unknown option `--foo`; see `nvcrun --help`");
}

TEST(options_dash_argument)
{
	const struct option_set set = {
		.command = "kill", .items = rows, .count = 1, .dash_argument = 1
	};

	CHECK_INT(parse_set(&set, "id -9"), 0);
	CHECK_INT(rest.args.count, 2);
	CHECK_STR(rest.args.items[1], "-9");
	CHECK_INT(parse_set(&set, "id -KILL -a"), 0);
	CHECK_STR(rest.args.items[1], "-KILL");
	CHECK(values.all);
	CHECK_INT(parse_set(&set, "id -all 9"), 0);
	CHECK(values.all);
	CHECK_STR(rest.args.items[1], "9");
	/* Only there. */
	CHECK_INT(parse_set(&set, "-9 id"), -EINVAL);
	CHECK_INT(parse_set(&set, "id 9 -9"), -EINVAL);
	CHECK_INT(parse_set(&set, "id --9"), -EINVAL);
	CHECK_STR(err.text, "unknown option `--9` for `kill`; see `nvcrun kill --help`");
}

TEST(options_help_ends_everything)
{
	static const char *const lines[] = { "--help", "-h", "-help", "-dh", "x --help --foo" };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		CHECK_INT(parse(lines[i]), 0);
		CHECK(rest.help);
	}
	CHECK_INT(parse("-- --help"), 0);
	CHECK(!rest.help);
	CHECK_INT(parse("--help=false x"), 0);
	CHECK(!rest.help);
	CHECK_STR(rest.args.items[0], "x");
}

TEST(options_headings)
{
	static const char *const headings[] = {
		"-a, --all",   "-b, --bundle DIR", "-d, --detach", "-f, --format table|json",
		"--gpus WHAT", "--pid-file FILE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(headings); i++) {
		struct strbuf heading = { .arena = &arena };

		option_heading(&rows[i], &heading);
		CHECK_STR(strbuf_text(&heading), headings[i]);
	}
}

static struct cli_globals globals;

static int parse_globals(const char *line)
{
	struct strings words = str_split(&arena, line, ' ', true);

	err = (struct err){ 0 };
	rest = (struct options_rest){ 0 };
	return cli_globals_parse(&words, &arena, &globals, &rest, &err);
}

TEST(globals_defaults)
{
	CHECK_INT(parse_globals("run x"), 0);
	CHECK(!globals.root && !globals.log && !globals.settings && !globals.version);
	CHECK_INT(globals.log_level, LOG_LEVEL_WARNING);
	CHECK_INT(globals.log_format, LOG_FORMAT_TEXT);
	CHECK_INT(rest.args.count, 2);
	CHECK_INT(parse_globals(""), 0);
	CHECK_INT(rest.args.count, 0);
}

TEST(globals_as_engines_give_them)
{
	CHECK_INT(parse_globals("--root /r --log=/l --log-format json --settings /s kill --all x"),
		  0);
	CHECK_STR(globals.root, "/r");
	CHECK_STR(globals.log, "/l");
	CHECK_STR(globals.settings, "/s");
	CHECK_INT(globals.log_format, LOG_FORMAT_JSON);
	CHECK_STR(rest.args.items[0], "kill");
	CHECK_STR(rest.args.items[1], "--all");
}

TEST(globals_cgroup_manager)
{
	CHECK_INT(parse_globals("list"), 0);
	CHECK_INT(globals.cgroup_manager, CG_CGROUPFS);
	CHECK_INT(globals.rootless, ROOTLESS_AUTO);
	CHECK_INT(parse_globals("--systemd-cgroup list"), 0);
	CHECK_INT(globals.cgroup_manager, CG_SYSTEMD);
	CHECK_INT(parse_globals("--cgroup-manager disabled --rootless=false list"), 0);
	CHECK_INT(globals.cgroup_manager, CG_DISABLED);
	CHECK_INT(globals.rootless, ROOTLESS_FALSE);
	CHECK_INT(parse_globals("--cgroup-manager none list"), -EINVAL);
	CHECK_HAS(err.text, "`cgroupfs` or `systemd` or `disabled`, not `none`");
}

TEST(globals_debug_is_the_lowest_level)
{
	CHECK_INT(parse_globals("--log-level error --debug list"), 0);
	CHECK_INT(globals.log_level, LOG_LEVEL_DEBUG);
	CHECK_INT(parse_globals("--log-level info --debug=false list"), 0);
	CHECK_INT(globals.log_level, LOG_LEVEL_INFO);
}

TEST(globals_root_is_absolute_and_not_all_of_the_host)
{
	static const char *const roots[] = { "--root /", "--root //.", "--root=/x/..",
					     "--root ../../../../../../../../../../../../../.." };

	CHECK_INT(parse_globals("--root some/dir list"), 0);
	CHECK(globals.root[0] == '/');
	CHECK(str_has_suffix(globals.root, "/some/dir"));
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		CHECK_INT(parse_globals(roots[i]), -EINVAL);
		CHECK_STR(err.text, "option `--root` may not be `/`");
	}
}

TEST_MAIN()
