/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: started with the state on stdin, watched until their end or their deadline, their words kept. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscalls.h"
#include "oci/enums.h"

#define OUTPUT_KEPT 384 /* bytes of stdout and of stderr: an error holds both */
#define LOOK_MS	    10	/* between two looks at a hook where there are no pidfds */

/* The end of what was printed: there stands why. */
struct tail {
	int fd; /* read end of a pipe, owned; -EBADF at its end */
	size_t len;
	char text[OUTPUT_KEPT + 1];
};

/* One running hook. */
struct run {
	pid_t pid;
	int pid_fd; /* owned; -EBADF before Linux 5.3 */
	int abort_fd;
	int64_t deadline_ms; /* CLOCK_MONOTONIC */
	struct tail out, errors;
};

/* What a hook is started with. */
struct program {
	const char *path, *cwd;
	char **argv, **envp;
	int in, out, errors;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The state as a file in memory: whether and when the hook reads it is nobody's concern then, and no pipe can
 * be too small for it. vm.memfd_noexec may demand the seal, which kernels before 6.3 do not know.
 */
static int make_stdin(const struct oci_state *state, struct arena *arena, int *ret_fd,
		      struct err *err)
{
	cleanup_json_writer struct json_writer w = { 0 };
	cleanup_close int fd = -EBADF;
	const char *text;
	size_t len;
	int r;

	fd = memfd_create("state", MFD_CLOEXEC | SYS_MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("state", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "make the stdin of hooks");
	json_writer_init(&w, NULL);
	oci_state_write(state, &w, NULL);
	text = json_writer_text(&w, arena, &len);
	r = fd_write_all(fd, text, len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return err_code(err, r, "write the stdin of hooks");
	*ret_fd = steal_fd(&fd);
	return 0;
}

static char **vector_of(const struct strings *list, struct arena *arena)
{
	char **vector = arena_alloc(arena, (list->count + 1) * sizeof(*vector));

	for (size_t i = 0; i < list->count; i++)
		vector[i] = (char *)(uintptr_t)list->items[i];
	return vector;
}

static void reset_signals(void)
{
	static const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child. What goes wrong is said on the hook's stderr, which is part of the error. */
static _Noreturn void exec_hook(const struct program *program)
{
	char words[128];

	reset_signals();
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (dup2(program->in, 0) < 0 || dup2(program->out, 1) < 0 || dup2(program->errors, 2) < 0 ||
	    fd_close_range(3, ~0U) < 0)
		_exit(127);
	/* The specification names no directory; the bundle may be gone before its container is. */
	if (program->cwd && chdir(program->cwd) < 0 && chdir("/") < 0)
		_exit(127);
	execve(program->path, program->argv, program->envp);
	dprintf(2, "exec %s: %s", program->path, err_name(errno, words, sizeof(words)));
	_exit(127);
}

static int open_pipe(int *ret_read, int *ret_write, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

static int start(const struct oci_hook *hook, const struct hook_call *call, int stdin_fd,
		 struct arena *arena, struct run *run, struct err *err)
{
	const char *path = hook->path;
	const struct strings only_path = { .items = &path, .count = 1 };
	const struct strings *env = hook->env.count || !call->env ? &hook->env : call->env;
	cleanup_close int out = -EBADF, errors = -EBADF;
	struct program program = {
		.path = path,
		.cwd = call->cwd,
		.argv = vector_of(hook->args.count ? &hook->args : &only_path, arena),
		.envp = vector_of(env, arena),
		.in = stdin_fd,
	};
	int r;

	r = open_pipe(&run->out.fd, &out, err);
	if (r == 0)
		r = open_pipe(&run->errors.fd, &errors, err);
	if (r < 0)
		return r;
	program.out = out;
	program.errors = errors;
	run->pid = fork();
	if (run->pid < 0)
		return err_errno(err, "fork");
	if (run->pid == 0)
		exec_hook(&program);
	setpgid(run->pid, run->pid); /* here too: it must hold before we may have to kill it */
	run->pid_fd = sys_pidfd_open(run->pid, 0);
	return 0;
}

/* Take what is there; at the end of file close it. */
static void drain(struct tail *tail)
{
	char chunk[4096];
	const char *from = chunk;
	ssize_t n = read(tail->fd, chunk, sizeof(chunk));
	size_t len, over;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		fd_close(steal_fd(&tail->fd));
		return;
	}
	len = (size_t)n;
	if (len > OUTPUT_KEPT) {
		from += len - OUTPUT_KEPT;
		len = OUTPUT_KEPT;
	}
	over = tail->len + len > OUTPUT_KEPT ? tail->len + len - OUTPUT_KEPT : 0;
	memmove(tail->text, tail->text + over, tail->len - over);
	memcpy(tail->text + tail->len - over, from, len);
	tail->len += len - over;
}

/* What is in the pipe when the hook has ended; a process that it left behind may still hold it open. */
static void drain_rest(struct tail *tail)
{
	struct pollfd ready = { .events = POLLIN };

	for (int looks = 0; tail->fd >= 0 && looks < 1024; looks++) {
		ready.fd = tail->fd;
		if (poll(&ready, 1, 0) <= 0)
			return;
		drain(tail);
	}
}

/* Whether the hook has ended: by its pidfd, or by looking. */
static bool has_ended(const struct run *run, bool is_ready)
{
	siginfo_t info = { 0 };

	if (run->pid_fd >= 0)
		return is_ready;
	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == run->pid;
}

static int wait_ms(const struct run *run, int64_t left)
{
	if (run->pid_fd < 0 && left > LOOK_MS)
		return LOOK_MS;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* Until its end: 0; -ETIMEDOUT at the deadline; -ESRCH when abort_fd hung up; -errno. */
static int watch(struct run *run)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = run->pid_fd, .events = POLLIN },
			{ .fd = run->out.fd, .events = POLLIN },
			{ .fd = run->errors.fd, .events = POLLIN },
			{ .fd = run->abort_fd },
		};
		int64_t left = run->deadline_ms - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(fds, ARRAY_SIZE(fds), wait_ms(run, left)) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents)
			drain(&run->out);
		if (fds[2].revents)
			drain(&run->errors);
		if (has_ended(run, fds[0].revents))
			return 0;
		if (fds[3].revents & POLLHUP)
			return -ESRCH;
	}
}

