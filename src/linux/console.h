/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal: a pty of its own devpts. config.md § process.terminal. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * In init, after the pivot: open /dev/pts/ptmx (verified to be devpts' own), get the peer by TIOCGPTPEER
 * (Linux 4.13; never by name: CVE-2025-52565), set the size when both are non-zero, bind the peer on
 * /dev/console, make it the controlling terminal and descriptors 0, 1, 2.
 *
 * @height, @width: characters
 * @ret_master:     owned by the caller
 */
int console_make(uint64_t height, uint64_t width, int *ret_master, struct err *err);
