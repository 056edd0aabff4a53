/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVE-2016-9962 from inside: trace every new process of the container, and tell whether one was caught that does not
 * run its program yet (its executable is not of this root). Prints `caught PID` for each, and `ready` at the start.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the executable of a process is one that this root file system has. */
static int runs_its_program(pid_t pid)
{
	char path[32], name[4096];
	struct stat theirs, ours;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, name, sizeof(name) - 1);
	if (len <= 0)
		return 1; /* gone */
	name[len] = '\0';
	return stat(path, &theirs) == 0 && stat(name, &ours) == 0 && theirs.st_ino == ours.st_ino &&
	       theirs.st_dev == ours.st_dev && S_ISREG(ours.st_mode);
}

static void attack(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return;
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 && waitpid(pid, NULL, __WALL) == pid &&
	    !runs_its_program(pid))
		printf("caught %d\n", pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

int main(void)
{
	pid_t self = getpid(), newest = self;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc))) {
			pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

			if (pid <= newest)
				continue;
			attack(pid);
			if (kill(pid, 0) < 0 || runs_its_program(pid))
				newest = pid;
		}
		if (proc)
			closedir(proc);
	}
}
