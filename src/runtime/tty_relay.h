/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's terminal and a container's pty in the foreground: raw mode, bytes both ways with
 * back-pressure, window size, signals passed on, everything restored at the end.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/proc.h"

/*
 * Wait for init to end, meanwhile passing signals on to it (all but SIGCHLD, SIGURG, SIGWINCH, and those
 * that cannot be caught), and, with a pty, bytes and window size.
 *
 * @init:      the container's init, a child of this process
 * @master_fd: master of its pty, not owned; -EBADF: no terminal
 * @ret_status: wait status
 *
 * stdin need not be a terminal: then nothing is set raw and its end is passed on as the pty's end of file.
 * No polling: signalfd, poll. What the pty still holds when init ends is written out first.
 */
int tty_relay_wait(const struct proc_id *init, int master_fd, int *ret_status, struct err *err);

/* Give a pty the size of the user's terminal, if there is one: before the program looks at it. */
void tty_relay_copy_size(int master_fd);

/* Block, before clone, the signals that tty_relay_wait() will read by signalfd. */
void tty_relay_block_signals(void);
