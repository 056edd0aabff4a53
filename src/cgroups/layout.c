/* SPDX-License-Identifier: Apache-2.0 */
/* Where cgroups are on this host. The usual places are tried first, the mount table is asked last. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"
#include "cgroups/layout.h"

#define CGROUP_ROOT	    "/sys/fs/cgroup"
#define MOUNT_TABLE_TIMEOUT 5000

static bool is_fs(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

/* The unified hierarchy at @mount; its controllers are what its root may hand out. */
static int add_v2(struct arena *arena, const char *mount, struct cg_layout *layout, struct err *err)
{
	struct cg_hierarchy *hierarchy = VEC_ADD(&layout->hierarchies, arena);
	cleanup_close int fd = -EBADF;
	char controllers[512];
	int r;

	r = cg_dir_open(mount, "", &fd);
	if (r == 0)
		r = cg_file_read(fd, "cgroup.controllers", controllers, sizeof(controllers));
	if (r < 0)
		return err_code(err, r, "read %s/cgroup.controllers", mount);
	hierarchy->mount = arena_strdup(arena, mount);
	hierarchy->v2 = true;
	hierarchy->controllers = str_split(arena, controllers, ' ', false);
	return 0;
}

void cg_layout_parse_v1(const char *text, struct arena *arena, struct cg_v1_list *ret)
{
	struct strings lines = str_split(arena, text, '\n', false);

	VEC_EACH(line, &lines) {
		const char *names = strchr(*line, ':');
		const char *end = names ? strchr(names + 1, ':') : NULL;
		struct cg_v1 *v1;

		/* `0::/path` is the unified hierarchy, mounted or not. */
		if (!end || end == names + 1)
			continue;
		v1 = VEC_ADD(ret, arena);
		v1->names = arena_strndup(arena, names + 1, (size_t)(end - names - 1));
		v1->controllers = str_split(arena, v1->names, ',', false);
	}
}

/* `cpu,cpuacct` is mounted at …/cpu,cpuacct, or its members are links to whatever the order is. */
static const char *usual_v1_mount(const struct cg_v1 *v1, struct arena *arena)
{
	const char *named = str_after(v1->names, "name=");
	const char *candidates[] = { named ? named : v1->names, v1->controllers.items[0] };

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		char *mount = arena_printf(arena, CGROUP_ROOT "/%s", candidates[i]);

		if (is_fs(mount, CGROUP_SUPER_MAGIC))
			return mount;
	}
	return NULL;
}

static int find_usual_v1(struct arena *arena, struct cg_v1_list *list, struct err *err)
{
	char *text;
	size_t len;
	int r;

	r = fd_read_file(AT_FDCWD, "/proc/self/cgroup", 1024 * 1024, arena, &text, &len);
	/* A kernel without cgroups has no such file. */
	if (r < 0 && r != -ENOENT)
		return err_code(err, r, "read /proc/self/cgroup");
	if (r == 0)
		cg_layout_parse_v1(text, arena, list);
	VEC_EACH(v1, list)
		v1->mount = usual_v1_mount(v1, arena);
	return 0;
}

/* Text of a member, "" when it has none. */
static const char *member(const struct value *object, const char *key)
{
	const struct value *value = value_get(object, key);

	return value && value->kind == VALUE_STRING ? value->text : "";
}

const char *cg_layout_find_mount(const struct value *mounts, const char *fstype,
				 const char *controller, struct arena *arena)
{
	const char *found = NULL;

	VEC_EACH(it, &mounts->items) {
		struct strings options = str_split(arena, member(*it, "super"), ',', false);

		if (!str_eq(member(*it, "fstype"), fstype) ||
		    (controller && !strings_have(&options, controller)))
			continue;
		/* The whole hierarchy is better than a part of it bound somewhere. */
		if (str_eq(member(*it, "root"), "/"))
			return member(*it, "target");
		if (!found)
			found = member(*it, "target");
	}
	return found;
}

