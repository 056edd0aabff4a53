/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of a new user namespace. */
#include "linux/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"

static const char *map_text(struct arena *arena, const struct oci_id_maps *maps)
{
	struct strbuf text = { .arena = arena };

	VEC_EACH(map, maps)
		strbuf_addf(&text, "%u %u %u\n", map->container_id, map->host_id, map->size);
	return strbuf_text(&text);
}

/* Set-user-ID programs of the host, at fixed places: PATH is the caller's. */
static const char *find_program(struct arena *arena, const char *name)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		const char *path = arena_printf(arena, "%s/%s", dirs[i], name);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static int map_by_program(const char *name, pid_t pid, const struct oci_id_maps *maps,
			  struct arena *arena, struct err *err)
{
	const char *path = find_program(arena, name);
	struct strings args = { 0 };
	char *output;

	if (!path)
		return err_set(err, ENOENT,
			       "%s not found in /usr/bin, /usr/local/bin, /bin: on Debian: apt-get "
			       "install uidmap",
			       name);
	VEC_PUSH(&args, arena, arena_printf(arena, "%d", pid));
	VEC_EACH(map, maps) {
		VEC_PUSH(&args, arena, arena_printf(arena, "%u", map->container_id));
		VEC_PUSH(&args, arena, arena_printf(arena, "%u", map->host_id));
		VEC_PUSH(&args, arena, arena_printf(arena, "%u", map->size));
	}
	VEC_PUSH(&args, arena, NULL);
	return proc_run_program(path, args.items, 10000, arena, &output, err);
}

/* One write(2): the kernel takes a map whole or not at all. */
static int write_map(pid_t pid, const char *file, const char *program,
		     const struct oci_id_maps *maps, struct arena *arena, struct err *err)
{
	const char *path = arena_printf(arena, "/proc/%d/%s", pid, file);
	int r = fd_write_file(AT_FDCWD, path, map_text(arena, maps));

	if (r == -EPERM && geteuid() != 0)
		return map_by_program(program, pid, maps, arena, err);
	return r < 0 ? err_code(err, r, "write %s", path) : 0;
}

int idmap_write(pid_t pid, const struct oci_linux *linux, struct arena *arena, struct err *err)
{
	int r;

	/* Without CAP_SETGID a group map is allowed only where groups cannot be dropped. */
	if (geteuid() != 0 && linux->gid_maps.count == 1 && linux->gid_maps.items[0].size == 1) {
		const char *path = arena_printf(arena, "/proc/%d/setgroups", pid);

		r = fd_write_file(AT_FDCWD, path, "deny");
		if (r < 0 && r != -ENOENT)
			return err_code(err, r, "write %s", path);
	}
	r = write_map(pid, "gid_map", "newgidmap", &linux->gid_maps, arena, err);
	if (r < 0)
		return err_prefix(err, "linux.gidMappings");
	r = write_map(pid, "uid_map", "newuidmap", &linux->uid_maps, arena, err);
	return r < 0 ? err_prefix(err, "linux.uidMappings") : 0;
}

static uint32_t root_of(const struct oci_id_maps *maps)
{
	uint32_t host;

	if (!maps->count || idmap_to_host(maps, 0, &host))
		return 0;
	return maps->items[0].container_id;
}

int idmap_become_root(const struct oci_linux *linux, struct err *err)
{
	uint32_t uid = root_of(&linux->uid_maps), gid = root_of(&linux->gid_maps);

	if (setresgid(gid, gid, gid) < 0)
		return err_errno(err, "become group %u of the user namespace", gid);
	/* EPERM: setgroups is denied there. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return err_errno(err, "drop groups in the user namespace");
	if (setresuid(uid, uid, uid) < 0)
		return err_errno(err, "become user %u of the user namespace", uid);
	return 0;
}

bool idmap_to_host(const struct oci_id_maps *maps, uint32_t id, uint32_t *ret_host)
{
	VEC_EACH(map, maps) {
		if (id >= map->container_id && id - map->container_id < map->size) {
			*ret_host = map->host_id + (id - map->container_id);
			return true;
		}
	}
	return false;
}
