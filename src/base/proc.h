/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: identity that survives pid reuse, signals, waiting, and helper programs with a deadline. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* Environment: the path of this program when it runs from a copy without one (linux/sealed_exe). */
#define PROC_EXE_VARIABLE "_NVCRUN_EXE"

/* A process, told apart from a later one with the same number by its start time. */
struct proc_id {
	pid_t pid;	/* 0: none */
	uint64_t start; /* field 22 of /proc/PID/stat, clock ticks since boot */
};

/*
 * What /proc/PID/stat says. Returns 0, or -ESRCH when there is no such process.
 * @ret_state: state letter; Z and X mean that all of its threads are dead
 */
int proc_read(pid_t pid, uint64_t *ret_start, char *ret_state);

/* Whether exactly this process exists and is neither zombie nor dead. */
bool proc_is_alive(const struct proc_id *id);

/*
 * Send @signal to exactly this process: by pidfd (Linux 5.3), else kill(2) after comparing the start
 * time. Returns 0, -ESRCH, or -errno.
 */
int proc_signal(const struct proc_id *id, int signal);

/* Wait until it is dead (zombie counts), at most @timeout_ms (-1: for ever). 0, or -ETIMEDOUT. */
int proc_wait_dead(const struct proc_id *id, int timeout_ms);

/* waitpid(2) on a child, restarted after EINTR. Returns 0 and the status, or -errno. */
int proc_wait_child(pid_t pid, int *ret_status);

/*
 * Whether we are root of this very machine, not the root that a user namespace gives: that one has few
 * rights outside, and /run is not its own.
 */
bool proc_is_real_root(void);

/* "exit status 3", "killed by signal 9 (Killed)": for error texts. */
const char *proc_status_words(int status, char *buf, size_t size);

/* The exit code that a shell would show: the status, or 128 + signal. */
int proc_exit_code(int status);

/*
 * Run a program of ours from libexec/nvcrun and take what it prints.
 *
 * @name:       file name, for example `mount-table`
 * @argv:       arguments after argv[0], NULL terminated
 * @timeout_ms: it is killed then (-ETIMEDOUT), and left behind if it hangs in the kernel
 * @ret_out:    its stdout (at most 1 MiB), NUL terminated, in @arena
 *
 * It is looked for beside the binary of this process (`libexec/nvcrun`, then `../libexec/nvcrun`), then
 * in the directory fixed at configure time; it must belong to root or to the owner of this binary, and
 * be writable by nobody else. It runs with an empty environment, cwd `/`, stdin /dev/null, no other
 * descriptors. Its stderr is part of the error.
 */
int proc_run_helper(const char *name, const char *const argv[], int timeout_ms, struct arena *arena,
		    char **ret_out, struct err *err);

/* The same for a program of the host, @path absolute. */
int proc_run_program(const char *path, const char *const argv[], int timeout_ms,
		     struct arena *arena, char **ret_out, struct err *err);
