/* SPDX-License-Identifier: Apache-2.0 */
/* A container's cgroup over all hierarchies: made, limited, entered. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/devices.h"
#include "cgroups/dir.h"
#include "cgroups/limits.h"
#include "cgroups/make.h"

/* What is asked for, in the words of each version. */
struct creation {
	struct cg_settings settings[2]; /* v1, v2 */
	struct cg_device_rules devices;
	bool devices_v1; /* a v1 hierarchy has the devices controller: it decides, no program does */
	struct arena *arena;
	struct err *err;
};

static const struct cg_hierarchy *find_controller(const struct cg_layout *layout,
						  const char *controller)
{
	VEC_EACH(hierarchy, &layout->hierarchies) {
		if (strings_have(&hierarchy->controllers, controller))
			return hierarchy;
	}
	return NULL;
}

static int no_controller(const struct cg_layout *layout, const char *field, const char *controller,
			 struct creation *c)
{
	struct strbuf places = { .arena = c->arena };

	VEC_EACH(hierarchy, &layout->hierarchies)
		strbuf_addf(&places, "%s%s%s", places.len ? ", " : "", hierarchy->mount,
			    hierarchy->v2 ? "/cgroup.controllers" : "");
	return err_set(c->err, ENOENT, "%s: cgroup controller %s is not available (looked at %s)",
		       field, controller, strbuf_text(&places));
}

/* Before anything is made: whether each limit has its controller. */
static int check_controllers(const struct cg_layout *layout, struct creation *c)
{
	VEC_EACH(setting, &c->settings[layout->mode == CG_V2]) {
		if (!setting->harmless && !find_controller(layout, setting->controller))
			return no_controller(layout, setting->field, setting->controller, c);
	}
	c->devices_v1 = find_controller(layout, "devices");
	if (layout->mode == CG_V1 && !c->devices_v1 &&
	    (!c->devices.allow_by_default || c->devices.rules.count))
		return no_controller(layout, "linux.resources.devices", "devices", c);
	return 0;
}

static int prepare(const struct cg_layout *layout, const struct oci_resources *resources,
		   struct creation *c)
{
	int r = 0;

	if (layout->mode != CG_V2)
		r = cg_limits_build(resources, false, c->arena, &c->settings[0], c->err);
	if (r == 0 && layout->mode != CG_V1)
		r = cg_limits_build(resources, true, c->arena, &c->settings[1], c->err);
	if (r < 0)
		return r;
	cg_device_rules_build(resources, c->arena, &c->devices);
	return check_controllers(layout, c);
}

/*
 * Whether the kernel would refuse device programs to us whatever they say. There is no loss then: in
 * a user namespace no device node can be made, and those of the host are guarded by their owners.
 */
static bool is_unprivileged(struct arena *arena)
{
	char *map;
	size_t len;

	if (geteuid() != 0)
		return true;
	/* man 7 user_namespaces: the initial one maps all 2^32 - 1 ids. */
	return fd_read_file(AT_FDCWD, "/proc/self/uid_map", 65536, arena, &map, &len) == 0 &&
	       !strstr(map, " 4294967295");
}

static int set_devices(const struct cg_hierarchy *hierarchy, int fd, struct creation *c)
{
	int r = 0;

	if (hierarchy->v2 && !c->devices_v1)
		r = cg_devices_attach(fd, &c->devices, c->arena, c->err);
	else if (strings_have(&hierarchy->controllers, "devices"))
		r = cg_devices_write_v1(fd, &c->devices, c->arena, c->err);
	return r == -EPERM && is_unprivileged(c->arena) ? 0 : r;
}

static int create_in(const struct cg_hierarchy *hierarchy, const char *path, struct creation *c,
		     int *ret_fd)
{
	const struct cg_settings *settings = &c->settings[hierarchy->v2];
	cleanup_close int fd = -EBADF;
	int r;

	r = cg_make(hierarchy, path, settings, c->arena, &fd, c->err);
	if (r == 0)
		r = cg_limits_write(fd, arena_printf(c->arena, "%s%s", hierarchy->mount, path),
				    &hierarchy->controllers, settings, c->err);
	if (r == 0)
		r = set_devices(hierarchy, fd, c);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

int cg_create(const struct cg_layout *layout, const struct cg_place *place,
	      const struct oci_resources *resources, int *ret_fd, struct arena *arena,
	      struct err *err)
{
	struct creation c = { .arena = arena, .err = err };
	cleanup_close int v2_fd = -EBADF;
	int r = 0;

	if (!place->disabled)
		r = prepare(layout, resources, &c);
	for (size_t i = 0; r == 0 && !place->disabled && i < layout->hierarchies.count; i++) {
		const struct cg_hierarchy *hierarchy = &layout->hierarchies.items[i];
		cleanup_close int fd = -EBADF;

		if (!strings_have(&place->mounts, hierarchy->mount))
			continue;
		r = create_in(hierarchy, place->path, &c, &fd);
		if (r == 0 && hierarchy->v2)
			v2_fd = steal_fd(&fd);
	}
	if (r == 0)
		*ret_fd = steal_fd(&v2_fd);
	return r;
}

/* What the kernel's refusals mean here. */
static const char *remedy(int code)
{
	static const struct {
		int code;
		const char *words;
	} remedies[] = {
		{ -ENOSPC, " (its cpuset.cpus or cpuset.mems is empty)" },
		{ -EBUSY, " (it has sub-cgroups with controllers)" },
		{ -EOPNOTSUPP, " (it is in a threaded subtree; choose another linux.cgroupsPath)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
		if (remedies[i].code == code)
			return remedies[i].words;
	}
	return "";
}

static int enter(const char *mount, const char *path, pid_t pid, struct err *err)
{
	cleanup_close int fd = -EBADF;
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	r = cg_dir_open(mount, path, &fd);
	if (r == 0)
		r = cg_file_write(fd, "cgroup.procs", text);
	if (r < 0)
		return err_code(err, r, "adding pid %d to cgroups: %s%s/cgroup.procs%s", pid, mount,
				path, remedy(r));
	return 0;
}

int cg_enter(const struct cg_place *place, const struct cg_layout *layout, pid_t pid,
	     bool except_v2, struct err *err)
{
	VEC_EACH(hierarchy, &layout->hierarchies) {
		int r;

		if (place->disabled || !strings_have(&place->mounts, hierarchy->mount) ||
		    (except_v2 && hierarchy->v2))
			continue;
		r = enter(hierarchy->mount, place->path, pid, err);
		if (r < 0)
			return r;
	}
	return 0;
}
