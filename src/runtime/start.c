/* SPDX-License-Identifier: Apache-2.0 */
/* The command `start`: release init and learn whether its program runs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/commands.h"
#include "runtime/container.h"
#include "runtime/hooks.h"
#include "runtime/start.h"

#define DEATH_TIMEOUT_MS 10000

static int error_status(enum container_status status, struct err *err)
{
	switch (status) {
	case CONTAINER_RUNNING:
		return err_set(err, EBUSY, "cannot start an already running container");
	case CONTAINER_STOPPED:
		return err_set(err, ESRCH, "cannot start a container that has stopped");
	default:
		return err_set(err, EBUSY, "cannot start a container in the %s state",
			       container_status_name(status));
	}
}

static int open_fifo(const struct container *container, const char *name, int flags, int *ret_fd,
		     struct err *err)
{
	int fd = openat(container->dir_fd, name, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENXIO)
		return error_status(CONTAINER_STOPPED, err);
	if (fd < 0)
		return err_errno(err, "open the fifo `%s` of container `%s`", name,
				 container->record.id);
	*ret_fd = fd;
	return 0;
}

/* The byte, then the removal that makes the container a running one. */
static int release(const struct container *container, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int rc;

	rc = open_fifo(container, START_FIFO, O_WRONLY, &fd, err);
	if (rc < 0)
		return rc;
	rc = fd_write_all(fd, "", 1);
	if (rc < 0)
		return err_code(err, rc, "release container `%s`", container->record.id);
	if (unlinkat(container->dir_fd, START_FIFO, 0) < 0)
		return err_errno(err, "remove the fifo `%s` of container `%s`", START_FIFO,
				 container->record.id);
	return 0;
}

/* Read to the end of file, which comes when init executes its program or dies. */
static int read_report(int fd, char *buf, size_t size, size_t *ret_len, struct err *err)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len < size) {
		ssize_t n;

		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			return err_errno(err, "wait for the program to run");
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(err, "read init's report");
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	*ret_len = len;
	return 0;
}

/* The byte that announces the program, the reason why it does not run, both, or nothing. */
static int take_report(int fd, struct err *err)
{
	char buf[1 + sizeof(struct err)];
	struct err report;
	size_t len = 0;
	int rc;

	rc = read_report(fd, buf, sizeof(buf), &len, err);
	if (rc < 0 || len == 1)
		return rc;
	if (len == 0)
		return err_set(err, ESRCH, "container init died before its program ran");
	if (len < sizeof(report))
		return err_set(err, EPROTO, "init's report makes no sense (%zu bytes)", len);
	memcpy(&report, buf + len - sizeof(report), sizeof(report));
	report.text[sizeof(report.text) - 1] = '\0';
	return err_set(err, report.code > 0 ? report.code : EPROTO, "%s", report.text);
}

/* From created to running. */
static int start(const struct container *container, struct err *err)
{
	cleanup_close int report_fd = -EBADF;
	int rc;

	if (container->status != CONTAINER_CREATED)
		return error_status(container->status, err);

	/* Ours before init is released, or a short program's end of file would come too early. */
	rc = open_fifo(container, REPORT_FIFO, O_RDONLY, &report_fd, err);
	if (rc == 0)
		rc = release(container, err);
	if (rc < 0)
		return rc;
	rc = take_report(report_fd, err);
	(void)unlinkat(container->dir_fd, REPORT_FIFO, 0);
	if (rc < 0) /* `state` after us says stopped */
		(void)proc_wait_dead(&container->record.init, DEATH_TIMEOUT_MS);
	return rc;
}

int runtime_start(const char *root, const char *id, struct arena *arena, struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct err ignored;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc == 0)
		rc = container_lock(&container, arena, err);
	if (rc == 0)
		rc = start(&container, err);
	if (rc == 0)
		rc = hooks_poststart(&container.record, arena, err);
	if (rc != -ECANCELED)
		return rc;
	/* A hook failed: nothing may be left. runtime.md § Lifecycle, 7 and 9. */
	container_done(&container);
	(void)runtime_delete(root, id, true, arena, &ignored);
	return rc;
}
