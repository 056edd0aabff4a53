/* SPDX-License-Identifier: Apache-2.0 */
/* Making init. */
#include "linux/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/syscalls.h"

/*
 * clone(2) as the kernel has it; the argument order differs on s390 and cris only. With CLONE_PARENT the
 * exit signal is that of the caller and must not be given to clone3.
 */
static pid_t clone_old(uint64_t flags)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)flags | SIGCHLD, 0, 0, 0, 0);
}

static pid_t clone_into(uint64_t flags, int cgroup_fd)
{
	struct sys_clone_args args = { .flags = flags | CLONE_INTO_CGROUP,
				       .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
				       .cgroup = (uint64_t)cgroup_fd };

	return sys_clone3(&args);
}

/*
 * Anything but success with CLONE_INTO_CGROUP is tried again without: an old kernel (E2BIG, EINVAL), a
 * threaded or busy cgroup, a filter. Entering later names the real reason.
 */
static int clone_now(uint64_t flags, int cgroup_fd, struct clone_result *ret, struct err *err)
{
	struct clone_result result = { 0 };

	/*
	 * A cgroup namespace shows the cgroups of its making as `/`. The clone enters v2 only; those of v1
	 * follow: make it when all are entered.
	 */
	result.pending = flags & CLONE_NEWCGROUP;
	flags &= ~(uint64_t)CLONE_NEWCGROUP;
	if (cgroup_fd >= 0) {
		result.in_cgroup = true;
		result.pid = clone_into(flags, cgroup_fd);
		if (result.pid >= 0) {
			*ret = result;
			return 0;
		}
		result.in_cgroup = false;
	}
	result.pid = clone_old(flags);
	if (result.pid < 0 && errno == ENOSPC)
		return err_set(err, ENOSPC,
			       "clone: too many namespaces (see /proc/sys/user/max_*_namespaces)");
	if (result.pid < 0)
		return err_errno(err, "clone with new namespaces");
	*ret = result;
	return 0;
}

/* What the process in between tells the host. */
struct join_report {
	int code; /* 0 or -errno */
	struct clone_result result;
	struct err err;
};

/* A new time namespace gets its offsets before anything runs in it. man 7 time_namespaces. */
static int make_time_namespace(const struct clone_request *request, struct err *err)
{
	int r;

	if (!(request->flags & CLONE_NEWTIME))
		return 0;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_errno(err, "unshare the time namespace");
	if (!request->time_offsets)
		return 0;
	r = fd_write_file(AT_FDCWD, "/proc/self/timens_offsets", request->time_offsets);
	return r < 0 ? err_code(err, r, "linux.timeOffsets: write /proc/self/timens_offsets") : 0;
}

/*
 * Root of the container may see us as soon as we are in its pid namespace, and root of its user namespace may
 * trace whom it owns: not who is not dumpable. (With a new user namespace the host still has to write maps, and a
 * plain user may do that to a dumpable process only; nobody is in that namespace yet.)
 */
static int hide(const struct clone_request *request, struct err *err)
{
	if (geteuid() != 0 || (request->flags & CLONE_NEWUSER))
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(err, "become untraceable");
	return 0;
}

/* In the process in between: returns in init, else it tells the host and ends. */
static void join_and_clone(const struct clone_request *request, int report_fd, bool in_cgroup,
			   struct clone_result *ret)
{
	struct join_report report = { 0 };
	uint64_t flags = (request->flags & ~(uint64_t)CLONE_NEWTIME) | CLONE_PARENT;

	report.code = make_time_namespace(request, &report.err);
	if (report.code == 0)
		report.code = hide(request, &report.err);
	if (report.code == 0)
		report.code = namespaces_join(request->joins, &report.err);
	namespaces_close(request->joins);
	fd_close(steal_fd(request->cgroup_fd));
	if (report.code == 0)
		report.code = clone_now(flags, -EBADF, &report.result, &report.err);
	report.result.in_cgroup = in_cgroup;
	if (report.code == 0 && report.result.pid == 0) {
		fd_close(report_fd);
		*ret = report.result;
		return;
	}
	(void)fd_write_all(report_fd, &report, sizeof(report));
	_exit(0);
}

static int read_report(int fd, struct clone_result *ret, struct err *err)
{
	struct join_report report;
	ssize_t n;

	do
		n = read(fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(report))
		return err_set(err, ESRCH, "the process that joins namespaces died");
	if (report.code < 0) {
		*err = report.err;
		return report.code;
	}
	*ret = report.result;
	return 0;
}

static int clone_by_joiner(const struct clone_request *request, struct clone_result *ret,
			   struct err *err)
{
	cleanup_close int read_fd = -EBADF, write_fd = -EBADF;
	struct clone_result joiner;
	int pipe_fds[2], status, r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe");
	read_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	/* It is born in the cgroup, and init with it: the descriptor need not go further. */
	r = clone_now(0, *request->cgroup_fd, &joiner, err);
	if (r < 0)
		return err_prefix(err, "join namespaces");
	if (joiner.pid == 0) {
		fd_close(steal_fd(&read_fd));
		join_and_clone(request, steal_fd(&write_fd), joiner.in_cgroup, ret);
		return 0;
	}
	fd_close(steal_fd(&write_fd));
	r = read_report(read_fd, ret, err);
	(void)proc_wait_child(joiner.pid, &status);
	return r;
}

int clone_init(const struct clone_request *request, struct clone_result *ret, struct err *err)
{
	if (namespaces_any(request->joins) || (request->flags & CLONE_NEWTIME))
		return clone_by_joiner(request, ret, err);
	return clone_now(request->flags, *request->cgroup_fd, ret, err);
}

int clone_finish_namespaces(uint64_t pending, struct err *err)
{
	if (pending && unshare((int)pending) < 0)
		return err_errno(err, "unshare the cgroup namespace");
	return 0;
}
