/* SPDX-License-Identifier: Apache-2.0 */
/* Making init. */
#include "linux/clone.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "base/syscalls.h"

uint64_t namespaces_new(const struct oci_linux *linux)
{
	static const uint64_t flags[OCI_NS_COUNT] = {
		[OCI_NS_PID] = CLONE_NEWPID,	   [OCI_NS_NETWORK] = CLONE_NEWNET,
		[OCI_NS_MOUNT] = CLONE_NEWNS,	   [OCI_NS_IPC] = CLONE_NEWIPC,
		[OCI_NS_UTS] = CLONE_NEWUTS,	   [OCI_NS_USER] = CLONE_NEWUSER,
		[OCI_NS_CGROUP] = CLONE_NEWCGROUP, [OCI_NS_TIME] = CLONE_NEWTIME,
	};
	uint64_t all = 0;

	for (int type = 0; type < OCI_NS_COUNT; type++) {
		if (linux->namespaces[type].present && !linux->namespaces[type].path)
			all |= flags[type];
	}
	return all;
}

/* clone(2) as the kernel has it; the argument order differs on s390 and cris only. */
static pid_t clone_old(uint64_t flags)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)flags | SIGCHLD, 0, 0, 0, 0);
}

/*
 * Anything but success with CLONE_INTO_CGROUP is tried again without: an old kernel (E2BIG, EINVAL), a
 * threaded or busy cgroup, a filter. Entering later names the real reason.
 */
static pid_t clone_into(uint64_t flags, int cgroup_fd)
{
	struct sys_clone_args args = { .flags = flags | CLONE_INTO_CGROUP,
				       .exit_signal = SIGCHLD,
				       .cgroup = (uint64_t)cgroup_fd };

	return sys_clone3(&args);
}

int clone_init(uint64_t flags, int cgroup_fd, struct clone_result *ret, struct err *err)
{
	struct clone_result result = { 0 };

	if (cgroup_fd >= 0) {
		result.in_cgroup = true;
		result.pid = clone_into(flags, cgroup_fd);
		if (result.pid >= 0) {
			*ret = result;
			return 0;
		}
		result.in_cgroup = false;
	}
	/* A cgroup namespace shows the cgroup of its making as `/`: make it after entering. */
	result.pending = flags & CLONE_NEWCGROUP;
	result.pid = clone_old(flags & ~(uint64_t)CLONE_NEWCGROUP);
	if (result.pid < 0 && errno == ENOSPC)
		return err_set(err, ENOSPC,
			       "clone: too many namespaces (see /proc/sys/user/max_*_namespaces)");
	if (result.pid < 0)
		return err_errno(err, "clone with new namespaces");
	*ret = result;
	return 0;
}

int clone_finish_namespaces(uint64_t pending, struct err *err)
{
	if (pending && unshare((int)pending) < 0)
		return err_errno(err, "unshare the cgroup namespace");
	return 0;
}
