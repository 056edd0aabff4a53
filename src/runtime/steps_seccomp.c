/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When init comes under the container's seccomp filter.
 *
 * With no_new_privs as late as possible: after it only startContainer hooks, if there are any, and execve(2).
 * Without, loading needs CAP_SYS_ADMIN, so it is done in lock-down before user and capabilities change, and
 * the filter has to allow what init still does: prctl, setgroups, setresgid, setresuid, capget, capset; stat,
 * faccessat2 or access, and reading /etc/passwd, to find the program; sendmsg, recvmsg, read, close, fcntl, dup3,
 * close_range and execve. The filters of docker, podman and containerd do.
 */
#include "runtime/steps.h"

bool wants_seccomp(const struct create *c)
{
	return c->config->linux.seccomp.set;
}

int step_compile_seccomp(struct create *c, struct err *err)
{
	return seccomp_program_make(&c->config->linux.seccomp, c->arena, &c->filter, err);
}

int load_seccomp(struct create *c, struct err *err)
{
	if (!wants_seccomp(c) || c->filter_loaded)
		return 0;
	c->filter_loaded = true;
	return seccomp_program_load(&c->filter, err);
}
