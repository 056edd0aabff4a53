/* SPDX-License-Identifier: Apache-2.0 */
/* The user's terminal and a container's pty in the foreground. */
#include "runtime/tty_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/vec.h"

/* PIPE_BUF: a pipe that poll(2) calls writable takes that much without blocking. */
#define STREAM_SIZE 4096

/*
 * One direction. It is filled only when it is empty, so a slow taker stops the reading, and through
 * it (a full pty, a full pipe) whoever produces.
 */
struct stream {
	int from; /* -EBADF: at its end, or not to be read now; not owned */
	int to;	  /* -EBADF: nobody takes it any more, what comes is dropped; not owned */
	size_t start;
	size_t end; /* data[start, end) waits to be written */
	char data[STREAM_SIZE];
};

struct relay {
	const struct proc_id *init;
	int master_fd; /* not owned; -EBADF: no terminal */
	int peer_fd;   /* owned; the pty's other side, see open_peer() */
	int signal_fd; /* owned */
	int stdin_fd;  /* owned, as stdout_fd: see open_standard() */
	int stdout_fd;
	struct stream input;
	struct stream output;
	bool has_user; /* stdin is a terminal */
	bool is_raw;
	struct termios saved; /* of stdin, while is_raw */
	bool is_dead;	      /* init */
	int status;	      /* its wait status, when dead */
};
#define RELAY_NONE                                                                               \
	{                                                                                        \
		.master_fd = -EBADF, .peer_fd = -EBADF, .signal_fd = -EBADF, .stdin_fd = -EBADF, \
		.stdout_fd = -EBADF, .input = { -EBADF, -EBADF, 0, 0 },                          \
		.output = { -EBADF, -EBADF, 0, 0 },                                              \
	}

static bool stream_is_empty(const struct stream *s)
{
	return s->start == s->end;
}

static struct pollfd stream_pollfd(const struct stream *s)
{
	if (stream_is_empty(s))
		return (struct pollfd){ .fd = s->from, .events = POLLIN };
	return (struct pollfd){ .fd = s->to, .events = POLLOUT };
}

static bool is_temporary(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void stream_fill(struct stream *s)
{
	ssize_t n = read(s->from, s->data, sizeof(s->data));

	if (is_temporary(n))
		return;
	if (n <= 0) {
		s->from = -EBADF; /* the end; EIO: that of a terminal */
		return;
	}
	s->end = (size_t)n;
	s->start = s->to >= 0 ? 0 : s->end;
}

static void stream_flush(struct stream *s)
{
	ssize_t n = write(s->to, s->data + s->start, s->end - s->start);

	if (is_temporary(n))
		return;
	if (n > 0) {
		s->start += (size_t)n;
		return;
	}
	s->to = -EBADF;
	s->start = s->end;
}

/* One read or one write, whichever stream_pollfd() asked for. */
static void stream_move(struct stream *s)
{
	if (stream_is_empty(s))
		stream_fill(s);
	else
		stream_flush(s);
}

void tty_relay_copy_size(int master_fd)
{
	struct winsize size;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		if (size.ws_row && size.ws_col)
			(void)ioctl(master_fd, TIOCSWINSZ, &size);
		return;
	}
}

/*
 * Whether the terminal is ours to read and to change. SIGTTIN and SIGTTOU are blocked, so the
 * kernel would not stop us from doing either in the background, under the feet of the shell. A
 * terminal that does not control us has no foreground to ask for.
 */
static bool is_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

/* Read stdin; if it is a terminal, raw, and only while it is ours. Again after each SIGCONT. */
static void claim_stdin(struct relay *r)
{
	struct termios raw;

	if (r->stdin_fd < 0)
		return;
	if (!r->has_user) {
		r->input.from = r->stdin_fd;
		return;
	}
	r->input.from = -EBADF;
	if (!is_foreground() || (!r->is_raw && tcgetattr(STDIN_FILENO, &r->saved) < 0))
		return;
	raw = r->saved;
	cfmakeraw(&raw);
	/* The container's pty does not turn NL into CR NL (runc's neither), so this side does. */
	raw.c_oflag |= r->saved.c_oflag & OPOST;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0)
		r->is_raw = true;
	r->input.from = r->stdin_fd;
}

/*
 * stdin has ended. The end of a pipe or file is passed on as the pty's end of file character; after
 * an unfinished line a first one only completes the line. A terminal that hung up comes as SIGHUP.
 */
static void end_input(struct relay *r)
{
	struct stream *s = &r->input;
	bool is_line = s->end == 0 || s->data[s->end - 1] == '\n';
	struct termios pty;

	if (r->has_user)
		return;
	fd_close(steal_fd(&r->stdin_fd));
	if (s->to < 0 || tcgetattr(r->master_fd, &pty) < 0)
		return;
	s->data[0] = s->data[1] = (char)pty.c_cc[VEOF];
	s->start = 0;
	s->end = is_line ? 1 : 2;
}

static void move_input(struct relay *r)
{
	struct stream *s = &r->input;
	bool was_open = s->from >= 0;

	stream_move(s);
	if (s->to < 0)
		s->from = -EBADF;
	else if (was_open && s->from < 0)
		end_input(r);
}

