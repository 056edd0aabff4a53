/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: ownership by cleanup, whole reads and writes, passing. Everything is CLOEXEC. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* Close @fd when it is one (>= 0); errno is kept. */
void fd_close(int fd);

static inline void fd_cleanup(const int *fd)
{
	fd_close(*fd);
}

static inline void dir_cleanup(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Locals that own a descriptor: cleanup_close int fd = -EBADF; */
#define cleanup_close __attribute__((cleanup(fd_cleanup)))
#define cleanup_dir   __attribute__((cleanup(dir_cleanup)))

/* Hand over ownership: the local forgets the descriptor. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -EBADF;
	return stolen;
}

/*
 * Read to the end. @max: more bytes than this are -EFBIG. The text is NUL terminated beyond @ret_len
 * and lives in @arena. Returns 0 or -errno, no words.
 */
int fd_read_all(int fd, size_t max, struct arena *arena, char **ret_text, size_t *ret_len);

/* Write all of it. Returns 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

/*
 * Open @path relative to @dir_fd (AT_FDCWD for host paths) read only, read all, close.
 * Only for host files: paths in a root file system go through base/path.
 */
int fd_read_file(int dir_fd, const char *path, size_t max, struct arena *arena, char **ret_text,
		 size_t *ret_len);

/* Write @text in one write(2) to an existing (kernel) file. Returns 0 or -errno. */
int fd_write_file(int dir_fd, const char *path, const char *text);

/*
 * Replace or create @name in @dir_fd so that readers see the old or the new text, never half of it
 * (temporary `.<name>.tmp`, rename). @mode: permission bits.
 */
int fd_replace_file(int dir_fd, const char *name, mode_t mode, const void *data, size_t len);

/* Send one descriptor with one packet / receive: *ret_fd is -EBADF when the packet had none. */
int fd_send(int socket, const void *data, size_t len, int fd);
ssize_t fd_receive(int socket, void *data, size_t size, int *ret_fd);

/* Descriptors that were open at some moment. */
struct fd_list {
	int *items;
	size_t count;
	size_t capacity;
};

/* Those from 3 on that are open now: at the start of a program, what its caller left open. */
int fd_list_open(struct arena *arena, struct fd_list *ret);

/*
 * Close those of the list from @first on, and mark the rest close-on-exec. Numbers that were closed meanwhile
 * must not have been used again.
 */
void fd_list_close(const struct fd_list *list, int first);

/* Mark every descriptor from @first up close-on-exec (close_range(2) >= 5.11, else /proc/self/fd). */
int fd_cloexec_from(unsigned int first);

/* Close the descriptors from @first to @last (close_range(2) >= 5.9, else /proc/self/fd). */
int fd_close_range(unsigned int first, unsigned int last);

/* Open 0, 1, 2 on /dev/null where they are closed, so that no file of ours gets such a number. */
int fd_open_standard(void);
