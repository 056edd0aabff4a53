/* SPDX-License-Identifier: Apache-2.0 */
/* base/proc: identity, death, and programs with a deadline. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/str.h"
#include "test.h"

static pid_t child(void (*body)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		body();
		_exit(0);
	}
	CHECK(pid > 0);
	return pid;
}

static void sleep_long(void)
{
	for (;;)
		pause();
}

static struct proc_id id_of(pid_t pid)
{
	struct proc_id id = { .pid = pid };
	char state;

	CHECK_INT(proc_read(pid, &id.start, &state), 0);
	return id;
}

TEST(a_number_used_again_is_another_process)
{
	pid_t pid = child(sleep_long);
	struct proc_id id = id_of(pid), other = id;
	int status;

	other.start++;
	CHECK(proc_is_alive(&id));
	CHECK(!proc_is_alive(&other));
	CHECK_INT(proc_signal(&other, SIGKILL), -ESRCH);
	CHECK(proc_is_alive(&id));
	CHECK_INT(proc_wait_dead(&id, 20), -ETIMEDOUT);
	CHECK_INT(proc_signal(&id, SIGKILL), 0);
	CHECK_INT(proc_wait_dead(&id, 5000), 0);
	/* A zombie still, and dead. */
	CHECK(!proc_is_alive(&id));
	CHECK_INT(proc_wait_child(pid, &status), 0);
	CHECK_INT(proc_exit_code(status), 137);
	CHECK_INT(proc_read(pid, &id.start, &(char){ 0 }), -ESRCH);
}

static void *sleep_on(void *nothing)
{
	sleep_long();
	return nothing;
}

static void end_first_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleep_on, NULL);
	pthread_exit(NULL);
}

TEST(a_process_whose_first_thread_ended_lives)
{
	pid_t pid = child(end_first_thread);
	struct proc_id id = id_of(pid);
	int status;

	usleep(100000);
	CHECK(proc_is_alive(&id));
	CHECK_INT(proc_signal(&id, SIGKILL), 0);
	CHECK_INT(proc_wait_child(pid, &status), 0);
}

static void leave_one_in_a_session(void)
{
	setsid();
	if (fork() == 0)
		sleep_long();
}

/* pidfd_open(2) of kernels such as 6.1 says EINVAL then. */
TEST(a_dead_process_whose_number_names_a_session)
{
	pid_t pid = child(leave_one_in_a_session);
	struct proc_id id = id_of(pid);
	int status;

	CHECK_INT(proc_wait_child(pid, &status), 0);
	CHECK_INT(proc_signal(&id, SIGKILL), -ESRCH);
	CHECK_INT(proc_wait_dead(&id, 1000), 0);
	CHECK_INT(kill(-pid, SIGKILL), 0);
}

TEST(status_words)
{
	char words[64];

	CHECK_STR(proc_status_words(3 << 8, words, sizeof(words)), "exit status 3");
	CHECK_STR(proc_status_words(SIGKILL, words, sizeof(words)), "killed by signal 9 (killed)");
	CHECK_INT(proc_exit_code(7 << 8), 7);
}

static int run(const char *script, int timeout_ms, char **ret_out, struct err *err)
{
	static struct arena arena;
	const char *const argv[] = { "-c", script, NULL };

	return proc_run_program("/bin/sh", argv, timeout_ms, &arena, ret_out, err);
}

TEST(a_program_has_nothing_of_ours)
{
	struct err err = { 0 };
	char *out;
	int fd = open("/dev/null", O_RDONLY); /* not CLOEXEC on purpose */

	CHECK(fd >= 0);
	CHECK_INT(run("pwd; [ -e /proc/self/fd/3 ] && echo leak; cat; env | grep -vE "
		      "'^(PWD|_|OLDPWD|SHLVL)='",
		      5000, &out, &err),
		  -EIO); /* grep found nothing */
	CHECK_INT(run("pwd; cat", 5000, &out, &err), 0);
	CHECK_STR(out, "/\n");
	close(fd);
}

TEST(a_failing_program_is_quoted)
{
	struct err err = { 0 };
	char *out;

	CHECK_INT(run("echo no such thing >&2; exit 3", 5000, &out, &err), -EIO);
	CHECK_STR(err.text, "/bin/sh: exit status 3: no such thing");
}

TEST(a_hanging_program_is_killed)
{
	struct err err = { 0 };
	char *out;

	CHECK_INT(run("exec sleep 100", 50, &out, &err), -ETIMEDOUT);
	CHECK_HAS(err.text, "did not answer within 50 ms");
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(a_missing_helper_names_the_places)
{
	const char *const argv[] = { NULL };
	struct arena arena = { 0 };
	struct err err = { 0 };
	char *out;

	CHECK_INT(proc_run_helper("no-such-helper", argv, 1000, &arena, &out, &err), -ENOENT);
	CHECK_HAS(err.text, "helper program no-such-helper not found");
	CHECK_HAS(err.text, "libexec/nvcrun/no-such-helper");
	arena_done(&arena);
}

TEST_MAIN()
