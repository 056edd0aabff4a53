/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cgroup directory: reached from its hierarchy's mount by descriptors, never by joined host paths;
 * its small files, its sub-cgroups and its processes.
 */
#pragma once

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/vec.h"

struct cg_pid_list {
	pid_t *items;
	size_t count;
	size_t capacity;
};

/* One descendant, after its own descendants. A negative result ends the walk and is returned. */
typedef int (*cg_visit_fn)(int parent_fd, const char *name, void *data);

/* Whether @r is what the kernel says of a cgroup that was removed. */
static inline bool cg_is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/*
 * Take the next component off *@path. False at its end.
 * @name: receives it; longer components are cut (cg_place_choose refuses them)
 */
bool cg_path_next(const char **path, char name[NAME_MAX + 1]);

/*
 * Open the cgroup @path (components separated by `/`; "" or "/": the root) below @mount, without
 * following links. @ret_fd: O_RDONLY directory, owned by the caller. 0 or -errno without words.
 */
int cg_dir_open(const char *mount, const char *path, int *ret_fd);

/* The same for one component below a directory. */
int cg_dir_open_child(int dir_fd, const char *name, int *ret_fd);

/* Whether this directory is in a v2 hierarchy (CGROUP2_SUPER_MAGIC; also hybrid's). */
bool cg_dir_is_v2(int dir_fd);

/*
 * Read a file of one line with one read(2), without its newline; cut when longer than @size - 1.
 * Returns 0 or -errno.
 */
int cg_file_read(int dir_fd, const char *name, char *buf, size_t size);

/* Write with one write(2). 0 or -errno. */
int cg_file_write(int dir_fd, const char *name, const char *text);

/* Whether a word of a blank separated list (cgroup.controllers) is @word. */
bool cg_list_has(const char *list, const char *word);

/* Visit every descendant, children before parents. Directories that vanish meanwhile are skipped. */
int cg_dir_walk(int dir_fd, cg_visit_fn visit, void *data);

/* The processes in @dir_fd and below. Pids of an outer pid namespace are 0. 0 or -errno. */
int cg_dir_pids(int dir_fd, struct arena *arena, struct cg_pid_list *ret);

/* Whether the freezer (v1 freezer.state, v2 cgroup.freeze) holds this cgroup; false without one. */
bool cg_dir_is_frozen(int dir_fd);

/* CLOCK_MONOTONIC in milliseconds, for deadlines. */
int64_t cg_now_ms(void);

/* Sleep between two looks at a v1 hierarchy, which reports no events: 1 ms, doubling up to 10 ms. */
void cg_pause(unsigned int *ms);
