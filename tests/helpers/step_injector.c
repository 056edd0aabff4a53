/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step injector, in tests/helpers/nvcrun-inject only: NVCRUN_INJECT=ROW:fail makes a row of the create
 * table fail, ROW:kill kills the process that is about to run it, on its side.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/str.h"
#include "runtime/steps.h"

/* The first process of a pid namespace is deaf to its own SIGKILL, but not to a fault. */
static _Noreturn void die(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core file */
	raise(SIGKILL);
	signal(SIGILL, SIG_DFL);
	__builtin_trap();
}

int step_inject(const char *name, struct err *err)
{
	const char *wish = getenv("NVCRUN_INJECT");
	const char *action = wish ? str_after(wish, name) : NULL;

	if (!action || *action != ':')
		return 0;
	if (str_eq(action, ":kill"))
		die();
	if (str_eq(action, ":fail"))
		return err_set(err, EIO, "failed on request");
	return 0;
}
