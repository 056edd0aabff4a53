/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of --console-socket: `recvtty [-q] SOCKET` takes one terminal after the other, checks the message as
 * engines do (a name, exactly one descriptor, which is a terminal), prints `terminal <name>` and copies what the
 * terminal says to stdout. -q: throw it away.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int socket_fd, char *name, size_t size)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { name, size - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
	int fd;

	if (len <= 0 || !header || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)) || CMSG_NXTHDR(&msg, header))
		return -1;
	name[len] = '\0';
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return isatty(fd) ? fd : -1;
}

int main(int argc, char *argv[])
{
	int quiet = argc > 2 && strcmp(argv[1], "-q") == 0;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pollfd fds[64] = { { .events = POLLIN } };
	nfds_t count = 1;
	char buf[4096];

	if (argc < 2)
		return 2;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[argc - 1]);
	unlink(address.sun_path);
	setvbuf(stdout, NULL, _IONBF, 0);
	fds[0].fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fds[0].fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fds[0].fd, 8) < 0) {
		perror(address.sun_path);
		return 1;
	}
	while (poll(fds, count, -1) > 0) {
		for (nfds_t i = 1; i < count; i++) {
			ssize_t len = fds[i].revents ? read(fds[i].fd, buf, sizeof(buf)) : 1;

			if (fds[i].revents && len > 0 && !quiet && write(1, buf, (size_t)len) < 0)
				return 1;
			if (len <= 0) {
				close(fds[i].fd);
				fds[i--] = fds[--count];
			}
		}
		if (fds[0].revents && count < sizeof(fds) / sizeof(fds[0])) {
			int connection = accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC);
			int fd = receive(connection, buf, sizeof(buf));

			close(connection);
			if (fd < 0) {
				fprintf(stderr, "recvtty: not one terminal in one message\n");
				return 1;
			}
			if (!quiet)
				printf("terminal %s\n", buf);
			fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
	}
	return 0;
}
