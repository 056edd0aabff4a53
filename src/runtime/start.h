/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start channel between a created container's init and `nvcrun start`: two fifos in the record's
 * directory. Init inherits both ends that it needs, so it waits on a descriptor, not on a path.
 *
 *   start   init holds it O_RDWR and blocks in read(2); `start` opens it O_WRONLY | O_NONBLOCK (ENXIO: init
 *           is gone), writes one byte and removes it: that removal is created -> running
 *   report  init holds the only write end; `start` reads it to its end: one byte when the program is executed
 *           next; a struct err when that or something before it failed. End of file after the byte is success
 *           (the descriptor is CLOEXEC); without anything init was killed
 */
#pragma once

#include <errno.h>

#include "base/err.h"

#define START_FIFO  "start"
#define REPORT_FIFO "report"

/* Init's side, opened by the host before clone. */
struct start_channel {
	int start_fd;  /* owned by init */
	int report_fd; /* owned by init */
};
#define START_CHANNEL_NONE     \
	{                      \
		-EBADF, -EBADF \
	}

/* Make the fifos in the record's directory and open init's ends. */
int start_channel_make(int dir_fd, struct start_channel *ret, struct err *err);
void start_channel_close(struct start_channel *channel);

/* Init: block until `start`. */
int start_channel_wait(const struct start_channel *channel, struct err *err);

/* Init: the program is executed next. Without this word end of file means that init died. */
int start_channel_announce(const struct start_channel *channel, struct err *err);

/* Init: tell `start` why the program does not run. */
void start_channel_report(const struct start_channel *channel, const struct err *err);
