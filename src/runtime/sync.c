/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the host process and init. */
#include "runtime/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

struct message {
	uint32_t type;
	uint32_t row;
	struct err err;
};

int sync_open(struct sync *sync, struct arena *arena, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "make a socket pair");
	sync->arena = arena;
	sync->fd = pair[0];
	sync->other_fd = pair[1];
	return 0;
}

void sync_become_host(struct sync *sync)
{
	fd_close(steal_fd(&sync->other_fd));
}

void sync_become_init(struct sync *sync)
{
	fd_close(sync->fd);
	sync->fd = steal_fd(&sync->other_fd);
}

void sync_close(struct sync *sync)
{
	fd_close(steal_fd(&sync->fd));
	fd_close(steal_fd(&sync->other_fd));
	fd_close(steal_fd(&sync->passed_fd));
}

int sync_send_turn(struct sync *sync, uint32_t row, struct err *err)
{
	struct message message = { .type = MSG_TURN, .row = row };
	int r = fd_send(sync->fd, &message, sizeof(message), -EBADF);

	return r < 0 ? err_code(err, r, "hand over to the other side") : 0;
}

int sync_send_fd(struct sync *sync, int fd, struct err *err)
{
	struct message message = { .type = MSG_FD };
	int r = fd_send(sync->fd, &message, sizeof(message), fd);

	return r < 0 ? err_code(err, r, "send a descriptor") : 0;
}

int sync_send_warning(struct sync *sync, const char *text, struct err *err)
{
	struct message message = { .type = MSG_WARNING };
	int r;

	snprintf(message.err.text, sizeof(message.err.text), "%s", text);
	r = fd_send(sync->fd, &message, sizeof(message), -EBADF);
	return r < 0 ? err_code(err, r, "send a warning") : 0;
}

void sync_send_error(struct sync *sync, uint32_t row, const struct err *err)
{
	struct message message = { .type = MSG_ERROR, .row = row, .err = *err };

	(void)fd_send(sync->fd, &message, sizeof(message), -EBADF);
}

int sync_wait_turn(struct sync *sync, uint32_t row, struct err *err)
{
	for (;;) {
		cleanup_close int fd = -EBADF;
		struct message message;
		ssize_t n = fd_receive(sync->fd, &message, sizeof(message), &fd);

		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n < 0)
			return err_code(err, (int)n, "wait for the other side");
		if (n != sizeof(message))
			return err_set(err, EPROTO, "a message of %zd bytes from the other side",
				       n);
		if (message.type == MSG_FD && fd >= 0 && sync->passed_fd < 0) {
			sync->passed_fd = steal_fd(&fd);
			continue;
		}
		message.err.text[sizeof(message.err.text) - 1] = '\0';
		if (message.type == MSG_WARNING) {
			VEC_PUSH(&sync->warnings, sync->arena,
				 arena_strdup(sync->arena, message.err.text));
			continue;
		}
		if (message.type == MSG_ERROR) {
			*err = message.err;
			return message.err.code > 0 ? -message.err.code : -EIO;
		}
		if (message.type != MSG_TURN || message.row != row)
			return err_set(err, EPROTO,
				       "message %u for row %u, expected the turn of row %u",
				       message.type, message.row, row);
		return 0;
	}
}
