/* SPDX-License-Identifier: Apache-2.0 */
/* The start channel, init's side: two fifos in the record's directory. The other side: start.c. */
#include "runtime/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/*
 * Init's end is O_RDWR (man 7 fifo, Linux): opening does not wait for the other side, the read of
 * `start` never sees an end of file, and a report without a reader raises no SIGPIPE.
 */
static int make_fifo(int dir_fd, const char *name, int *ret_fd, struct err *err)
{
	int fd;

	if (mkfifoat(dir_fd, name, 0600) < 0)
		return err_errno(err, "make the fifo `%s`", name);
	fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "open the fifo `%s`", name);
	*ret_fd = fd;
	return 0;
}

int start_channel_make(int dir_fd, struct start_channel *ret, struct err *err)
{
	cleanup_close int report_fd = -EBADF;
	int start_fd, rc;

	/* `start` last: once it is there the container can be started. */
	rc = make_fifo(dir_fd, REPORT_FIFO, &report_fd, err);
	if (rc < 0)
		return rc;
	rc = make_fifo(dir_fd, START_FIFO, &start_fd, err);
	if (rc < 0)
		return rc;
	*ret = (struct start_channel){ start_fd, steal_fd(&report_fd) };
	return 0;
}

void start_channel_close(struct start_channel *channel)
{
	fd_close(channel->start_fd);
	fd_close(channel->report_fd);
	*channel = (struct start_channel)START_CHANNEL_NONE;
}

int start_channel_wait(const struct start_channel *channel, struct err *err)
{
	ssize_t n;
	char byte;

	do
		n = read(channel->start_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "wait for start");
	return 0;
}

void start_channel_report(const struct start_channel *channel, const struct err *err)
{
	_Static_assert(sizeof(*err) <= 4096, "one atomic write: PIPE_BUF");

	(void)fd_write_all(channel->report_fd, err, sizeof(*err));
}

int start_channel_announce(const struct start_channel *channel, struct err *err)
{
	int r = fd_write_all(channel->report_fd, "", 1);

	return r < 0 ? err_code(err, r, "announce the program to `start`") : 0;
}
