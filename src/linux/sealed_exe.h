/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protection of this program's own file (CVE-2019-5736): a container whose program is `#!/proc/self/exe`, or
 * whose root looks at /proc/PID/exe, must not get at a file that can be written to.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*
 * Make sure that this process runs from something that nobody can write to: a read-only mount. If it does not,
 * execute again, once, from a detached read-only copy of the mount that the binary is on (Linux 5.12), or,
 * where that is not permitted, from a sealed memfd.
 *
 * @argv: as main() got it
 * Returns 0 when it is safe, or -errno; does not return when it executes again. man 2 open_tree, memfd_create
 */
int sealed_exe_ensure(char **argv, struct arena *arena, struct err *err);