static const char *words_of(struct tail *tail, struct arena *arena)
{
	drain_rest(tail);
	tail->text[tail->len] = '\0';
	return str_trim(arena, tail->text);
}

/* The end of a started hook: @watched is what watch() returned. */
static int finish(struct run *run, int watched, const struct oci_hook *hook, struct arena *arena,
		  struct err *err)
{
	char words[64];
	int status, r;

	if (watched < 0)
		kill(-run->pid, SIGKILL);
	r = proc_wait_child(run->pid, &status);
	if (r < 0)
		return err_code(err, r, "wait for %s", hook->path);
	if (watched == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "hook ran past specified timeout of %ld.0s",
			       hook->timeout.v);
	if (watched == -ESRCH)
		return err_set(err, ESRCH, "container init died while %s ran", hook->path);
	if (watched < 0)
		return err_code(err, watched, "watch %s", hook->path);
	if (status != 0)
		return err_set(err, ECHILD, "%s, stdout: %s, stderr: %s",
			       proc_status_words(status, words, sizeof(words)),
			       words_of(&run->out, arena), words_of(&run->errors, arena));
	return 0;
}

static int run_hook(const struct oci_hook *hook, const struct hook_call *call, int stdin_fd,
		    struct arena *arena, struct err *err)
{
	struct run run = {
		.pid_fd = -EBADF,
		.abort_fd = call->abort_fd,
		.deadline_ms = hook->timeout.set ? now_ms() + hook->timeout.v * 1000 : INT64_MAX,
		.out.fd = -EBADF,
		.errors.fd = -EBADF,
	};
	int r;

	r = start(hook, call, stdin_fd, arena, &run, err);
	if (r == 0)
		r = finish(&run, watch(&run), hook, arena, err);
	fd_close(run.pid_fd);
	fd_close(run.out.fd);
	fd_close(run.errors.fd);
	return r;
}

static int run_one(const struct oci_hook_list *list, size_t index, const struct hook_call *call,
		   struct arena *arena, struct err *err)
{
	cleanup_close int stdin_fd = -EBADF;
	struct err own = { 0 };
	int r;

	r = make_stdin(&call->state, arena, &stdin_fd, &own);
	if (r == 0)
		r = run_hook(&list->items[index], call, stdin_fd, arena, &own);
	if (r == 0)
		return 0;
	return err_set(err, ECANCELED, "error running %s hook #%zu: %s",
		       names_of(oci_hook_words.items, oci_hook_words.count, call->kind), index,
		       own.text);
}

int hooks_run(const struct oci_hook_list *list, const struct hook_call *call, struct arena *arena,
	      struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < list->count && r == 0; i++)
		r = run_one(list, i, call, arena, err);
	return r;
}

int hooks_poststart(const struct record *record, struct arena *arena, struct err *err)
{
	const struct hook_call call = {
		.kind = OCI_HOOK_POSTSTART,
		.state = record_state(record, "running", record->init.pid),
		.cwd = record->bundle,
		.abort_fd = -EBADF,
	};

	return hooks_run(&record->poststart, &call, arena, err);
}

void hooks_poststop(const struct record *record, struct arena *arena)
{
	const struct hook_call call = {
		.kind = OCI_HOOK_POSTSTOP,
		.state = record_state(record, "stopped", 0),
		.cwd = record->bundle,
		.abort_fd = -EBADF,
	};

	for (size_t i = 0; i < record->poststop.count; i++) {
		struct err err = { 0 };

		if (run_one(&record->poststop, i, &call, arena, &err) < 0)
			log_warning("%s", err.text);
	}
}
