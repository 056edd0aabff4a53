/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside a root: resolved by descriptor, never joined as strings. A symbolic link, absolute or
 * not, and any number of `..` stay below the root, as with chroot(2).
 *
 * openat2(2) RESOLVE_IN_ROOT (Linux 5.6) does the work; where it is missing or refused by a seccomp
 * filter (EPERM, ENOSYS) a walk of one component at a time with O_NOFOLLOW does the same.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * Open an existing path.
 *
 * @root_fd: directory that counts as `/` (O_PATH is enough)
 * @path:    absolute or relative, both start at the root
 * @flags:   open(2) flags, O_CLOEXEC is added; O_NOFOLLOW concerns the last component only
 * @ret_fd:  owned by the caller
 *
 * Returns 0 or -errno without words: the caller knows what the path means. -ELOOP after 40 links.
 */
int path_open_in(int root_fd, const char *path, int flags, int *ret_fd);

/*
 * Whether the way to @path stays in the mount that @root_fd is of; also for what is not there. Before Linux 5.6 a bind
 * mount of the same file system is not told from it.
 */
bool path_is_on_root_mount(int root_fd, const char *path);

/* As path_open_in(O_PATH | O_DIRECTORY), creating missing directories with @mode (before umask). */
int path_make_dirs_in(int root_fd, const char *path, mode_t mode, int *ret_fd);

/*
 * The directory that holds the last component of @path, and that component.
 *
 * @make:     create missing directories, 0755
 * @ret_fd:   O_PATH directory, owned by the caller
 * @ret_name: in @arena; never empty, `.` or `..`: such a path is -EINVAL
 */
int path_open_parent_in(int root_fd, const char *path, bool make, struct arena *arena, int *ret_fd,
			const char **ret_name);

/*
 * Open (O_PATH) the mount point at @path, creating what is missing: a directory, or an empty regular
 * file when @is_file. A link at the end is followed inside the root; a dangling one has its target
 * created. -ENOTDIR / -EISDIR when what exists is of the other kind.
 */
int path_make_target_in(int root_fd, const char *path, bool is_file, int *ret_fd);

/*
 * @path without `.`, `..`, double and trailing slashes, absolute; `..` at the top is dropped.
 * Lexical: for comparing and printing, never for opening.
 */
char *path_clean(struct arena *arena, const char *path);

/* Whether @path is @dir or below it, by components; both clean. */
bool path_is_below(const char *path, const char *dir);

/* A host path as an absolute one: relative to the working directory, not resolved. */
char *path_absolute(struct arena *arena, const char *path);

/* The host path behind @path: absolute, links resolved (realpath(3)). NULL and errno when missing. */
char *path_real(struct arena *arena, const char *path);
