/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: identity, signals, waiting. Helper programs: base/helper.c. */
#include "base/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/syscalls.h"

int proc_read(pid_t pid, uint64_t *ret_start, char *ret_state)
{
	cleanup_close int fd = -EBADF;
	char path[48], text[1024], state;
	uint64_t start;
	const char *at;
	long threads;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	/* The name in parentheses may hold anything; the last one closes it. Then: state is field 3. */
	at = strrchr(text, ')');
	if (!at || at[1] != ' ' || !at[2])
		return -EPROTO;
	state = at[2];
	at++;
	for (int field = 2; field < 19 && at; field++)
		at = strchr(at + 1, ' ');
	/* num_threads, itrealvalue, starttime */
	if (!at || sscanf(at, " %ld %*d %lu", &threads, &start) != 2)
		return -EPROTO;
	/* A first thread that ended shows Z while the others go on. */
	*ret_state = state == 'Z' && threads > 1 ? 'S' : state;
	*ret_start = start;
	return 0;
}

bool proc_is_alive(const struct proc_id *id)
{
	uint64_t start;
	char state;

	if (id->pid <= 0 || proc_read(id->pid, &start, &state) < 0)
		return false;
	return start == id->start && state != 'Z' && state != 'X';
}

bool proc_is_real_root(void)
{
	cleanup_close int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned int inside, outside, count;
	char text[128] = "";

	if (geteuid() != 0)
		return false;
	/* man 7 user_namespaces. A kernel without them has no such file. */
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return true;
	return sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == UINT32_MAX;
}

/* A pidfd of exactly this process. -ENOSYS before Linux 5.3. */
static int open_pidfd(const struct proc_id *id, int *ret_fd)
{
	cleanup_close int fd = sys_pidfd_open(id->pid, 0);

	/* Kernels such as 6.1 say so of a dead process whose number still names a session or a group. */
	if (fd < 0 && errno == EINVAL)
		return -ESRCH;
	if (fd < 0)
		return errno == EPERM ? -ENOSYS : -errno;
	/* Only now is the number pinned: compare after opening. */
	if (!proc_is_alive(id))
		return -ESRCH;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int proc_signal(const struct proc_id *id, int signal)
{
	cleanup_close int fd = -EBADF;
	int r;

	if (id->pid <= 0)
		return -ESRCH;
	r = open_pidfd(id, &fd);
	if (r == 0)
		return sys_pidfd_send_signal(fd, signal) < 0 ? -errno : 0;
	if (r != -ENOSYS)
		return r;
	if (!proc_is_alive(id))
		return -ESRCH;
	return kill(id->pid, signal) < 0 ? -errno : 0;
}

/* Without pidfd nothing tells us of the death of a process that is not our child. */
static int wait_dead_by_looking(const struct proc_id *id, int timeout_ms)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };

	for (int waited = 0; proc_is_alive(id); waited += 5) {
		if (timeout_ms >= 0 && waited >= timeout_ms)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

int proc_wait_dead(const struct proc_id *id, int timeout_ms)
{
	cleanup_close int fd = -EBADF;
	struct pollfd poll_fd;
	int r;

	if (id->pid <= 0)
		return 0;
	r = open_pidfd(id, &fd);
	if (r == -ESRCH)
		return 0;
	if (r == -ENOSYS)
		return wait_dead_by_looking(id, timeout_ms);
	if (r < 0)
		return r;
	poll_fd = (struct pollfd){ .fd = fd, .events = POLLIN };
	do
		r = poll(&poll_fd, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int proc_wait_child(pid_t pid, int *ret_status)
{
	int status;
	pid_t r;

	do
		r = waitpid(pid, &status, __WALL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	*ret_status = status;
	return 0;
}

const char *proc_status_words(int status, char *buf, size_t size)
{
	/* In lower case, as err_name() has errno's words. */
	if (WIFSIGNALED(status)) {
		const char *name = strsignal(WTERMSIG(status));

		snprintf(buf, size, "killed by signal %d (%c%s)", WTERMSIG(status),
			 tolower((unsigned char)name[0]), name + 1);
	} else {
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
	}
	return buf;
}

int proc_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
