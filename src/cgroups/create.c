/* SPDX-License-Identifier: Apache-2.0 */
/* A container's cgroup over all hierarchies: made, limited, entered. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/demand.h"
#include "cgroups/dir.h"
#include "cgroups/make.h"

struct creation {
	struct cg_demand demand;
	struct arena *arena;
	struct err *err;
};

/*
 * Device programs and devices.list are refused, whatever they say, to who is not root of the machine. There is
 * no loss then: such a container can make no device node, and those of the host are guarded by their owners.
 */
static int set_devices(const struct cg_hierarchy *hierarchy, int fd, struct creation *c)
{
	int r = 0;

	if (hierarchy->v2 && !c->demand.devices_v1)
		r = cg_devices_attach(fd, &c->demand.devices, c->arena, c->err);
	else if (strings_have(&hierarchy->controllers, "devices"))
		r = cg_devices_write_v1(fd, &c->demand.devices, c->arena, c->err);
	return r == -EPERM && !proc_is_real_root() ? 0 : r;
}

static int create_in(const struct cg_hierarchy *hierarchy, const char *path, struct creation *c,
		     int *ret_fd)
{
	const struct cg_settings *settings = &c->demand.settings[hierarchy->v2];
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

	if (place->mounts.count)
		r = cg_demand_build(layout, resources, arena, &c.demand, err);
	for (size_t i = 0; r == 0 && i < layout->hierarchies.count; i++) {
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

		if (!strings_have(&place->mounts, hierarchy->mount) || (except_v2 && hierarchy->v2))
			continue;
		r = enter(hierarchy->mount, place->path, pid, err);
		if (r < 0)
			return r;
	}
	return 0;
}
