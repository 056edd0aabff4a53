/* SPDX-License-Identifier: Apache-2.0 */
/* Asking systemd: which one, where, and the properties of a container's unit. */
#include "cgroups/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "cgroups/unit.h"

#define RUNNING "/run/systemd/system"

/* The helper gives up by itself after 30 s, in better words than ours. */
#define TIMEOUT_MS 35000

int cg_systemd_check(struct err *err)
{
	if (access(RUNNING, F_OK) == 0)
		return 0;
	return err_set(err, ENOTSUP,
		       "systemd does not run here (no %s): use --cgroup-manager cgroupfs instead of"
		       " --systemd-cgroup (docker: native.cgroupdriver=cgroupfs, podman:"
		       " --cgroup-manager=cgroupfs)",
		       RUNNING);
}

bool cg_systemd_is_user(void)
{
	return !proc_is_real_root();
}

/* `system`, or the address of the user's bus. */
static const char *bus(struct arena *arena)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!cg_systemd_is_user())
		return "system";
	if (address && *address)
		return address;
	return arena_printf(arena, "unix:path=%s/bus", dir ? dir : "/run");
}

static int ask(const char *verb, const char *unit, const struct strings *properties,
	       struct arena *arena, char **ret_answer, struct err *err)
{
	struct strings argv = { 0 };
	int r;

	VEC_PUSH(&argv, arena, verb);
	VEC_PUSH(&argv, arena, bus(arena));
	if (unit)
		VEC_PUSH(&argv, arena, unit);
	if (properties) {
		VEC_EACH(property, properties)
			VEC_PUSH(&argv, arena, *property);
	}
	VEC_PUSH(&argv, arena, NULL);
	r = proc_run_helper("systemd-scope", argv.items, TIMEOUT_MS, arena, ret_answer, err);
	if (r == 0)
		*ret_answer = str_trim(arena, *ret_answer);
	return r;
}

/* Pid 1 is in `init.scope` of the system's tree; the user's systemd is asked for its own. */
int cg_systemd_top(struct arena *arena, const char **ret, struct err *err)
{
	char *text, *end;
	size_t len;
	int r;

	if (cg_systemd_is_user()) {
		r = ask("top", NULL, NULL, arena, &text, err);
		if (r == 0)
			*ret = str_eq(text, "/") ? "" : text;
		return r;
	}
	*ret = "";
	r = fd_read_file(AT_FDCWD, "/proc/1/cgroup", 65536, arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "read /proc/1/cgroup");
	text = strstr(text, "0::/");
	end = text ? strstr(text, "/init.scope\n") : NULL;
	if (end && !memchr(text, '\n', (size_t)(end - text)))
		*ret = arena_strndup(arena, text + 3, (size_t)(end - text) - 3);
	return 0;
}

/* What every container's unit has. A slice takes no processes and cannot be delegated. */
static void add_base(const struct cg_place *place, pid_t pid, struct arena *arena,
		     struct strings *ret)
{
	static const char *const accounting[] = {
		"DefaultDependencies=b:0", "MemoryAccounting=b:1", "CPUAccounting=b:1",
		"IOAccounting=b:1",	   "TasksAccounting=b:1",
	};
	const char *slice = cg_unit_slice(place->path, arena);

	VEC_PUSH(ret, arena,
		 arena_printf(arena, "Description=s:container %s", cg_unit_name(place->path)));
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		VEC_PUSH(ret, arena, accounting[i]);
	if (cg_unit_is_slice(place->path)) {
		VEC_PUSH(ret, arena, arena_printf(arena, "Wants=as:%s", slice));
		return;
	}
	VEC_PUSH(ret, arena, arena_printf(arena, "Slice=s:%s", slice));
	VEC_PUSH(ret, arena, "Delegate=b:1");
	VEC_PUSH(ret, arena, arena_printf(arena, "PIDs=au:%d", pid));
}

int cg_unit_start(const struct cg_layout *layout, const struct cg_place *place,
		  const struct oci_resources *resources, pid_t pid, struct arena *arena,
		  struct err *err)
{
	struct strings properties = { 0 };
	struct cg_demand demand;
	char *path;
	int r;

	r = cg_demand_build(layout, resources, arena, &demand, err);
	if (r < 0)
		return r;
	add_base(place, pid, arena, &properties);
	cg_unit_devices(&demand.devices, arena, &properties);
	r = cg_unit_limits(&demand.settings[layout->mode == CG_V2], arena, &properties, err);
	if (r == 0)
		r = ask("start", cg_unit_name(place->path), &properties, arena, &path, err);
	if (r < 0)
		return r;
	/* What is mounted for the container and what is in the record was decided before. */
	if (!str_eq(path, place->path))
		return err_set(err, EPROTO, "systemd made %s in %s, expected %s",
			       cg_unit_name(place->path), path, place->path);
	return 0;
}

int cg_unit_set(const struct cg_place *place, const struct strings *properties, struct arena *arena,
		struct err *err)
{
	char *answer;

	if (!properties->count)
		return 0;
	return ask("set", cg_unit_name(place->path), properties, arena, &answer, err);
}

int cg_unit_stop(const struct cg_place *place, struct err *err)
{
	struct arena arena = { 0 };
	char *answer;
	int r = 0;

	if (cg_systemd_check(NULL) == 0)
		r = ask("stop", cg_unit_name(place->path), NULL, &arena, &answer, err);
	arena_done(&arena);
	return r;
}
