/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/tty_relay: a process that relays between pipes or a pty of its own and the pty of a
 * child.
 */
#include "runtime/tty_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "base/fd.h"
#include "base/vec.h"
#include "test.h"

#define MEBIBYTE (1024 * 1024)

/* The process under test and our ends of its stdin and stdout. */
struct outside {
	pid_t pid;
	int in;	 /* its stdin; a terminal: both */
	int out; /* its stdout */
};

/* The program in the container, on its pty as 0, 1, 2; does not return. */
typedef void (*program_fn)(void);

static void __attribute__((noreturn)) relay(program_fn program, bool has_tty)
{
	int master = -EBADF, slave = -EBADF, status = 0;
	struct proc_id init = { 0 };
	struct err err = { 0 };
	sigset_t old;
	char state;

	if (has_tty && openpty(&master, &slave, NULL, NULL, NULL) < 0)
		_exit(120);
	sigprocmask(SIG_BLOCK, NULL, &old);
	tty_relay_block_signals();
	init.pid = fork();
	if (init.pid == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		setsid();
		if (has_tty) {
			close(master);
			if (login_tty(slave) < 0)
				_exit(121);
		}
		program();
		_exit(99);
	}
	fd_close(slave);
	if (proc_read(init.pid, &init.start, &state) < 0)
		_exit(122);
	if (tty_relay_wait(&init, master, &status, &err) < 0) {
		dprintf(2, "# %s\n", err.text);
		_exit(123);
	}
	_exit(proc_exit_code(status));
}

static struct outside start(program_fn program, bool has_tty)
{
	struct outside o = { 0 };
	int in[2], out[2];

	CHECK_INT(pipe2(in, O_CLOEXEC), 0);
	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	o.pid = fork();
	if (o.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		fd_close_range(3, ~0U);
		relay(program, has_tty);
	}
	close(in[0]);
	close(out[1]);
	o.in = in[1];
	o.out = out[0];
	return o;
}

/* On a terminal that controls it; @ret_slave keeps that terminal alive for looking at its modes. */
static struct outside start_on_terminal(program_fn program, int *ret_slave)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 };
	struct outside o = { 0 };
	int master, slave;

	CHECK_INT(openpty(&master, &slave, NULL, NULL, &size), 0);
	o.pid = fork();
	if (o.pid == 0) {
		close(master);
		setsid();
		if (login_tty(slave) < 0)
			_exit(119);
		fd_close_range(3, ~0U);
		relay(program, true);
	}
	o.in = o.out = master;
	*ret_slave = slave;
	return o;
}

static int end(struct outside *o)
{
	int status = 0;

	fd_close(o->in);
	if (o->out != o->in)
		fd_close(o->out);
	CHECK_INT(proc_wait_child(o->pid, &status), 0);
	return proc_exit_code(status);
}

/* Read from @fd until @words have come, or its end. */
static bool expect(int fd, const char *words)
{
	char text[4096];
	size_t len = 0;

	while (len < sizeof(text) - 1) {
		ssize_t n = read(fd, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, words))
			return true;
	}
	return false;
}

static void make_raw(void)
{
	struct termios modes;

	tcgetattr(0, &modes);
	cfmakeraw(&modes);
	tcsetattr(0, TCSANOW, &modes);
}

static char pattern(size_t i)
{
	return (char)('A' + (i * 31 + i / 251) % 50);
}

static void write_pattern(int fd)
{
	char block[1000];

	for (size_t at = 0; at < MEBIBYTE;) {
		size_t n = 0;

		for (; n < sizeof(block) && at < MEBIBYTE; n++, at++)
			block[n] = pattern(at);
		if (fd_write_all(fd, block, n) < 0)
			return;
	}
}

/* How much of the pattern comes before the end or the first wrong byte; @slowly: with pauses. */
static size_t read_pattern(int fd, bool slowly)
{
	char block[5000];
	size_t at = 0;
	ssize_t n;

	while (at < MEBIBYTE && (n = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++, at++)
			if (block[i] != pattern(at))
				return at;
		if (slowly)
			usleep(500);
	}
	return at;
}

static void exit_7(void)
{
	_exit(7);
}

static void speak(void)
{
	make_raw();
	write_pattern(1);
	_exit(3);
}

static void echo(void)
{
	char block[777];
	ssize_t n;

	make_raw();
	fd_write_all(1, "ready", 5);
	while ((n = read(0, block, sizeof(block))) > 0)
		fd_write_all(1, block, (size_t)n);
	_exit(4);
}

