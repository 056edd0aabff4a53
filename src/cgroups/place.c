/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's cgroup is: chosen once, kept in the record. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"
#include "cgroups/systemd.h"
#include "cgroups/unit.h"

/* The path below each mount: absolute, without empty components. */
static int clean_path(const char *text, struct arena *arena, const char **ret, struct err *err)
{
	struct strings parts = str_split(arena, text, '/', false);
	struct strbuf path = { .arena = arena };

	VEC_EACH(part, &parts) {
		if (str_eq(*part, ".") || str_eq(*part, ".."))
			return err_set(
				err, EINVAL,
				"linux.cgroupsPath: `%s` has a component `%s`, which could leave"
				" its parent",
				text, *part);
		if (strlen(*part) > NAME_MAX)
			return err_set(
				err, ENAMETOOLONG,
				"linux.cgroupsPath: component `%.40s…` is longer than %d bytes",
				*part, NAME_MAX);
		strbuf_addf(&path, "/%s", *part);
	}
	if (path.len >= PATH_MAX)
		return err_set(err, ENAMETOOLONG, "linux.cgroupsPath: %zu bytes, at most %d fit",
			       path.len, PATH_MAX - 1);
	if (!parts.count)
		return err_set(err, EINVAL, "linux.cgroupsPath: `%s` is the root cgroup", text);
	*ret = strbuf_text(&path);
	return 0;
}

/* A cgroup that exists already may be used only when nobody is in it and nobody would hang in it. */
static int check_unused(int fd, const struct cg_hierarchy *hierarchy, const char *path,
			struct arena *arena, struct err *err)
{
	struct cg_pid_list pids = { 0 };
	int r = cg_dir_pids(fd, arena, &pids);

	if (r < 0)
		return err_code(err, r, "read the processes of %s%s", hierarchy->mount, path);
	if (pids.count)
		return err_set(err, EBUSY,
			       "container's cgroup is not empty: %zu process(es) found in %s%s",
			       pids.count, hierarchy->mount, path);
	if (cg_dir_is_frozen(fd))
		return err_set(err, EBUSY, "container's cgroup unexpectedly frozen: %s%s",
			       hierarchy->mount, path);
	return 0;
}

/* Find the topmost directory of @path that is missing; if all exist, they must be unused. */
static int look(const struct cg_hierarchy *hierarchy, const char *path, struct arena *arena,
		const char **ret_made, struct err *err)
{
	cleanup_close int fd = -EBADF;
	char name[NAME_MAX + 1];
	const char *rest = path;
	int r;

	r = cg_dir_open(hierarchy->mount, "", &fd);
	if (r < 0)
		return err_code(err, r, "open %s", hierarchy->mount);
	while (cg_path_next(&rest, name)) {
		cleanup_close int parent = steal_fd(&fd);

		r = cg_dir_open_child(parent, name, &fd);
		if (r == -ENOENT) {
			*ret_made = arena_strndup(arena, path + 1, (size_t)(rest - path - 1));
			return 0;
		}
		if (r < 0)
			return err_code(err, r, "open %s%.*s", hierarchy->mount, (int)(rest - path),
					path);
	}
	r = check_unused(fd, hierarchy, path, arena, err);
	if (r == 0)
		*ret_made = "";
	return r;
}

static int choose_systemd_path(const struct cg_wish *wish, struct arena *arena, const char **ret,
			       struct err *err)
{
	const char *top, *path;
	int r;

	r = cg_systemd_check(err);
	if (r == 0)
		r = cg_unit_path(wish, cg_systemd_is_user(), arena, &path, err);
	if (r == 0)
		r = cg_systemd_top(arena, &top, err);
	if (r == 0)
		*ret = arena_printf(arena, "%s%s", top, path);
	return r;
}

static int choose_path(const struct cg_wish *wish, struct arena *arena, const char **ret,
		       struct err *err)
{
	const char *text = wish->cgroups_path;

	if (wish->manager == CG_SYSTEMD)
		return choose_systemd_path(wish, arena, ret, err);
	if (!text || !*text)
		text = arena_printf(arena, "/nvcrun-%s", wish->id);
	return clean_path(text, arena, ret, err);
}

/* Whether systemd makes its slices and units there, not only we. */
static bool is_systemds(const struct cg_hierarchy *hierarchy)
{
	static const char *const v1[] = { "name=systemd", "cpu",     "cpuacct", "blkio",
					  "memory",	  "devices", "pids" };

	for (size_t i = 0; i < ARRAY_SIZE(v1); i++) {
		if (strings_have(&hierarchy->controllers, v1[i]))
			return true;
	}
	return hierarchy->v2;
}

int cg_place_choose(const struct cg_layout *layout, const struct cg_wish *wish, struct arena *arena,
		    struct cg_place *ret, struct err *err)
{
	struct cg_place place = { .manager = wish->manager };
	int r;

	if (wish->manager == CG_DISABLED) {
		*ret = place;
		return 0;
	}
	r = choose_path(wish, arena, &place.path, err);
	if (r < 0)
		return r;
	VEC_EACH(hierarchy, &layout->hierarchies) {
		const char *made = "";

		r = look(hierarchy, place.path, arena, &made, err);
		if (r < 0)
			return r;
		/* There slices are systemd's, also empty ones; the unit itself it may have left. */
		if (wish->manager == CG_SYSTEMD && *made && is_systemds(hierarchy))
			made = place.path + 1;
		VEC_PUSH(&place.mounts, arena, hierarchy->mount);
		VEC_PUSH(&place.made, arena, made);
	}
	*ret = place;
	return 0;
}

static const struct name_value manager_names[] = {
	{ "cgroupfs", CG_CGROUPFS },
	{ "systemd", CG_SYSTEMD },
	{ "disabled", CG_DISABLED },
};
const struct words cg_manager_words = WORDS(manager_names, "cgroup manager");

void cg_place_write(const struct cg_place *place, struct json_writer *w, const char *key)
{
	json_object(w, key);
	json_string(w, "manager",
		    names_of(manager_names, ARRAY_SIZE(manager_names), place->manager));
	if (place->path) {
		json_string(w, "path", place->path);
		json_strings(w, "mounts", &place->mounts);
		json_strings(w, "made", &place->made);
	}
	json_end_object(w);
}

int cg_place_decode(const struct value *value, struct arena *arena, struct cg_place *ret,
		    struct err *err)
{
	static const struct field rows[] = {
		{ "manager", decode_enum, offsetof(struct cg_place, manager), &cg_manager_words,
		  0 },
		{ "path", decode_string, offsetof(struct cg_place, path), NULL, 0 },
		{ "mounts", decode_strings, offsetof(struct cg_place, mounts), NULL, 0 },
		{ "made", decode_strings, offsetof(struct cg_place, made), NULL, 0 },
	};
	static const struct fields fields = FIELDS(rows, struct cg_place);
	struct decode d = { .arena = arena, .err = err };
	struct cg_place place = { 0 };
	int r;

	r = decode_object(&d, value, &fields, &place);
	if (r < 0)
		return r;
	if (place.manager != CG_DISABLED &&
	    (!place.path || *place.path != '/' || strlen(place.path) >= PATH_MAX))
		return decode_error(&d, value, "the path of the cgroup is missing or not absolute");
	if (place.mounts.count != place.made.count)
		return decode_error(&d, value, "%zu mounts, but %zu made", place.mounts.count,
				    place.made.count);
	*ret = place;
	return 0;
}
