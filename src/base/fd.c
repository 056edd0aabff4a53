/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors. */
#include "base/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/syscalls.h"

void fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

int fd_read_all(int fd, size_t max, struct arena *arena, char **ret_text, size_t *ret_len)
{
	size_t size = 4096, len = 0;
	char *text = arena_alloc(arena, size + 1);
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size >= size) {
		if ((size_t)st.st_size > max)
			return -EFBIG;
		size = (size_t)st.st_size + 1;
		text = arena_alloc(arena, size + 1);
	}
	for (;;) {
		ssize_t n = read(fd, text + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		if (len == size) {
			char *grown = arena_alloc(arena, size * 2 + 1);

			memcpy(grown, text, len);
			text = grown;
			size *= 2;
		}
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_file(int dir_fd, const char *path, size_t max, struct arena *arena, char **ret_text,
		 size_t *ret_len)
{
	cleanup_close int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return fd_read_all(fd, max, arena, ret_text, ret_len);
}

int fd_write_file(int dir_fd, const char *path, const char *text)
{
	cleanup_close int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int fd_replace_file(int dir_fd, const char *name, mode_t mode, const void *data, size_t len)
{
	cleanup_close int fd = -EBADF;
	char temporary[256];
	int r;

	r = snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* A leftover of a killed writer is nobody's: whoever writes here holds the lock of the directory. */
	if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, data, len);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temporary, 0);
	return r;
}

int fd_send(int socket, const void *data, size_t len, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	do
		n = sendmsg(socket, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

ssize_t fd_receive(int socket, void *data, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { data, size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	ssize_t n;

	do
		n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_fd = -EBADF;
	header = CMSG_FIRSTHDR(&msg);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
	return n;
}

/*
 * What close_range(2) does, for kernels without it: @act on the open descriptors of a range. Without /proc: on
 * every number that the process may have.
 */
static int each_open_fd(unsigned int first, unsigned int last, int (*act)(int fd))
{
	cleanup_dir DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir) {
		unsigned int end = (unsigned int)sysconf(_SC_OPEN_MAX);

		for (unsigned int fd = first; fd < end && fd <= last; fd++)
			(void)act((int)fd);
		return 0;
	}
	while ((entry = readdir(dir))) {
		uint64_t number;

		if (str_to_u64(entry->d_name, INT32_MAX, &number) < 0)
			continue;
		if (number < first || number > last || (int)number == dirfd(dir))
			continue;
		if (act((int)number) < 0)
			return -errno;
	}
	return 0;
}

static int set_cloexec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int fd_cloexec_from(unsigned int first)
{
	if (sys_close_range(first, ~0U, SYS_CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return each_open_fd(first, ~0U, set_cloexec);
}

int fd_close_range(unsigned int first, unsigned int last)
{
	if (sys_close_range(first, last, 0) == 0)
		return 0;
	return each_open_fd(first, last, close);
}

int fd_list_open(struct arena *arena, struct fd_list *ret)
{
	cleanup_dir DIR *dir = opendir("/proc/self/fd");
	struct fd_list list = { 0 };
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		uint64_t number;

		if (str_to_u64(entry->d_name, INT32_MAX, &number) == 0 && number > 2 &&
		    (int)number != dirfd(dir))
			VEC_PUSH(&list, arena, (int)number);
	}
	*ret = list;
	return 0;
}

void fd_list_close(const struct fd_list *list, int first)
{
	VEC_EACH(fd, list) {
		if (*fd >= first)
			fd_close(*fd);
		else
			(void)set_cloexec(*fd);
	}
}

int fd_open_standard(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* The lowest free number is this one. Not CLOEXEC: it is a standard descriptor. */
		if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return -EBADF;
	}
	return 0;
}