static void count_to_end(void)
{
	char block[100];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(0, block, sizeof(block))) > 0)
		sum += (size_t)n;
	_exit((int)sum);
}

static void on_signal(int signal)
{
	_exit(40 + signal);
}

static void wait_for_signal(void)
{
	for (int s = 1; s < 32; s++)
		signal(s, on_signal);
	signal(SIGWINCH, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	fd_write_all(1, "ready\n", 6);
	for (;;)
		pause();
}

static void on_resize(int signal)
{
	struct winsize size;

	(void)signal;
	if (ioctl(0, TIOCGWINSZ, &size) == 0)
		dprintf(1, "size %dx%d.\n", size.ws_row, size.ws_col);
}

static void show_size(void)
{
	char byte;

	signal(SIGWINCH, on_resize);
	make_raw();
	dprintf(1, "ready\n");
	on_resize(0);
	while (read(0, &byte, 1) < 0 || byte != 'q')
		;
	_exit(5);
}

static void close_and_reopen(void)
{
	char name[64];
	int fd;

	if (ttyname_r(0, name, sizeof(name)) != 0)
		_exit(1);
	signal(SIGHUP, SIG_IGN);
	fd_write_all(1, "before", 6);
	for (fd = 0; fd < 3; fd++)
		close(fd);
	usleep(200000);
	fd = open(name, O_WRONLY | O_NOCTTY);
	_exit(fd_write_all(fd, "after", 5) < 0 ? 1 : 6);
}

TEST(status_passes_with_and_without_terminal)
{
	struct outside o = start(exit_7, true);

	CHECK_INT(end(&o), 7);
	o = start(exit_7, false);
	CHECK_INT(end(&o), 7);
}

TEST(output_of_a_program_that_ends_at_once)
{
	struct outside o = start(speak, true);

	CHECK_INT(read_pattern(o.out, false), MEBIBYTE);
	CHECK_INT(end(&o), 3);
}

TEST(output_to_a_slow_reader)
{
	struct outside o = start(speak, true);

	fcntl(o.out, F_SETPIPE_SZ, 4096);
	CHECK_INT(read_pattern(o.out, true), MEBIBYTE);
	CHECK_INT(end(&o), 3);
}

TEST(both_ways_under_back_pressure)
{
	struct outside o = start(echo, true);
	int status;
	pid_t writer;

	CHECK(expect(o.out, "ready"));
	writer = fork();
	if (writer == 0) {
		write_pattern(o.in);
		_exit(0);
	}
	CHECK_INT(read_pattern(o.out, true), MEBIBYTE);
	CHECK_INT(proc_wait_child(writer, &status), 0);
	kill(o.pid, SIGTERM);
	CHECK_INT(end(&o), 128 + SIGTERM);
}

TEST(end_of_stdin_is_passed_on)
{
	static const struct {
		const char *text;
		int sum;
	} rows[] = { { "", 0 }, { "line\n", 5 }, { "unfinished", 10 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outside o = start(count_to_end, true);

		CHECK_INT(fd_write_all(o.in, rows[i].text, strlen(rows[i].text)), 0);
		fd_close(steal_fd(&o.in));
		(void)expect(o.out, "end"); /* never: until the relay has closed it */
		CHECK_INT(end(&o), rows[i].sum);
	}
}

TEST(signals_are_passed_on)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGTSTP, SIGTTIN, SIGQUIT
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(signals); i++) {
		struct outside o = start(wait_for_signal, i % 2);

		CHECK(expect(o.out, "ready"));
		kill(o.pid, SIGCHLD);
		kill(o.pid, SIGURG);
		kill(o.pid, signals[i / 2]);
		CHECK_INT(end(&o), 40 + signals[i / 2]);
	}
}

TEST(waiting_costs_nothing)
{
	for (int has_tty = 0; has_tty < 2; has_tty++) {
		struct outside o = start(wait_for_signal, has_tty);
		struct rusage usage;
		int status;

		CHECK(expect(o.out, "ready"));
		fd_close(o.in); /* the end of stdin is no reason to turn round and round */
		usleep(400000);
		kill(o.pid, SIGTERM);
		CHECK_INT(wait4(o.pid, &status, 0, &usage), o.pid);
		CHECK_INT(proc_exit_code(status), 40 + SIGTERM);
		CHECK_INT(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 0);
		CHECK(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec < 200000);
		close(o.out);
	}
}

