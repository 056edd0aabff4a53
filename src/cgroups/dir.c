/* SPDX-License-Identifier: Apache-2.0 */
/* One cgroup directory. */
#include "cgroups/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* Each level of a walk holds a descriptor. */
#define DEPTH_MAX 200
#define PROCS_MAX (16 * 1024 * 1024)

bool cg_path_next(const char **path, char name[NAME_MAX + 1])
{
	const char *start = *path + strspn(*path, "/");
	size_t len = strcspn(start, "/");

	*path = start + len;
	if (!len)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)len, start);
	return true;
}

int cg_dir_open_child(int dir_fd, const char *name, int *ret_fd)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int cg_dir_open(const char *mount, const char *path, int *ret_fd)
{
	/* The mount itself may be behind a link of the administrator: cpu -> cpu,cpuacct. */
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];

	if (fd < 0)
		return -errno;
	while (cg_path_next(&path, name)) {
		cleanup_close int parent = fd;
		int r = cg_dir_open_child(parent, name, &fd);

		if (r < 0)
			return r;
	}
	*ret_fd = fd;
	return 0;
}

bool cg_dir_is_v2(int dir_fd)
{
	struct statfs fs;

	return fstatfs(dir_fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

int cg_file_read(int dir_fd, const char *name, char *buf, size_t size)
{
	cleanup_close int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int cg_file_write(int dir_fd, const char *name, const char *text)
{
	return fd_write_file(dir_fd, name, text);
}

bool cg_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static int walk(int dir_fd, unsigned int depth, cg_visit_fn visit, void *data);

static int walk_child(int dir_fd, const char *name, unsigned int depth, cg_visit_fn visit,
		      void *data)
{
	cleanup_close int fd = -EBADF;
	int r = cg_dir_open_child(dir_fd, name, &fd);

	if (r < 0)
		return cg_is_gone(r) ? 0 : r;
	r = walk(fd, depth + 1, visit, data);
	return r < 0 ? r : visit(dir_fd, name, data);
}

static int walk(int dir_fd, unsigned int depth, cg_visit_fn visit, void *data)
{
	cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;
	int fd = -EBADF, r;

	/* kernfs counts sub-directories in the link count: most cgroups have none and are not listed. */
	if (fstat(dir_fd, &st) == 0 && st.st_nlink == 2)
		return 0;
	if (depth >= DEPTH_MAX)
		return -ELOOP;
	/* A descriptor of its own: the place in the listing belongs to the open file. */
	r = cg_dir_open_child(dir_fd, ".", &fd);
	if (r < 0)
		return cg_is_gone(r) ? 0 : r;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || str_eq(entry->d_name, ".") ||
		    str_eq(entry->d_name, ".."))
			continue;
		r = walk_child(dir_fd, entry->d_name, depth, visit, data);
		if (r < 0)
			return r;
	}
	return 0;
}

int cg_dir_walk(int dir_fd, cg_visit_fn visit, void *data)
{
	return walk(dir_fd, 0, visit, data);
}

struct pids_walk {
	struct arena *arena;
	struct cg_pid_list list;
};

static int read_pids(int dir_fd, const char *file, struct pids_walk *walk)
{
	char *text, *end;
	size_t len;
	int r;

	r = fd_read_file(dir_fd, file, PROCS_MAX, walk->arena, &text, &len);
	/* Threaded cgroups have no processes of their own (EOPNOTSUPP); others may just be gone. */
	if (cg_is_gone(r) || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return r;
	for (; *text; text = *end ? end + 1 : end) {
		VEC_PUSH(&walk->list, walk->arena, (pid_t)strtol(text, &end, 10));
	}
	return 0;
}

static int visit_pids(int parent_fd, const char *name, void *data)
{
	char file[NAME_MAX + sizeof("/cgroup.procs")];

	snprintf(file, sizeof(file), "%s/cgroup.procs", name);
	return read_pids(parent_fd, file, data);
}

int cg_dir_pids(int dir_fd, struct arena *arena, struct cg_pid_list *ret)
{
	struct pids_walk walk = { .arena = arena };
	int r = read_pids(dir_fd, "cgroup.procs", &walk);

	if (r == 0)
		r = cg_dir_walk(dir_fd, visit_pids, &walk);
	if (r == 0)
		*ret = walk.list;
	return r;
}

bool cg_dir_is_frozen(int dir_fd)
{
	char state[32];

	if (cg_file_read(dir_fd, "cgroup.freeze", state, sizeof(state)) == 0)
		return str_eq(state, "1");
	if (cg_file_read(dir_fd, "freezer.state", state, sizeof(state)) == 0)
		return !str_eq(state, "THAWED");
	return false;
}

int64_t cg_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cg_pause(unsigned int *ms)
{
	struct timespec time = { .tv_nsec = 0 };

	*ms = *ms ? *ms * 2 : 1;
	if (*ms > 10)
		*ms = 10;
	time.tv_nsec = (long)*ms * 1000000;
	nanosleep(&time, NULL);
}
