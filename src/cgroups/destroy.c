/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a container's cgroup, and of its parents those that were made for it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"
#include "cgroups/procs.h"
#include "cgroups/systemd.h"

/* 0 also when it is not there. */
static int remove_dir(int parent_fd, const char *name)
{
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || cg_is_gone(-errno))
		return 0;
	return -errno;
}

/* A sub-cgroup, whose own are gone: wait for processes that are just dying. */
static int remove_empty(int parent_fd, const char *name, void *data)
{
	const int64_t *deadline_ms = data;
	unsigned int pause_ms = 0;

	for (;;) {
		cleanup_close int fd = -EBADF;
		int r = remove_dir(parent_fd, name);

		if (r != -EBUSY || cg_now_ms() >= *deadline_ms)
			return r;
		/* Empty and still busy: the kernel is about to let go of the last one. */
		if (pause_ms)
			cg_pause(&pause_ms);
		else
			pause_ms = 1;
		if (cg_dir_open_child(parent_fd, name, &fd) == 0)
			(void)cg_wait_empty(fd, *deadline_ms);
	}
}

static int remove_tree(int parent_fd, const char *name, int64_t deadline_ms)
{
	cleanup_close int fd = -EBADF;
	int r = remove_dir(parent_fd, name);

	if (r != -EBUSY && r != -ENOTEMPTY)
		return r;
	r = cg_dir_open_child(parent_fd, name, &fd);
	if (r == 0)
		r = cg_dir_walk(fd, remove_empty, &deadline_ms);
	if (r == 0)
		r = remove_empty(parent_fd, name, &deadline_ms);
	return cg_is_gone(r) ? 0 : r;
}

/* Open the parent of @path below @mount; @ret_name points into @path. */
static int open_parent(const char *mount, const char *path, int *ret_fd, const char **ret_name)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
	*ret_name = name + 1;
	return cg_dir_open(mount, parent, ret_fd);
}

static int remove_error(const char *mount, const char *path, int r, struct err *err)
{
	struct arena arena = { 0 };
	cleanup_close int fd = -EBADF;

	if (r == -EBUSY && cg_dir_open(mount, path, &fd) == 0)
		r = err_set(err, EBUSY, "remove cgroup %s%s: it still holds %s", mount, path,
			    cg_pids_words(fd, &arena));
	else
		r = err_code(err, r, "remove cgroup %s%s", mount, path);
	arena_done(&arena);
	return r;
}

/* @made: topmost directory to remove, relative to @mount */
static int destroy_in(const char *mount, const char *path, const char *made, int64_t deadline_ms,
		      struct err *err)
{
	size_t top = strlen(made) + 1;
	char at[PATH_MAX];

	snprintf(at, sizeof(at), "%s", path);
	for (bool leaf = true; strlen(at) >= top; leaf = false) {
		cleanup_close int parent = -EBADF;
		const char *name = "";
		int r = open_parent(mount, at, &parent, &name);

		if (r == 0)
			r = leaf ? remove_tree(parent, name, deadline_ms)
				 : remove_dir(parent, name);
		/* A parent that others use by now is theirs. */
		if (!leaf && (r == -EBUSY || r == -ENOTEMPTY))
			return 0;
		if (r < 0 && !cg_is_gone(r))
			return remove_error(mount, at, r, err);
		*strrchr(at, '/') = '\0';
	}
	return 0;
}

int cg_destroy(const struct cg_place *place, int timeout_ms, struct err *err)
{
	int64_t deadline_ms = cg_now_ms() + timeout_ms;
	int first = 0;

	if (place->manager == CG_SYSTEMD)
		first = cg_unit_stop(place, err);
	for (size_t i = 0; i < place->mounts.count; i++) {
		const char *made = place->made.items[i];
		int r;

		/* All of it was there before us, and stays. */
		if (!*made)
			continue;
		r = destroy_in(place->mounts.items[i], place->path, made, deadline_ms,
			       first ? NULL : err);
		if (first == 0)
			first = r;
	}
	return first;
}
