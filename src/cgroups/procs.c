/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container's cgroup: listed, killed, waited for. */
#include "cgroups/procs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"

#define cleanup_arena __attribute__((cleanup(arena_done)))

/* How long a signal may take before we look for a reason. */
#define ROUND_MS 50

/* So many pids are told in an error. */
#define PIDS_TOLD 10

/*
 * All hierarchies hold the same processes; open the cgroup where most can be done with them: v2, else
 * v1's freezer, else any. -ENOENT when it is nowhere.
 */
static int open_best(const struct cg_place *place, int *ret_fd, struct err *err)
{
	cleanup_close int best = -EBADF;
	int best_rank = -1;

	for (size_t i = 0; i < place->mounts.count && best_rank < 2; i++) {
		cleanup_close int fd = -EBADF;
		int rank, r;

		r = cg_dir_open(place->mounts.items[i], place->path, &fd);
		if (cg_is_gone(r))
			continue;
		if (r < 0)
			return err_code(err, r, "open cgroup %s%s", place->mounts.items[i],
					place->path);
		rank = cg_dir_is_v2(fd) ? 2 : faccessat(fd, "freezer.state", F_OK, 0) == 0;
		if (rank > best_rank) {
			fd_close(best);
			best = steal_fd(&fd);
			best_rank = rank;
		}
	}
	if (best < 0)
		return -ENOENT;
	*ret_fd = steal_fd(&best);
	return 0;
}

int cg_pids(const struct cg_place *place, struct arena *arena, pid_t **ret_pids, size_t *ret_count,
	    struct err *err)
{
	cleanup_close int fd = -EBADF;
	struct cg_pid_list list = { 0 };
	int r;

	r = open_best(place, &fd, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		r = cg_dir_pids(fd, arena, &list);
	if (r < 0 && !cg_is_gone(r))
		return err_code(err, r, "read the processes of cgroup %s", place->path);
	*ret_pids = list.items;
	*ret_count = list.count;
	return 0;
}

const char *cg_pids_words(int dir_fd, struct arena *arena)
{
	struct strbuf words = { .arena = arena };
	struct cg_pid_list list = { 0 };

	(void)cg_dir_pids(dir_fd, arena, &list);
	strbuf_addf(&words, "%zu process(es)", list.count);
	for (size_t i = 0; i < list.count && i < PIDS_TOLD; i++)
		strbuf_addf(&words, "%s %d", i ? "" : ":", list.items[i]);
	if (list.count > PIDS_TOLD)
		strbuf_adds(&words, " …");
	return strbuf_text(&words);
}

int cg_wait_event(int events_fd, const char *event, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = events_fd, .events = POLLPRI };

	for (;;) {
		int64_t left = deadline_ms - cg_now_ms();
		char text[256];
		ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (strstr(text, event))
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		/* A change of the file is POLLPRI. */
		if (poll(&poll_fd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

static int count_pids(int dir_fd, size_t *ret_count)
{
	cleanup_arena struct arena arena = { 0 };
	struct cg_pid_list list = { 0 };
	int r = cg_dir_pids(dir_fd, &arena, &list);

	if (r == 0)
		*ret_count = list.count;
	return r;
}

int cg_wait_empty(int dir_fd, int64_t deadline_ms)
{
	cleanup_close int events = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	unsigned int pause_ms = 0;

	if (events >= 0) {
		int r = cg_wait_event(events, "populated 0", deadline_ms);

		return cg_is_gone(r) ? 0 : r;
	}
	for (;;) {
		size_t count = 0;
		int r = count_pids(dir_fd, &count);

		if (r < 0 || !count)
			return cg_is_gone(r) ? 0 : r;
		if (cg_now_ms() >= deadline_ms)
			return -ETIMEDOUT;
		cg_pause(&pause_ms);
	}
}

/* Freeze or thaw, by whichever freezer this directory has. None is no error: it only makes us slower. */
static void freeze(int dir_fd, bool freeze)
{
	if (cg_file_write(dir_fd, "cgroup.freeze", freeze ? "1" : "0") == -ENOENT)
		(void)cg_file_write(dir_fd, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

/* A process that v1's freezer holds does not die before it is thawed, whoever killed it. */
static void thaw_everywhere(const struct cg_place *place)
{
	VEC_EACH(mount, &place->mounts) {
		cleanup_close int fd = -EBADF;

		if (cg_dir_open(*mount, place->path, &fd) == 0)
			freeze(fd, false);
	}
}

static void kill_each(int dir_fd)
{
	cleanup_arena struct arena arena = { 0 };
	struct cg_pid_list list = { 0 };

	freeze(dir_fd, true);
	(void)cg_dir_pids(dir_fd, &arena, &list);
	VEC_EACH(pid, &list) {
		/* 0 is a process outside our pid namespace, and to kill(2) our own group. */
		if (*pid > 0)
			kill(*pid, SIGKILL);
	}
	freeze(dir_fd, false);
}

int cg_kill(const struct cg_place *place, int timeout_ms, struct err *err)
{
	int64_t deadline = cg_now_ms() + timeout_ms;
	cleanup_arena struct arena arena = { 0 };
	cleanup_close int fd = -EBADF;
	int r;

	r = open_best(place, &fd, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (;;) {
		int64_t now = cg_now_ms();

		/* Linux 5.14, v2. Else processes that fork meanwhile are met in the next round. */
		if (cg_file_write(fd, "cgroup.kill", "1") < 0)
			kill_each(fd);
		r = cg_wait_empty(fd, now + ROUND_MS < deadline ? now + ROUND_MS : deadline);
		if (r != -ETIMEDOUT)
			break;
		if (cg_now_ms() >= deadline)
			return err_set(err, ETIMEDOUT,
				       "container's cgroup %s still holds %s after %d ms",
				       place->path, cg_pids_words(fd, &arena), timeout_ms);
		thaw_everywhere(place);
	}
	if (r < 0)
		return err_code(err, r, "wait for the processes of cgroup %s", place->path);
	return 0;
}