/* The reader goes away: the program learns it as it would without us, and we do not hang. */
TEST(reader_goes_away)
{
	struct outside o = start(wait_for_signal, true);

	CHECK(expect(o.out, "ready"));
	close(o.out);
	o.out = -EBADF;
	/* Echoed by the pty. */
	CHECK_INT(fd_write_all(o.in, "x", 1), 0);
	CHECK_INT(end(&o), 40 + SIGPIPE);
}

TEST(a_reopened_terminal_is_no_hangup)
{
	struct outside o = start(close_and_reopen, true);

	CHECK(expect(o.out, "after"));
	CHECK_INT(end(&o), 6);
}

/* The initial size, SIGWINCH, raw while it runs and restored at its end. */
TEST(on_a_terminal)
{
	struct winsize size = { .ws_row = 40, .ws_col = 100 };
	struct termios before, during, after;
	struct outside o;
	int slave, status;

	o = start_on_terminal(show_size, &slave);
	CHECK_INT(tcgetattr(slave, &before), 0);
	CHECK(expect(o.out, "size 33x77."));
	CHECK_INT(tcgetattr(slave, &during), 0);
	CHECK_INT(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	CHECK(during.c_oflag & OPOST);
	CHECK_INT(ioctl(o.in, TIOCSWINSZ, &size), 0);
	CHECK(expect(o.out, "size 40x100."));
	CHECK_INT(fd_write_all(o.in, "q", 1), 0);
	CHECK_INT(proc_wait_child(o.pid, &status), 0);
	CHECK_INT(proc_exit_code(status), 5);
	CHECK_INT(tcgetattr(slave, &after), 0);
	CHECK(after.c_lflag & ICANON && after.c_lflag & ECHO && after.c_lflag & ISIG);
	close(slave);
	close(o.in);
}

/*
 * A shell in the foreground that runs the relay in the background, and on a byte in @go brings it
 * forward.
 */
static struct outside start_in_background(program_fn program, int go, int *ret_slave)
{
	struct outside o = { 0 };
	int master, slave, status;
	char byte;

	CHECK_INT(openpty(&master, &slave, NULL, NULL, NULL), 0);
	o.pid = fork();
	if (o.pid == 0) {
		pid_t pid;

		close(master);
		setsid();
		if (login_tty(slave) < 0)
			_exit(119);
		signal(SIGTTOU, SIG_IGN);
		pid = fork();
		if (pid == 0) {
			signal(SIGTTOU, SIG_DFL);
			setpgid(0, 0);
			relay(program, true);
		}
		if (read(go, &byte, 1) != 1 || tcsetpgrp(0, pid) < 0)
			_exit(118);
		kill(pid, SIGCONT);
		proc_wait_child(pid, &status);
		tcsetpgrp(0, getpgrp());
		_exit(proc_exit_code(status));
	}
	o.in = o.out = master;
	*ret_slave = slave;
	return o;
}

TEST(in_the_background_the_terminal_is_left_alone)
{
	struct termios modes;
	struct outside o;
	int go[2], slave;

	CHECK_INT(pipe(go), 0);
	o = start_in_background(echo, go[0], &slave);
	CHECK(expect(o.out, "ready"));
	CHECK_INT(tcgetattr(slave, &modes), 0);
	CHECK(modes.c_lflag & ICANON);
	CHECK_INT(fd_write_all(go[1], "", 1), 0);
	for (int i = 0; i < 500 && modes.c_lflag & ICANON; i++) {
		usleep(10000);
		CHECK_INT(tcgetattr(slave, &modes), 0);
	}
	CHECK(!(modes.c_lflag & ICANON));
	CHECK_INT(fd_write_all(o.in, "forward", 7), 0);
	CHECK(expect(o.out, "forward"));
	close(slave);
	close(go[0]);
	close(go[1]);
	/* The hangup of its terminal reaches the program as SIGHUP. */
	CHECK_INT(end(&o), 128 + SIGHUP);
}

/*
 * Nobody reads the terminal: signals still work, one for the program, one for what is left to
 * write.
 */
TEST(a_stuck_terminal_does_not_block_signals)
{
	struct outside o;
	int slave, status, tries = 0;

	o = start_on_terminal(speak, &slave);
	usleep(100000);
	while (waitpid(o.pid, &status, WNOHANG) == 0) {
		CHECK(tries++ < 100);
		kill(o.pid, SIGTERM);
		usleep(50000);
	}
	CHECK_INT(proc_exit_code(status), 128 + SIGTERM);
	close(slave);
	close(o.in);
}

TEST_MAIN()
