/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback interface. */
#include "linux/loopback.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"

int loopback_up(struct err *err)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	/* Netlink sockets need no IPv4 in the kernel, and take this ioctl like all others. */
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(err, "open a socket to set lo up");
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_errno(err, "set lo up");
	return 0;
}
