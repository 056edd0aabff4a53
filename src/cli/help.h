/* SPDX-License-Identifier: Apache-2.0 */
/* Help and version, printed from the tables. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "cli/commands.h"

/* `nvcrun kill [OPTION]... ID [SIGNAL]`, in @arena. @command: NULL for the program. */
char *cli_usage(const struct cli_command *command, struct arena *arena);

/* The name of its manual page: `nvcrun-nvidia-plan`. @command: NULL for the program. */
char *cli_page(const struct cli_command *command, struct arena *arena);

/* The help of a command, or of the program (NULL), in @arena. */
char *cli_help_text(const struct cli_command *command, struct arena *arena);

/* Print it on stdout. Returns 0 or -errno. */
int cli_print_help(const struct cli_command *command, struct arena *arena, struct err *err);

/* Print what --version shows: version, commit, specification, features. Returns 0 or -errno. */
int cli_print_version(struct arena *arena, struct err *err);
