/* SPDX-License-Identifier: Apache-2.0 */
/* The container's terminal. */
#include "linux/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/mount.h"

#define DEVPTS_MAGIC 0x1cd1
#define PTMX_INODE   2

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* devpts' ptmx and nothing that an image put in its place. */
static int open_ptmx(int *ret_fd, struct err *err)
{
	cleanup_close int fd = open("/dev/pts/ptmx", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return err_errno(err, "open /dev/pts/ptmx: process.terminal needs a devpts mount");
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "stat /dev/pts/ptmx");
	if (fs.f_type != DEVPTS_MAGIC || st.st_ino != PTMX_INODE || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return err_set(err, EPERM, "/dev/pts/ptmx is not devpts' own");
	*ret_fd = steal_fd(&fd);
	return 0;
}

int console_bind(int peer_fd, struct err *err)
{
	static const struct mount_flags flags = { .bind = true };
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int dir_fd = -EBADF, target_fd = -EBADF;
	struct stat st;
	int r;

	if (root_fd < 0)
		return err_errno(err, "open the root directory");
	r = path_open_in(root_fd, "/dev", O_PATH | O_DIRECTORY, &dir_fd);
	if (r < 0)
		return err_code(err, r, "open /dev");
	target_fd =
		openat(dir_fd, "console",
		       O_RDONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0620);
	if (target_fd < 0)
		return err_errno(err, "make /dev/console");
	fd_close(target_fd);
	target_fd = openat(dir_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0 && errno == ENOENT) {
		fd_close(openat(dir_fd, "console",
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
				0620));
		target_fd = openat(dir_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (target_fd < 0)
		return err_errno(err, "make /dev/console");
	if (fstat(target_fd, &st) < 0)
		return err_errno(err, "stat /dev/console");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_set(err, EINVAL, "/dev/console is neither a file nor a device");
	r = mount_bind(target_fd, peer_fd, &flags, err);
	return r < 0 ? err_prefix(err, "bind the terminal on /dev/console") : 0;
}

int console_pass_newlines(int peer_fd, struct err *err)
{
	struct termios termios;

	if (tcgetattr(peer_fd, &termios) < 0)
		return err_errno(err, "read terminal modes");
	termios.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(peer_fd, TCSANOW, &termios) < 0)
		return err_errno(err, "set terminal modes");
	return 0;
}

int console_open(uint64_t height, uint64_t width, int *ret_master, int *ret_peer, struct err *err)
{
	struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };
	cleanup_close int master_fd = -EBADF, peer_fd = -EBADF;
	int unlock = 0;
	int r;

	r = open_ptmx(&master_fd, err);
	if (r < 0)
		return r;
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_errno(err, "unlock the terminal");
	peer_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer_fd < 0)
		return err_errno(err, "open the terminal's other end (TIOCGPTPEER)");
	if (height && width && ioctl(peer_fd, TIOCSWINSZ, &size) < 0)
		return err_errno(err, "process.consoleSize");
	*ret_master = steal_fd(&master_fd);
	*ret_peer = steal_fd(&peer_fd);
	return 0;
}

int console_attach(int peer_fd, struct err *err)
{
	if (ioctl(peer_fd, TIOCSCTTY, 0) < 0)
		return err_errno(err, "make it the controlling terminal");
	for (int fd = 0; fd <= 2; fd++) {
		if (dup2(peer_fd, fd) < 0)
			return err_errno(err, "make it descriptor %d", fd);
	}
	return 0;
}

/* A path longer than sun_path is reached through a descriptor of its directory. man 7 unix */
static int connect_to(const char *path, int socket_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *slash = strrchr(path, '/');
	cleanup_close int dir_fd = -EBADF;
	char dir[PATH_MAX];

	if (strlen(path) < sizeof(address.sun_path)) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		return connect(socket_fd, (struct sockaddr *)&address, sizeof(address));
	}
	if (!slash || snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -1;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir_fd,
		     slash + 1) >= (int)sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return connect(socket_fd, (struct sockaddr *)&address, sizeof(address));
}

int console_send(const char *path, int master_fd, struct err *err)
{
	static const char name[] = "/dev/ptmx";
	cleanup_close int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (socket_fd < 0)
		return err_errno(err, "make a socket");
	if (connect_to(path, socket_fd) < 0)
		return err_errno(err, "--console-socket: connect to %s", path);
	r = fd_send(socket_fd, name, sizeof(name) - 1, master_fd);
	return r < 0 ? err_code(err, r, "--console-socket: send the terminal to %s", path) : 0;
}
