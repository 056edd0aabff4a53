/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between the host process and init: one SOCK_SEQPACKET packet each.
 *
 *   MSG_TURN   the sender has reached a row of the other side: go on there
 *   MSG_ERROR  the sender failed in `row`; err says why; it is about to exit
 *   MSG_WARNING  init -> host: words in err, for people; it goes on
 *   MSG_FD     init -> host: a descriptor (the master of its terminal) rides along
 *
 * End of file without MSG_ERROR: the other side was killed, or (after the exec row) execve(2) succeeded.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

/* Instead of a row: init needs the host no more. `create`: it is ready; `run`: it executes the program next. */
#define SYNC_END UINT32_MAX

enum sync_type { MSG_TURN = 1, MSG_ERROR, MSG_FD, MSG_WARNING };

struct sync {
	int fd;	       /* this side's end, owned */
	int other_fd;  /* until clone: the other side's, owned */
	int passed_fd; /* host: what MSG_FD brought, owned; -EBADF: nothing */
	struct arena *arena;
	struct strings warnings; /* host: what MSG_WARNING brought, in the arena */
};
#define SYNC_NONE                                                     \
	{                                                             \
		.fd = -EBADF, .other_fd = -EBADF, .passed_fd = -EBADF \
	}

/* Make the pair, before clone. @arena: for what comes in. */
int sync_open(struct sync *sync, struct arena *arena, struct err *err);

/* After clone: keep one's own end (the host: fd, init: other_fd). */
void sync_become_host(struct sync *sync);
void sync_become_init(struct sync *sync);
void sync_close(struct sync *sync);

/* Hand over at @row. Failure means that the other side is gone: -EPIPE. */
int sync_send_turn(struct sync *sync, uint32_t row, struct err *err);

/* Init: send a descriptor, which stays the caller's. */
int sync_send_fd(struct sync *sync, int fd, struct err *err);

/* Init: have the host tell people. */
int sync_send_warning(struct sync *sync, const char *text, struct err *err);

/* Say why we are about to exit; nothing more can be done if it cannot be said. */
void sync_send_error(struct sync *sync, uint32_t row, const struct err *err);

/*
 * Wait for the turn at @row. MSG_FD and MSG_WARNING on the way are kept in passed_fd and warnings.
 *
 * Returns 0; 1 at end of file; -errno with @err as worded by the other side (MSG_ERROR), or -EPROTO.
 */
int sync_wait_turn(struct sync *sync, uint32_t row, struct err *err);
