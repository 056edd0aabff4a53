/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: a pty of its own devpts. config.md § process.terminal. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * In the container: open /dev/pts/ptmx (verified to be devpts' own), get the peer by TIOCGPTPEER (Linux 4.13;
 * never by name: CVE-2025-52565), and set its size when both are non-zero.
 *
 * @height, @width: characters
 * @ret_master, @ret_peer: owned by the caller
 */
int console_open(uint64_t height, uint64_t width, int *ret_master, int *ret_peer, struct err *err);

/*
 * Let the terminal write NL as NL, not as CR NL: for a relay to a terminal that does that itself, where twice
 * would show as stairs in logs. Engines that take the master show it raw and want the kernel's own modes.
 */
int console_pass_newlines(int peer_fd, struct err *err);

/* Bind the peer on /dev/console, which is made when it is missing. */
int console_bind(int peer_fd, struct err *err);

/* Make the peer the controlling terminal of this session and descriptors 0, 1, 2. */
int console_attach(int peer_fd, struct err *err);

/*
 * Send the master to the caller's AF_UNIX stream socket, as engines expect it: one message with the terminal's
 * name and the descriptor. @path: host path, of any length.
 */
int console_send(const char *path, int master_fd, struct err *err);
