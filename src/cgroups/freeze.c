/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing a container's processes. v1: freezer.state; v2: cgroup.freeze (Linux 5.2) and cgroup.events. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"
#include "cgroups/procs.h"

/* How many looks at v1 until a new start. */
#define V1_ROUNDS 50

enum freezer { FREEZER_NONE, FREEZER_V2, FREEZER_V1 };

static enum freezer freezer_of(int dir_fd)
{
	if (faccessat(dir_fd, "freezer.state", F_OK, 0) == 0)
		return FREEZER_V1;
	return faccessat(dir_fd, "cgroup.freeze", F_OK, 0) == 0 ? FREEZER_V2 : FREEZER_NONE;
}

/*
 * Where the container is frozen. v1's freezer wins over hybrid's v2: other tools look there. Its hierarchy
 * has its name nearly always, so that one is tried first.
 */
static enum freezer open_freezer(const struct cg_place *place, int *ret_fd, const char **ret_mount)
{
	cleanup_close int best_fd = -EBADF;
	enum freezer best = FREEZER_NONE;

	for (int named = 1; named >= 0; named--) {
		VEC_EACH(mount, &place->mounts) {
			cleanup_close int fd = -EBADF;
			enum freezer kind;

			if (str_has_suffix(*mount, "/freezer") != named || best == FREEZER_V1 ||
			    cg_dir_open(*mount, place->path, &fd) < 0)
				continue;
			kind = freezer_of(fd);
			if (kind <= best)
				continue;
			fd_close(best_fd);
			best_fd = steal_fd(&fd);
			best = kind;
			*ret_mount = *mount;
		}
	}
	*ret_fd = steal_fd(&best_fd);
	return best;
}

/* A process that forks just then leaves the state at FREEZING, until FROZEN is written again. */
static int freeze_v1(int fd, int64_t deadline_ms)
{
	unsigned int pause_ms = 0;

	for (int round = 1;; round++) {
		char state[32];
		int r = cg_file_write(fd, "freezer.state", "FROZEN");

		if (r == 0)
			r = cg_file_read(fd, "freezer.state", state, sizeof(state));
		if (r < 0 || str_eq(state, "FROZEN"))
			return r;
		if (cg_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		/* One that waits for another, frozen already, needs both to run for a moment. */
		if (round % V1_ROUNDS == 0)
			(void)cg_file_write(fd, "freezer.state", "THAWED");
		cg_pause(&pause_ms);
	}
}

static int freeze_v2(int fd, int64_t deadline_ms)
{
	cleanup_close int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int r;

	if (events < 0)
		return -errno;
	r = cg_file_write(fd, "cgroup.freeze", "1");
	return r < 0 ? r : cg_wait_event(events, "frozen 1", deadline_ms);
}

static int thaw(int fd, enum freezer kind)
{
	return kind == FREEZER_V1 ? cg_file_write(fd, "freezer.state", "THAWED")
				  : cg_file_write(fd, "cgroup.freeze", "0");
}

static int error_no_freezer(const struct cg_place *place, struct err *err)
{
	struct arena arena = { 0 };
	struct strbuf places = { .arena = &arena };

	VEC_EACH(mount, &place->mounts)
		strbuf_addf(&places, "%s%s%s", places.len ? ", " : "", *mount, place->path);
	if (place->mounts.count)
		err_set(err, ENOTSUP,
			"no freezer: neither freezer.state nor cgroup.freeze (Linux 5.2) is in %s",
			strbuf_text(&places));
	else
		err_set(err, ENOTSUP, "the container has no cgroup of its own to be frozen in");
	arena_done(&arena);
	return -ENOTSUP;
}

int cg_freeze(const struct cg_place *place, bool frozen, int timeout_ms, struct err *err)
{
	int64_t deadline_ms = cg_now_ms() + timeout_ms;
	cleanup_close int fd = -EBADF;
	const char *mount = "";
	enum freezer kind = open_freezer(place, &fd, &mount);
	int r;

	if (kind == FREEZER_NONE)
		return error_no_freezer(place, err);
	if (frozen)
		r = kind == FREEZER_V1 ? freeze_v1(fd, deadline_ms) : freeze_v2(fd, deadline_ms);
	else
		r = thaw(fd, kind);
	if (r == 0)
		return 0;
	if (frozen)
		(void)thaw(fd, kind);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "freeze %s%s: some processes still run after %d ms",
			       mount, place->path, timeout_ms);
	return err_code(err, r, "%s %s%s", frozen ? "freeze" : "thaw", mount, place->path);
}

bool cg_is_frozen(const struct cg_place *place)
{
	cleanup_close int fd = -EBADF;
	const char *mount;

	return open_freezer(place, &fd, &mount) != FREEZER_NONE && cg_dir_is_frozen(fd);
}
