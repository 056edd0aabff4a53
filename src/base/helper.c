/* SPDX-License-Identifier: Apache-2.0 */
/* Helper programs of libexec/nvcrun: found, checked, started with nothing inherited, given a deadline. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/syscalls.h"

#define OUTPUT_MAX (1024 * 1024)

/* How long a killed program may take to die: one that hangs in a driver never does. */
#define KILL_TIMEOUT_MS 1000

/*
 * Whether a path that claims to be this program's can be believed: it is the same file, or (this one is a copy in
 * memory) one that belongs to root or to us. An environment may name anything.
 */
static bool is_credible(const struct stat *claimed)
{
	struct stat running;

	if (stat("/proc/self/exe", &running) == 0 && running.st_dev == claimed->st_dev &&
	    running.st_ino == claimed->st_ino)
		return true;
	return claimed->st_uid == 0 || claimed->st_uid == geteuid();
}

/* Where helpers may be, the most specific first: build tree or carried folder, prefix, configure time. */
static struct strings search_dirs(struct arena *arena, struct stat *ret_self)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	const char *self;
	struct strings dirs = { 0 };
	const char *slash;

	/* AT_EXECFN, not /proc/self/exe: the path that was executed, which no process can have replaced. */
	memset(ret_self, 0, sizeof(*ret_self));
	if (name && str_has_prefix(name, "/dev/fd/")) /* executed again by linux/sealed_exe */
		name = getenv(PROC_EXE_VARIABLE);
	self = name ? path_real(arena, name) : NULL;
	if (self && stat(self, ret_self) == 0 && is_credible(ret_self)) {
		slash = strrchr(self, '/');
		self = arena_strndup(arena, self, (size_t)(slash - self));
		VEC_PUSH(&dirs, arena, arena_printf(arena, "%s/libexec/nvcrun", self));
		VEC_PUSH(&dirs, arena, arena_printf(arena, "%s/../libexec/nvcrun", self));
	}
	VEC_PUSH(&dirs, arena, PKGLIBEXECDIR);
	return dirs;
}

/* Trusted as much as this binary is: same owner or root, writable by the owner only. */
static int check_owner(int fd, const char *path, uid_t self_uid, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != self_uid)
		return err_set(err, EPERM, "%s: owned by uid %u, expected root or uid %u", path,
			       st.st_uid, self_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "%s: writable by group or others", path);
	return 0;
}

static int open_helper(const char *name, struct arena *arena, int *ret_fd, const char **ret_path,
		       struct err *err)
{
	struct strbuf looked = { .arena = arena };
	struct stat self;
	struct strings dirs = search_dirs(arena, &self);

	VEC_EACH(dir, &dirs) {
		const char *path = arena_printf(arena, "%s/%s", *dir, name);
		cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
		int r;

		if (fd < 0) {
			strbuf_addf(&looked, "%s%s", looked.len ? ", " : "", path);
			continue;
		}
		r = check_owner(fd, path, self.st_uid, err);
		if (r < 0)
			return r;
		*ret_fd = steal_fd(&fd);
		*ret_path = path;
		return 0;
	}
	return err_set(err, ENOENT, "helper program %s not found, looked at %s", name,
		       strbuf_text(&looked));
}

struct child {
	pid_t pid;
	int out; /* read end of its stdout, owned */
	int err; /* read end of its stderr, owned */
};

/* Never returns. Only async-signal-safe calls: this may run between fork and exec. */
static _Noreturn void exec_helper(int program, const char *path, char *const args[], int out,
				  int err_fd)
{
	static char *const empty[] = { NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/") == 0 && dup2(open("/dev/null", O_RDONLY), 0) == 0 && dup2(out, 1) == 1 &&
	    dup2(err_fd, 2) == 2 && fcntl(program, F_SETFD, FD_CLOEXEC) == 0 &&
	    fd_cloexec_from(3) == 0) {
		sys_execveat(program, "", args, empty, AT_EMPTY_PATH);
		execve(path, args, empty); /* execveat(2) refused by a filter */
	}
	_exit(127);
}

