/* SPDX-License-Identifier: Apache-2.0 */
/* Units of systemd: names and places. man 5 systemd.slice, man 5 systemd.unit */
#include "cgroups/unit.h"

#include <errno.h>
#include <string.h>

#define SLICE ".slice"
#define SCOPE ".scope"
#define ROOT  "-" SLICE

/* systemd's own limit, and what a component of a path can hold. */
#define UNIT_MAX 255
#define UNIT_CHARACTERS                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	":-_.\\@"

static int check_unit(const char *unit, struct err *err)
{
	if (strlen(unit) > UNIT_MAX || unit[strspn(unit, UNIT_CHARACTERS)])
		return err_set(err, EINVAL,
			       "linux.cgroupsPath: `%.64s` is no name of a unit: want at most %d"
			       " characters of [A-Za-z0-9:_.\\@-]",
			       unit, UNIT_MAX);
	return 0;
}

/* `a-b.slice` is in `a.slice`: all of them from the top, as a path. */
static int add_slice(struct strbuf *path, const char *slice, struct err *err)
{
	size_t len = strlen(slice) - strlen(SLICE);

	if (str_eq(slice, ROOT))
		return 0;
	if (!str_has_suffix(slice, SLICE) || !len || slice[0] == '-' || slice[len - 1] == '-' ||
	    strstr(slice, "--"))
		return err_set(err, EINVAL, "linux.cgroupsPath: invalid slice name: %s", slice);
	for (size_t i = 1; i <= len; i++) {
		if (i == len || slice[i] == '-')
			strbuf_addf(path, "/%.*s" SLICE, (int)i, slice);
	}
	return 0;
}

static const char *unit_of(const char *prefix, const char *name, struct arena *arena)
{
	if (str_has_suffix(name, SLICE))
		return name;
	return arena_printf(arena, "%s%s%s" SCOPE, prefix, *prefix ? "-" : "", name);
}

int cg_unit_path(const struct cg_wish *wish, bool user, struct arena *arena, const char **ret,
		 struct err *err)
{
	enum { PART_SLICE, PART_PREFIX, PART_NAME, N_PARTS };
	const char *text = wish->cgroups_path && *wish->cgroups_path
				   ? wish->cgroups_path
				   : arena_printf(arena, ":nvcrun:%s", wish->id);
	struct strings parts = str_split(arena, text, ':', true);
	struct strbuf path = { .arena = arena };
	const char *slice, *unit;
	int r;

	if (parts.count != N_PARTS || !*parts.items[PART_NAME])
		return err_set(err, EINVAL,
			       "linux.cgroupsPath: expected cgroupsPath to be of format"
			       " \"slice:prefix:name\" for systemd cgroups, got \"%s\" instead",
			       text);
	slice = parts.items[PART_SLICE];
	if (!*slice)
		slice = user ? "user" SLICE : "system" SLICE;
	unit = unit_of(parts.items[PART_PREFIX], parts.items[PART_NAME], arena);
	r = check_unit(slice, err);
	if (r == 0)
		r = check_unit(unit, err);
	if (r == 0)
		r = add_slice(&path, slice, err);
	if (r < 0)
		return r;
	strbuf_addf(&path, "/%s", unit);
	*ret = strbuf_text(&path);
	return 0;
}

const char *cg_unit_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

bool cg_unit_is_slice(const char *path)
{
	return str_has_suffix(path, SLICE);
}

const char *cg_unit_slice(const char *path, struct arena *arena)
{
	const char *parent = arena_strndup(arena, path, (size_t)(cg_unit_name(path) - path) - 1);

	/* At the top of systemd's own tree: that may itself be somewhere in another one. */
	return str_has_suffix(parent, SLICE) ? cg_unit_name(parent) : ROOT;
}
