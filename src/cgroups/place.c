/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's cgroup is: chosen once, kept in the record. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"

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

int cg_place_choose(const struct cg_layout *layout, const char *cgroups_path, const char *id,
		    struct arena *arena, struct cg_place *ret, struct err *err)
{
	struct cg_place place = { 0 };
	int r;

	if (!cgroups_path || !*cgroups_path)
		cgroups_path = arena_printf(arena, "/nvcrun-%s", id);
	r = clean_path(cgroups_path, arena, &place.path, err);
	if (r < 0)
		return r;
	VEC_EACH(hierarchy, &layout->hierarchies) {
		const char *made = "";

		r = look(hierarchy, place.path, arena, &made, err);
		if (r < 0)
			return r;
		VEC_PUSH(&place.mounts, arena, hierarchy->mount);
		VEC_PUSH(&place.made, arena, made);
	}
	*ret = place;
	return 0;
}

void cg_place_write(const struct cg_place *place, struct json_writer *w, const char *key)
{
	json_object(w, key);
	if (place->disabled) {
		json_bool(w, "disabled", true);
	} else {
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
		{ "disabled", decode_bool, offsetof(struct cg_place, disabled), NULL, 0 },
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
	if (!place.disabled &&
	    (!place.path || *place.path != '/' || strlen(place.path) >= PATH_MAX))
		return decode_error(&d, value, "the path of the cgroup is missing or not absolute");
	if (place.mounts.count != place.made.count)
		return decode_error(&d, value, "%zu mounts, but %zu made", place.mounts.count,
				    place.made.count);
	*ret = place;
	return 0;
}
