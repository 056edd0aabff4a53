/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: create and start in one walk, then stay in the foreground until the program ends. */
#include <errno.h>

#include "base/fd.h"
#include "runtime/commands.h"
#include "runtime/create.h"
#include "runtime/hooks.h"
#include "runtime/steps.h"
#include "runtime/tty_relay.h"

/* Wait for the program's end; whatever happens here, nothing of a container that is not kept may stay. */
static int stay(struct create *c, int *ret_code, struct err *err)
{
	const struct create_options *options = c->options;
	struct err ignored;
	int status = 0;
	int r;

	r = tty_relay_wait(&c->record.init, c->sync.passed_fd, &status, err);
	if (options->keep && r == 0) {
		*ret_code = proc_exit_code(status);
		return 0;
	}
	/* An error of the relay explains more than one of the clean-up that follows from it. */
	if (r < 0) {
		(void)runtime_delete(options->root, options->id, true, c->arena, &ignored);
		return r;
	}
	r = runtime_delete(options->root, options->id, true, c->arena, err);
	if (r == 0)
		*ret_code = proc_exit_code(status);
	return r;
}

/* A container whose poststart hook fails must go. runtime.md § Lifecycle, 9. */
static int poststart(struct create *c, struct err *err)
{
	struct err ignored;
	int r = hooks_poststart(&c->record, c->arena, err);

	if (r < 0)
		(void)runtime_delete(c->options->root, c->options->id, true, c->arena, &ignored);
	return r;
}

int runtime_run(const struct create_options *options, struct arena *arena, int *ret_code,
		struct err *err)
{
	struct create c;
	int r;

	create_init(&c, options, arena);
	r = create_walk(&c, &create_table, err);
	/* The lock: delete, here or from another process, takes it. */
	fd_close(steal_fd(&c.record_fd));
	if (r == 0)
		r = poststart(&c, err);
	if (r == 0 && options->detach)
		*ret_code = 0;
	else if (r == 0)
		r = stay(&c, ret_code, err);
	create_done(&c);
	return r;
}
