/* SPDX-License-Identifier: Apache-2.0 */
/* process.args[0] -> the program, as execvp(3) would find it, with the engines' error texts. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Find the program, as the user and in the directory that it will run with.
 *
 * @name: process.args[0]; with a slash: taken as it is, relative to the cwd
 * @env:  the container's environment: its PATH is searched (default: the usual six directories)
 *
 * -ENOENT: `exec: "foo": executable file not found in $PATH: no such file or directory`
 * -EACCES: `exec: "/foo": permission denied`, also for a directory (`is a directory`)
 */
int program_find(const char *name, const struct strings *env, struct arena *arena,
		 const char **ret_path, struct err *err);

/*
 * Make process.cwd in the root file system when it is missing, before the root becomes read-only.
 * What cannot be made is left to program_enter_cwd() to name.
 */
void program_make_cwd(int root_fd, const char *cwd);

/*
 * Enter process.cwd. What getcwd(2) says afterwards must be a path of the container: a
 * descriptor's directory outside of it is refused (CVE-2024-21626).
 */
int program_enter_cwd(const char *cwd, struct err *err);
