/* SPDX-License-Identifier: Apache-2.0 */
/* Option rows that several commands share; @at is the member's offset in the command's structure. */
#pragma once

#include "cli/options.h"

/* clang-format off */
#define ROW_BUNDLE(at) \
	{ "bundle", 'b', OPTION_DIR, "DIR", \
	  "directory of config.json (default the current one)", at, NULL }
#define ROW_GPUS(at) \
	{ "gpus", 0, OPTION_TEXT, "WHAT", \
	  "GPUs (all, none, count=2, 0,1 or GPU-UUID)", at, &gpus_words }
#define ROW_PID_FILE(at) \
	{ "pid-file", 0, OPTION_FILE, "FILE", "write the pid of the program to FILE", at, NULL }
#define ROW_CONSOLE_SOCKET(at) \
	{ "console-socket", 0, OPTION_FILE, "PATH", \
	  "send the terminal to this AF_UNIX socket", at, NULL }
#define ROW_PRESERVE_FDS(at) \
	{ "preserve-fds", 0, OPTION_NUMBER, "N", \
	  "pass N more descriptors, from 3 on, to the program", at, NULL }
#define ROW_NO_NEW_KEYRING(at) \
	{ "no-new-keyring", 0, OPTION_FLAG, NULL, \
	  "stay in the session keyring of the caller", at, NULL }
#define ROW_NO_PIVOT(at) \
	{ "no-pivot", 0, OPTION_FLAG, NULL, \
	  "move instead of pivot_root, as on a ramdisk", at, NULL }
/* clang-format on */

/* What completion suggests for --gpus. */
static const struct name_value gpus_names[] = {
	{ "all", 0 },
	{ "none", 0 },
};
static const struct words gpus_words = WORDS(gpus_names, "GPUs");