/* Take every child that has ended: beside init, those that were left to us. */
static int reap(struct relay *r, struct err *err)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->init->pid)
			continue;
		r->is_dead = true;
		r->status = status;
		r->input.from = r->input.to = -EBADF;
	}
	if (pid < 0 && !r->is_dead)
		return err_errno(err, "wait for the container's init (pid %d)", r->init->pid);
	return 0;
}

static int take_signal(struct relay *r, int signal, struct err *err)
{
	switch (signal) {
	case SIGCHLD:
		return reap(r, err);
	case SIGURG:
		return 0;
	case SIGWINCH:
		tty_relay_copy_size(r->master_fd);
		return 0;
	case SIGCONT:
		claim_stdin(r);
		tty_relay_copy_size(r->master_fd);
		break;
	}
	/* Nobody is left to pass it on to: it means us, who write out what is left. */
	if (r->is_dead && signal != SIGCONT)
		r->output.from = r->output.to = -EBADF;
	/*
	 * SIGPIPE too, which our own write raised: the program has lost its reader as it would
	 * without us.
	 */
	if (!r->is_dead)
		(void)proc_signal(r->init, signal);
	return 0;
}

static int take_signals(struct relay *r, struct err *err)
{
	struct signalfd_siginfo info;
	int rc = 0;

	while (rc == 0 && read(r->signal_fd, &info, sizeof(info)) == sizeof(info))
		rc = take_signal(r, (int)info.ssi_signo, err);
	return rc;
}

/* Init is dead, its output is written, or will not be. */
static bool is_done(const struct relay *r)
{
	const struct stream *s = &r->output;

	return r->is_dead && s->from < 0 && (stream_is_empty(s) || s->to < 0);
}

static int relay_turn(struct relay *r, struct err *err)
{
	/*
	 * What init wrote is in the pty when we hear of its death: what is not there now never
	 * comes.
	 */
	bool is_last = r->is_dead && stream_is_empty(&r->output);
	struct pollfd fds[] = {
		{ .fd = r->signal_fd, .events = POLLIN },
		stream_pollfd(&r->input),
		stream_pollfd(&r->output),
	};
	int rc;

	if (poll(fds, ARRAY_SIZE(fds), is_last ? 0 : -1) < 0)
		return errno == EINTR ? 0 : err_errno(err, "poll");
	if (fds[1].revents)
		move_input(r);
	if (fds[2].revents)
		stream_move(&r->output);
	else if (is_last)
		r->output.from = -EBADF;
	if (fds[0].revents) {
		rc = take_signals(r, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/*
 * A terminal is opened anew, without blocking: then a stopped terminal (^S) cannot stop us in the
 * middle of a write, deaf to signals. O_NONBLOCK on the descriptor that we were given would be set
 * for the shell as well, which shares the file description. Pipes, sockets and files stay as they
 * are: after poll(2), STREAM_SIZE at a time does not block, and files opened anew would start from
 * their beginning.
 */
static int open_standard(int fd, int flags)
{
	int own = -EBADF;
	char path[32];

	if (isatty(fd)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/*
 * Hold the other side of the pty while init lives: a program that closes its terminal and opens
 * /dev/console again later would otherwise look like a hangup in between (systemd does so). Without
 * it (-EBADF) the first hangup is the end of the output.
 */
static int open_peer(int master_fd)
{
	int fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -EBADF : fd;
}

static int open_terminal(struct relay *r, struct err *err)
{
	int flags = fcntl(r->master_fd, F_GETFL);

	/* The master is ours alone, init has closed it. */
	if (flags < 0 || fcntl(r->master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_errno(err, "set the container's terminal non-blocking");
	r->peer_fd = open_peer(r->master_fd);
	r->stdin_fd = open_standard(STDIN_FILENO, O_RDONLY);
	r->stdout_fd = open_standard(STDOUT_FILENO, O_WRONLY);
	r->input.to = r->master_fd;
	r->output.from = r->master_fd;
	r->output.to = r->stdout_fd;
	r->has_user = isatty(STDIN_FILENO);
	tty_relay_copy_size(r->master_fd);
	claim_stdin(r);
	return 0;
}

static void relay_done(struct relay *r)
{
	if (r->is_raw && is_foreground())
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &r->saved);
	fd_close(r->peer_fd);
	fd_close(r->signal_fd);
	fd_close(r->stdin_fd);
	fd_close(r->stdout_fd);
}

int tty_relay_wait(const struct proc_id *init, int master_fd, int *ret_status, struct err *err)
{
	__attribute__((cleanup(relay_done))) struct relay r = RELAY_NONE;
	sigset_t all;
	int rc;

	r.init = init;
	r.master_fd = master_fd;
	sigfillset(&all);
	r.signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	if (r.signal_fd < 0)
		return err_errno(err, "signalfd");
	rc = master_fd < 0 ? 0 : open_terminal(&r, err);
	/* Its SIGCHLD may have been taken before. */
	if (rc == 0)
		rc = reap(&r, err);
	while (rc == 0 && !is_done(&r))
		rc = relay_turn(&r, err);
	if (rc < 0)
		return rc;
	*ret_status = r.status;
	return 0;
}

void tty_relay_block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}
