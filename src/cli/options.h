/* SPDX-License-Identifier: Apache-2.0 */
/* Options as rows: one table is parsed, printed as help, completed by shells and compared with man. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/decode.h"
#include "base/err.h"
#include "base/str.h"

enum option_kind {
	OPTION_FLAG,   /* bool: --name, --name=true, --name=false */
	OPTION_TEXT,   /* const char *; the words, if any, are suggestions */
	OPTION_FILE,   /* const char *: a host path, not empty */
	OPTION_DIR,    /* the same, completed as a directory */
	OPTION_WORD,   /* int: the value of one of the words */
	OPTION_LIST,   /* struct strings: may be repeated, values in order */
	OPTION_NUMBER, /* unsigned int */
};

/* One row. Completion scripts quote the help text in '…' and […]: it holds none of ' [ ] and \. */
struct cli_option {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	const char *argument;	   /* its value in help: `DIR`; NULL for flags and words */
	const char *help;	   /* a phrase without full stop */
	size_t offset;		   /* of the value in the structure that options_parse() fills */
	const struct words *words; /* NULL: none */
};

/* --help, -h: understood beside every table. */
extern const struct cli_option option_help;

/* A table and how its command reads words. */
struct option_set {
	const char *command; /* for errors; NULL: the global options */
	const struct cli_option *items;
	size_t count;
	bool stop_at_argument; /* what follows the first argument is not looked at */
	/*
	 * After so many arguments a word with one dash that starts with no letter of the table is an
	 * argument (`kill ID -9`); 0: never.
	 */
	size_t dash_argument;
};

struct options_rest {
	bool help; /* --help was met: parsing stopped there */
	struct strings args;
};

/*
 * Sort words into options and arguments.
 *
 * @words:  without program or command name; values and arguments refer to them
 * @values: structure of the caller with its defaults; the values met before an error are in it
 * @arena:  holds the list of arguments
 *
 * Options are written --name=VALUE, --name VALUE, -n VALUE, -nVALUE, -n=VALUE; flags only take
 * =true and =false; letters of flags may be joined. One dash with the exact name of a long option (up to
 * `=`) is that option. The last of repeated options wins, but for lists. `--` ends the options, `-` is an argument.
 *
 * Returns 0 or -EINVAL; the words name the option and where its help is.
 */
int options_parse(const struct option_set *set, const struct strings *words, void *values,
		  struct arena *arena, struct options_rest *ret, struct err *err);

/* `-b, --bundle DIR`, `--format table|json`: an option as help and man pages show it. */
void option_heading(const struct cli_option *option, struct strbuf *out);

/* Whether the option takes a value of its own word. */
static inline bool option_has_value(const struct cli_option *option)
{
	return option->kind != OPTION_FLAG;
}
