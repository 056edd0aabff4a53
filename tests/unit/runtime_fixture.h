/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the runtime room: a root directory of records and processes that play init. */
#pragma once

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/container.h"
#include "test.h"

static char fixture_root[64];

__attribute__((constructor)) static void fixture_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fixture_root, sizeof(fixture_root), "%s/nvcrun-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(fixture_root))
		abort();
}

static int fixture_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void fixture_remove(void)
{
	nftw(fixture_root, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A record with every field set, of a container whose init is @init (pid 0: none). */
static inline struct record fixture_record(const char *id, struct proc_id init)
{
	return (struct record){
		.id = id,
		.oci_version = "1.2.0",
		.bundle = "/bundles/b",
		.rootfs = "/bundles/b/rootfs",
		.created = "2026-01-02T03:04:05.000000006Z",
		.init = init,
		.cgroup = { .manager = CG_DISABLED },
	};
}

/* Write @record as that of a container below the fixture's root; the lock is free afterwards. */
static inline void fixture_write(const struct record *record)
{
	cleanup_close int root_fd = -EBADF, dir_fd = -EBADF;
	struct arena arena = { 0 };

	CHECK_INT(record_open_root(fixture_root, false, &arena, &root_fd, NULL), 0);
	if (record_make(root_fd, record->id, &dir_fd, NULL) < 0)
		CHECK_INT(record_open(root_fd, record->id, &dir_fd, NULL), 0);
	CHECK_INT(record_write(dir_fd, record, NULL), 0);
	arena_done(&arena);
}

/* A file (or a fifo, with @mode S_IFIFO) in the container's directory. */
static inline void fixture_file(const char *id, const char *name, mode_t mode, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", fixture_root, id, name);
	CHECK_INT(mknod(path, mode | 0600, 0), 0);
	if (text)
		CHECK_INT(fd_write_file(AT_FDCWD, path, text), 0);
}

static inline bool fixture_has(const char *id, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s/%s", fixture_root, id, name);
	return lstat(path, &st) == 0;
}

static inline struct proc_id fixture_identify(pid_t pid)
{
	struct proc_id id = { .pid = pid };
	char state;

	CHECK_INT(proc_read(pid, &id.start, &state), 0);
	return id;
}

/* A child that waits to be killed. */
static inline struct proc_id fixture_init(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	CHECK(pid > 0);
	return fixture_identify(pid);
}

/* How it ended: the signal that killed it, or 1000 + its exit status. */
static inline int fixture_end(struct proc_id init)
{
	int status;

	CHECK_INT(proc_wait_child(init.pid, &status), 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

static inline void fixture_kill(struct proc_id init)
{
	kill(init.pid, SIGKILL);
	fixture_end(init);
}
