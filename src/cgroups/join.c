/* SPDX-License-Identifier: Apache-2.0 */
/* Another process into a container's cgroup: exec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"

static bool is_joined(const struct cg_place *place, const struct cg_hierarchy *hierarchy)
{
	return place->path && strings_have(&place->mounts, hierarchy->mount);
}

int cg_open(const struct cg_layout *layout, const struct cg_place *place, int *ret_fd,
	    struct err *err)
{
	VEC_EACH(hierarchy, &layout->hierarchies) {
		int r;

		if (!hierarchy->v2 || !is_joined(place, hierarchy))
			continue;
		r = cg_dir_open(hierarchy->mount, place->path, ret_fd);
		return r < 0 ? err_code(err, r, "open cgroup %s%s", hierarchy->mount, place->path)
			     : 0;
	}
	return 0;
}

/*
 * The v2 cgroup that a process is in now, below the hierarchy's mount: an init such as systemd moves itself
 * below its own cgroup, which then takes no processes any more.
 */
static int current_v2(pid_t pid, struct arena *arena, const char **ret_path)
{
	char path[48], *text;
	struct strings lines;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	r = fd_read_file(AT_FDCWD, path, 65536, arena, &text, &len);
	if (r < 0)
		return r;
	lines = str_split(arena, text, '\n', false);
	VEC_EACH(line, &lines) {
		const char *place = str_after(*line, "0::");

		/* `/../x`: outside of our cgroup namespace, and of reach */
		if (place && !strstr(place, "/..")) {
			*ret_path = place;
			return 0;
		}
	}
	return -ENOENT;
}

static int put(const struct cg_hierarchy *hierarchy, const char *path, pid_t pid)
{
	cleanup_close int fd = -EBADF;
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	r = cg_dir_open(hierarchy->mount, path, &fd);
	return r < 0 ? r : cg_file_write(fd, "cgroup.procs", text);
}

static int join_one(const struct cg_hierarchy *hierarchy, const char *path, pid_t pid, pid_t init,
		    struct err *err)
{
	struct arena arena = { 0 };
	const char *other;
	int r;

	r = put(hierarchy, path, pid);
	if (r < 0 && hierarchy->v2 && current_v2(init, &arena, &other) == 0 &&
	    put(hierarchy, other, pid) == 0)
		r = 0;
	arena_done(&arena);
	if (r < 0)
		return err_code(err, r, "adding pid %d to cgroups: %s%s/cgroup.procs", pid,
				hierarchy->mount, path);
	return 0;
}

int cg_join(const struct cg_layout *layout, const struct cg_place *place, pid_t pid, pid_t init,
	    bool except_v2, struct err *err)
{
	VEC_EACH(hierarchy, &layout->hierarchies) {
		int r;

		if (!is_joined(place, hierarchy) || (except_v2 && hierarchy->v2))
			continue;
		r = join_one(hierarchy, place->path, pid, init, err);
		if (r < 0)
			return r;
	}
	return 0;
}
