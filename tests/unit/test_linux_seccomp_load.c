/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of seccomp programs in the kernel, each in a child of its own. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "seccomp_fixture.h"

/* A child under the program of a profile; its wait status after @run. */
static int run_under(const char *text, int (*run)(void))
{
	struct arena arena = { 0 };
	struct seccomp_program program = compile(profile_parse(text, &arena), &arena);
	struct err err = { 0 };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    seccomp_program_load(&program, &err) < 0) {
			dprintf(1, "# %s\n", err.text);
			_exit(99);
		}
		syscall(SYS_exit_group, run());
	}
	waitpid(pid, &status, 0);
	arena_done(&arena);
	return status;
}

static int call_getppid(void)
{
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

static int call_unknown(void)
{
	return syscall(5000) < 0 ? errno : 0;
}

#define ALLOW_ALL(rules, rest) \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" rules "]" rest "}"
#define GETPPID(action) "{\"names\":[\"getppid\"],\"action\":\"" action "\"}"

TEST(the_kernel_takes_it)
{
	int status = run_under(ALLOW_ALL(GETPPID("SCMP_ACT_ERRNO"), ""), call_getppid);

	CHECK_INT(status, EPERM << 8);
	status = run_under(ALLOW_ALL(GETPPID("SCMP_ACT_KILL_PROCESS"), ""), call_getppid);
	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), SIGSYS);
	status = run_under(ALLOW_ALL("", ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\","
					 "\"SECCOMP_FILTER_FLAG_TSYNC\"]"),
			   call_getppid);
	CHECK_INT(status, 0);
	status = run_under(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":7,\"syscalls\":["
		"{\"names\":[\"exit_group\",\"clone3\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		call_unknown);
	CHECK_INT(status, ENOSYS << 8);
	status = run_under(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":7,\"syscalls\":["
		"{\"names\":[\"exit_group\",\"clone3\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		call_getppid);
	CHECK_INT(status, 7 << 8);
}

TEST(flags)
{
	struct arena arena = { 0 };
	struct seccomp_program program;

	program = compile(profile_parse(ALLOW_ALL("", ""), &arena), &arena);
	CHECK_INT(program.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	CHECK(program.flags_optional);
	program = compile(profile_parse(ALLOW_ALL("", ",\"flags\":[]"), &arena), &arena);
	CHECK_INT(program.flags, 0);
	CHECK(!program.flags_optional);
	program = compile(profile_parse(ALLOW_ALL("", ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\","
						      "\"SECCOMP_FILTER_FLAG_TSYNC\"]"),
					&arena),
			  &arena);
	CHECK_INT(program.flags, SECCOMP_FILTER_FLAG_LOG);
	arena_done(&arena);
}

/* Flags that no kernel has: an error, or, when nobody asked for them, none. */
static int load_odd_flags(bool optional)
{
	struct arena arena = { 0 };
	struct seccomp_program program = compile(profile_parse(ALLOW_ALL("", ""), &arena), &arena);
	struct err err = { 0 };
	int status = 0;
	pid_t pid;

	program.flags = 1U << 31;
	program.flags_optional = optional;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(1);
		if (seccomp_program_load(&program, &err) == 0)
			_exit(2);
		_exit(strcmp(err.text,
			     "linux.seccomp: load the filter: the kernel does not know all "
			     "of its flags")
			      ? 3
			      : 4);
	}
	waitpid(pid, &status, 0);
	arena_done(&arena);
	return WEXITSTATUS(status);
}

TEST(flags_that_the_kernel_lacks)
{
	CHECK_INT(load_odd_flags(true), 2);
	CHECK_INT(load_odd_flags(false), 4);
}

TEST_MAIN()