static int start_helper(int program, const char *path, char *const args[], struct child *ret,
			struct err *err)
{
	int out[2], errors[2];

	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe for %s", path);
	if (pipe2(errors, O_CLOEXEC) < 0) {
		fd_close(out[0]);
		fd_close(out[1]);
		return err_errno(err, "make a pipe for %s", path);
	}
	ret->pid = fork();
	if (ret->pid == 0)
		exec_helper(program, path, args, out[1], errors[1]);
	fd_close(out[1]);
	fd_close(errors[1]);
	ret->out = out[0];
	ret->err = errors[0];
	return ret->pid < 0 ? err_errno(err, "fork for %s", path) : 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Take what is there. Returns 0 at its end, 1 while it goes on, -errno. */
static int drain(int fd, struct strbuf *buf)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return 0;
	if (buf->len + (size_t)n > OUTPUT_MAX)
		return -EFBIG;
	strbuf_add(buf, chunk, (size_t)n);
	return 1;
}

/* Read both pipes to their ends, or until the deadline. */
static int collect(const struct child *child, int timeout_ms, struct strbuf *out,
		   struct strbuf *errors)
{
	struct pollfd fds[2] = { { .fd = child->out, .events = POLLIN },
				 { .fd = child->err, .events = POLLIN } };
	struct strbuf *bufs[2] = { out, errors };
	int64_t deadline = now_ms() + timeout_ms;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int64_t left = deadline - now_ms();
		int r = left > 0 ? poll(fds, 2, (int)left) : 0;

		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2 && r > 0; i++) {
			if (!fds[i].revents)
				continue;
			int more = drain(fds[i].fd, bufs[i]);

			if (more < 0)
				return more;
			if (more == 0)
				fds[i].fd = -1;
		}
	}
	return 0;
}

/* Before fork: what execve(2) wants. */
static char *const *make_args(const char *path, const char *const argv[], struct arena *arena)
{
	size_t count = 0;
	char **args;

	while (argv[count])
		count++;
	args = arena_alloc(arena, (count + 2) * sizeof(*args));
	args[0] = (char *)(uintptr_t)path;
	for (size_t i = 0; i < count; i++)
		args[i + 1] = (char *)(uintptr_t)argv[i];
	return args;
}

/* Returns whether it is dead, and can be waited for. */
static bool kill_child(pid_t pid)
{
	struct proc_id id = { .pid = pid };
	char state;

	kill(pid, SIGKILL);
	return proc_read(pid, &id.start, &state) < 0 ||
	       proc_wait_dead(&id, KILL_TIMEOUT_MS) != -ETIMEDOUT;
}

static int run_opened(int program, const char *path, const char *const argv[], int timeout_ms,
		      struct arena *arena, char **ret_out, struct err *err)
{
	struct strbuf out = { .arena = arena }, errors = { .arena = arena };
	struct child child = { .out = -EBADF, .err = -EBADF };
	const char *said;
	char words[64];
	int status, r;

	r = start_helper(program, path, make_args(path, argv, arena), &child, err);
	if (r == 0)
		r = collect(&child, timeout_ms, &out, &errors);
	fd_close(child.out);
	fd_close(child.err);
	if (child.pid <= 0)
		return r;
	if (r < 0 && !kill_child(child.pid))
		return err_set(err, ETIMEDOUT,
			       "%s did not answer within %d ms, and process %d, which hangs in the "
			       "kernel, cannot be killed",
			       path, timeout_ms, child.pid);
	if (proc_wait_child(child.pid, &status) < 0)
		return err_errno(err, "wait for %s", path);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "%s did not answer within %d ms", path, timeout_ms);
	if (r < 0)
		return err_code(err, r, "read the output of %s", path);
	said = str_trim(arena, strbuf_text(&errors));
	if (status != 0)
		return err_set(err, EIO, "%s: %s%s%s", path,
			       proc_status_words(status, words, sizeof(words)), *said ? ": " : "",
			       said);
	*ret_out = arena_strdup(arena, strbuf_text(&out));
	return 0;
}

int proc_run_helper(const char *name, const char *const argv[], int timeout_ms, struct arena *arena,
		    char **ret_out, struct err *err)
{
	cleanup_close int program = -EBADF;
	const char *path = name;
	int r;

	r = open_helper(name, arena, &program, &path, err);
	return r < 0 ? r : run_opened(program, path, argv, timeout_ms, arena, ret_out, err);
}

int proc_run_program(const char *path, const char *const argv[], int timeout_ms,
		     struct arena *arena, char **ret_out, struct err *err)
{
	cleanup_close int program = open(path, O_PATH | O_CLOEXEC);

	if (program < 0)
		return err_errno(err, "open %s", path);
	return run_opened(program, path, argv, timeout_ms, arena, ret_out, err);
}