static int read_mount_table(struct arena *arena, const struct value **ret, struct err *err)
{
	static const char *const argv[] = { "cgroup", "cgroup2", NULL };
	const struct value *mounts = NULL;
	char *text;
	int r;

	r = proc_run_helper("mount-table", argv, MOUNT_TABLE_TIMEOUT, arena, &text, err);
	if (r == 0)
		r = json_read(text, strlen(text), "mount-table", arena, &mounts, err);
	if (r == 0 && mounts->kind != VALUE_ARRAY)
		r = err_set(err, EINVAL, "mount-table: expected an array, got %s",
			    value_kind_words(mounts->kind));
	if (r == 0)
		*ret = mounts;
	return r;
}

/* A hierarchy without controllers (name=systemd) is joined where it is usual, never looked for. */
static bool is_lost(const struct cg_v1 *v1)
{
	return !v1->mount && !str_has_prefix(v1->names, "name=");
}

/* Fill in what is not at its usual place. */
static int find_unusual(struct arena *arena, struct cg_v1_list *list, const char **v2,
			struct err *err)
{
	const struct value *mounts = NULL;
	bool nothing = !*v2, lost = false;
	int r;

	VEC_EACH(v1, list) {
		nothing &= !v1->mount;
		lost |= is_lost(v1);
	}
	if (!nothing && !lost)
		return 0;
	r = read_mount_table(arena, &mounts, err);
	if (r < 0 && !nothing) {
		/* What was found may suffice; a limit that misses its controller says so by itself. */
		log_debug("%s", err ? err->text : "mount-table failed");
		return 0;
	}
	if (r < 0)
		return err_prefix(err, "no cgroup hierarchy at " CGROUP_ROOT);
	if (!*v2)
		*v2 = cg_layout_find_mount(mounts, "cgroup2", NULL, arena);
	VEC_EACH(v1, list) {
		if (is_lost(v1))
			v1->mount = cg_layout_find_mount(mounts, "cgroup", v1->controllers.items[0],
							 arena);
	}
	return 0;
}

/* Everything but plain v2 at /sys/fs/cgroup. */
static int read_mixed(struct arena *arena, struct cg_layout *layout, struct err *err)
{
	const char *v2 =
		is_fs(CGROUP_ROOT "/unified", CGROUP2_SUPER_MAGIC) ? CGROUP_ROOT "/unified" : NULL;
	struct cg_v1_list list = { 0 };
	int r;

	r = find_usual_v1(arena, &list, err);
	if (r == 0)
		r = find_unusual(arena, &list, &v2, err);
	/* v2 first: where it is, it answers best for pids and kill. */
	if (r == 0 && v2)
		r = add_v2(arena, v2, layout, err);
	if (r < 0)
		return r;
	layout->mode = v2 ? CG_V2 : CG_V1;
	VEC_EACH(v1, &list) {
		struct cg_hierarchy *hierarchy;

		if (!v1->mount)
			continue;
		hierarchy = VEC_ADD(&layout->hierarchies, arena);
		hierarchy->mount = v1->mount;
		hierarchy->controllers = v1->controllers;
		layout->mode = v2 ? CG_HYBRID : CG_V1;
	}
	if (!layout->hierarchies.count)
		return err_set(err, ENOENT,
			       "no cgroup hierarchy is mounted (looked at " CGROUP_ROOT
			       " and the mount table); mount one, for example `mount -t cgroup2"
			       " cgroup2 " CGROUP_ROOT "`");
	return 0;
}

int cg_layout_read(struct arena *arena, struct cg_layout *ret, struct err *err)
{
	struct cg_layout layout = { .mode = CG_V2 };
	int r;

	if (is_fs(CGROUP_ROOT, CGROUP2_SUPER_MAGIC))
		r = add_v2(arena, CGROUP_ROOT, &layout, err);
	else
		r = read_mixed(arena, &layout, err);
	if (r == 0)
		*ret = layout;
	return r;
}
