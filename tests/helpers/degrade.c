/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An older kernel for a program: `degrade openat2,clone3 PROGRAM ARG…` answers the named system calls with
 * ENOSYS (a name followed by =EPERM: with EPERM, as container managers' filters do).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int number;
} calls[] = {
	{ "clone3", SYS_clone3 },
	{ "close_range", SYS_close_range },
	{ "fsopen", SYS_fsopen },
	{ "memfd_create", SYS_memfd_create },
	{ "mount_setattr", SYS_mount_setattr },
	{ "move_mount", SYS_move_mount },
	{ "open_tree", SYS_open_tree },
	{ "openat2", SYS_openat2 },
	{ "pidfd_open", SYS_pidfd_open },
};
#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

static unsigned int find(const char *name, size_t len)
{
	for (size_t i = 0; i < N_CALLS; i++) {
		if (strlen(calls[i].name) == len && strncmp(calls[i].name, name, len) == 0)
			return calls[i].number;
	}
	fprintf(stderr, "degrade: unknown system call %s\n", name);
	exit(2);
}

int main(int argc, char *argv[])
{
	struct sock_filter filter[2 * N_CALLS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = 1, .filter = filter };

	if (argc < 3) {
		fprintf(stderr, "usage: degrade CALL[=EPERM],… PROGRAM [ARG …]\n");
		return 2;
	}
	for (const char *at = argv[1]; *at && program.len < 2 * N_CALLS; at += *at == ',') {
		size_t len = strcspn(at, ",="), all = strcspn(at, ",");
		unsigned int code = all > len ? EPERM : ENOSYS;

		filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								     find(at, len), 0, 1);
		filter[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code);
		at += all;
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	/* As root a filter needs no no_new_privs, which the container's program would inherit. */
	if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		perror("degrade: no_new_privs");
		return 2;
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0) {
		perror("degrade: seccomp");
		return 2;
	}
	execvp(argv[2], &argv[2]);
	perror(argv[2]);
	return 127;
}
