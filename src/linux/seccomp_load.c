/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp program -> the kernel. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/seccomp.h"

static int refuse(int code, struct err *err)
{
	static const char what[] = "linux.seccomp: load the filter";

	/* man 2 prctl, PR_GET_SECCOMP */
	if (code == ENOSYS || (code == EINVAL && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0))
		return err_set(err, code, "%s: the kernel has no seccomp filters", what);
	if (code == EINVAL)
		return err_set(err, code, "%s: the kernel does not know all of its flags", what);
	if (code == EACCES)
		return err_set(err, code, "%s: it needs CAP_SYS_ADMIN, or process.noNewPrivileges",
			       what);
	return err_code(err, -code, "%s", what);
}

int seccomp_program_load(const struct seccomp_program *program, struct err *err)
{
	const struct sock_fprog prog = {
		.len = (unsigned short)program->insns.count,
		.filter = program->insns.items,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &prog);

	if (r < 0 && errno == EINVAL && program->flags_optional)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	return r < 0 ? refuse(errno, err) : 0;
}
