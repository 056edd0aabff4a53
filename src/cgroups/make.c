/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a cgroup in one hierarchy. */
#include "cgroups/make.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/dir.h"

/* How often a parent may be removed together with its last container while we are on our way. */
#define ATTEMPTS_MAX 100

/* One hierarchy while its directories are made. */
struct making {
	const struct cg_hierarchy *hierarchy;
	const char *path;
	const struct cg_settings *settings;
	struct strings available; /* v2: controllers of the directory reached */
	struct arena *arena;
	struct err *err;
};

/* A directory on the way was removed: not worded, cg_make() starts again. */
#define GONE (-ESTALE)

/* The limit that needs this controller, or NULL. */
static const char *needed_by(const struct cg_settings *settings, const char *controller)
{
	VEC_EACH(setting, settings) {
		if (!setting->harmless && str_eq(setting->controller, controller))
			return setting->field;
	}
	return NULL;
}

static int enable_error(struct making *m, const char *controller, const char *dir, int r)
{
	const char *field = needed_by(m->settings, controller);

	if (!field)
		return 0;
	if (cg_is_gone(r))
		return GONE;
	if (r == -EBUSY)
		return err_set(m->err, EBUSY,
			       "%s: cannot enable cgroup controller %s below %s: that cgroup holds"
			       " processes itself (no internal processes rule); move them into a"
			       " child of it, or choose another linux.cgroupsPath",
			       field, controller, dir);
	return err_code(m->err, r, "%s: write +%s to %s/cgroup.subtree_control", field, controller,
			dir);
}

/*
 * Whether a cgroup other than the root holds processes itself. It could hand out cpu and pids still, but
 * would become the root of a threaded subtree, which no process can enter as such.
 */
static bool has_processes(int fd)
{
	char pid[32];

	return faccessat(fd, "cgroup.type", F_OK, 0) == 0 &&
	       cg_file_read(fd, "cgroup.procs", pid, sizeof(pid)) == 0 && *pid;
}

/* The kernel takes all or none, so after a refusal each for itself; after EBUSY none would be taken. */
static int enable_each(struct making *m, int fd, const char *dir, const struct strings *missing,
		       bool busy)
{
	struct strings available = { 0 };

	VEC_EACH(name, &m->available) {
		int r = 0;

		if (strings_have(missing, *name))
			r = busy ? -EBUSY
				 : cg_file_write(fd, "cgroup.subtree_control",
						 arena_printf(m->arena, "+%s", *name));
		if (r == 0)
			VEC_PUSH(&available, m->arena, *name);
		else if ((r = enable_error(m, *name, dir, r)) < 0)
			return r;
	}
	m->available = available;
	return 0;
}

/*
 * Let the children of @fd have all controllers that it has; what they cost is small, and without them
 * nobody can account for the container. Nothing is written when its other children have them already.
 */
static int enable_controllers(struct making *m, int fd, const char *dir)
{
	struct strbuf words = { .arena = m->arena };
	struct strings missing = { 0 };
	char enabled[512];
	int r;

	if (!m->available.count)
		return 0;
	r = cg_file_read(fd, "cgroup.subtree_control", enabled, sizeof(enabled));
	if (r < 0)
		return cg_is_gone(r) ? GONE
				     : err_code(m->err, r, "read %s/cgroup.subtree_control", dir);
	VEC_EACH(name, &m->available) {
		if (cg_list_has(enabled, *name))
			continue;
		VEC_PUSH(&missing, m->arena, *name);
		strbuf_addf(&words, "%s+%s", words.len ? " " : "", *name);
	}
	if (!missing.count)
		return 0;
	r = has_processes(fd) ? -EBUSY : cg_file_write(fd, "cgroup.subtree_control", words.text);
	return r == 0 ? 0 : enable_each(m, fd, dir, &missing, r == -EBUSY);
}

/* A new v1 cpuset is empty, and tasks cannot enter an empty one. */
static int inherit_cpuset(struct making *m, int parent_fd, int fd, const char *dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char text[4096];
		int r = cg_file_read(fd, files[i], text, sizeof(text));

		if (r == 0 && *text)
			continue;
		if (r == 0)
			r = cg_file_read(parent_fd, files[i], text, sizeof(text));
		if (r == 0)
			r = cg_file_write(fd, files[i], text);
		if (r < 0)
			return cg_is_gone(r)
				       ? GONE
				       : err_code(m->err, r, "take over %s into %s", files[i], dir);
	}
	return 0;
}

/* @parent_len: how much of the path is the parent's, @len: with @name */
static int make_child(struct making *m, int parent_fd, const char *name, size_t len, int *ret_fd)
{
	const struct cg_hierarchy *h = m->hierarchy;
	const char *dir = arena_printf(m->arena, "%s%.*s", h->mount, (int)len, m->path);
	cleanup_close int fd = -EBADF;
	int r = 0;

	if (h->v2)
		r = enable_controllers(
			m, parent_fd, arena_strndup(m->arena, dir, strlen(dir) - strlen(name) - 1));
	if (r < 0)
		return r;
	if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		return cg_is_gone(-errno) ? GONE : err_errno(m->err, "make cgroup %s", dir);
	r = cg_dir_open_child(parent_fd, name, &fd);
	if (r < 0)
		return cg_is_gone(r) ? GONE : err_code(m->err, r, "open cgroup %s", dir);
	if (!h->v2 && strings_have(&h->controllers, "cpuset"))
		r = inherit_cpuset(m, parent_fd, fd, dir);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

static int make_from_top(struct making *m, int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	const char *rest = m->path;
	char name[NAME_MAX + 1];
	int r;

	r = cg_dir_open(m->hierarchy->mount, "", &fd);
	if (r < 0)
		return err_code(m->err, r, "open %s", m->hierarchy->mount);
	m->available = m->hierarchy->controllers;
	while (cg_path_next(&rest, name)) {
		cleanup_close int parent = steal_fd(&fd);

		r = make_child(m, parent, name, (size_t)(rest - m->path), &fd);
		if (r < 0)
			return r;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

int cg_make(const struct cg_hierarchy *hierarchy, const char *path,
	    const struct cg_settings *settings, struct arena *arena, int *ret_fd, struct err *err)
{
	struct making m = {
		.hierarchy = hierarchy,
		.path = path,
		.settings = settings,
		.arena = arena,
		.err = err,
	};

	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		int r = make_from_top(&m, ret_fd);

		if (r != GONE)
			return r;
	}
	return err_set(err, EAGAIN,
		       "make cgroup %s%s: it or its parents are removed again and again",
		       hierarchy->mount, path);
}
