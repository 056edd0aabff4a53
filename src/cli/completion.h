/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts of shells, printed from the tables and committed below completions/. */
#pragma once

#include "base/str.h"
#include "cli/commands.h"

/* Call @emit for the program (NULL), then for every command that is not hidden. */
void completion_each(struct strbuf *out,
		     void (*emit)(struct strbuf *out, const struct cli_command *command));

/* `all none`: the words of an option or of the signals, with blanks between them. */
void completion_add_words(struct strbuf *out, const struct words *words);

/* `create delete …`: the words that @group (NULL: the program) calls its commands by. */
void completion_add_commands(struct strbuf *out, const struct cli_command *group);

/* A command in one word: `nvidia-plan`; empty for the program (NULL). */
const char *completion_name(const struct cli_command *command, struct arena *arena);

/* Whether what follows @command (NULL: the program) is a command again. */
static inline bool completion_is_group(const struct cli_command *command)
{
	return !command || !command->run;
}

/* The scripts. */
void completion_bash(struct strbuf *out);
void completion_fish(struct strbuf *out);
void completion_zsh(struct strbuf *out);
