/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the create table that run hooks: when, in which process, with which state. */
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/hooks.h"
#include "runtime/steps.h"

static int run_hooks(struct create *c, const struct hook_call *call, struct err *err)
{
	return hooks_run(&c->config->hooks[call->kind], call, c->arena, err);
}

/* When nothing of the container is left. Without an init nothing was made that they could clean up after. */
void undo_read_config(struct create *c)
{
	if (c->record.init.pid > 0)
		hooks_poststop(&c->record, c->arena);
}

bool wants_runtime_hooks(const struct create *c)
{
	return c->config->hooks[OCI_HOOK_PRESTART].count ||
	       c->config->hooks[OCI_HOOK_CREATE_RUNTIME].count;
}

/* Namespaces and mounts are there, the root directory is still the host's. */
int step_runtime_hooks(struct create *c, struct err *err)
{
	struct hook_call call = {
		.kind = OCI_HOOK_PRESTART,
		.state = record_state(&c->record, "creating", c->record.init.pid),
		.cwd = c->record.bundle,
		.abort_fd = c->sync.fd,
	};
	int r = run_hooks(c, &call, err);

	call.kind = OCI_HOOK_CREATE_RUNTIME;
	return r < 0 ? r : run_hooks(c, &call, err);
}

bool wants_container_hooks(const struct create *c)
{
	return c->config->hooks[OCI_HOOK_CREATE_CONTAINER].count;
}

/* In the container's namespaces, but with paths of the host: before the pivot. */
int step_container_hooks(struct create *c, struct err *err)
{
	const struct hook_call call = {
		.kind = OCI_HOOK_CREATE_CONTAINER,
		.state = record_state(&c->record, "creating", getpid()),
		.abort_fd = -EBADF,
	};
	mode_t mask;
	int r;

	if (fchdir(c->new_root_fd) < 0)
		return err_errno(err, "enter the root file system");
	mask = umask(022);
	r = run_hooks(c, &call, err);
	umask(mask);
	return r;
}

bool wants_start_hooks(const struct create *c)
{
	return c->config->hooks[OCI_HOOK_START_CONTAINER].count;
}

/* As the container's user, with all that confines the program already in force. */
int step_start_hooks(struct create *c, struct err *err)
{
	const struct hook_call call = {
		.kind = OCI_HOOK_START_CONTAINER,
		.state = record_state(&c->record, "created", getpid()),
		.env = &c->config->process.env,
		.abort_fd = -EBADF,
	};
	int r = load_seccomp(c, err);

	return r < 0 ? r : run_hooks(c, &call, err);
}
