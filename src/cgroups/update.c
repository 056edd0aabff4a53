/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the limits of a container's cgroup: what is not asked for is taken from the cgroup itself. */
#include <errno.h>
#include <inttypes.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/demand.h"
#include "cgroups/dir.h"
#include "cgroups/systemd.h"
#include "cgroups/unit.h"

/* v1 has no word for unlimited: it says the largest multiple of a page. */
#define UNLIMITED_V1 (INT64_MAX - 65536)

struct update {
	const struct cg_layout *layout;
	const struct cg_place *place;
	struct cg_settings settings[2]; /* to write: v1, v2 */
	struct cg_settings old[2];	/* what the same files held */
	struct arena *arena;
	struct err *err;
};

static bool is_joined(const struct update *u, const struct cg_hierarchy *hierarchy)
{
	return strings_have(&u->place->mounts, hierarchy->mount);
}

static int read_file(const struct update *u, const struct cg_hierarchy *hierarchy, const char *file,
		     char *buf, size_t size)
{
	cleanup_close int fd = -EBADF;
	int r = cg_dir_open(hierarchy->mount, u->place->path, &fd);

	return r < 0 ? r : cg_file_read(fd, file, buf, size);
}

/* @v1_file, @v2_file: NULL where that version has none */
static int read_controller(const struct update *u, const char *controller, const char *v1_file,
			   const char *v2_file, char *buf, size_t size)
{
	VEC_EACH(hierarchy, &u->layout->hierarchies) {
		const char *file = hierarchy->v2 ? v2_file : v1_file;

		if (file && is_joined(u, hierarchy) &&
		    strings_have(&hierarchy->controllers, controller))
			return read_file(u, hierarchy, file, buf, size);
	}
	return -ENOENT;
}

/* Bytes; -1: no limit, or none to be had. */
static int64_t read_bytes(const struct update *u, const char *v1_file, const char *v2_file)
{
	char text[32];
	int64_t bytes;

	if (read_controller(u, "memory", v1_file, v2_file, text, sizeof(text)) < 0 ||
	    str_to_i64(text, 0, INT64_MAX, &bytes) < 0 || bytes >= UNLIMITED_V1)
		return -1;
	return bytes;
}

/* Quota and period are one property, and in v2 one file. */
static void keep_cpu(const struct update *u, struct oci_cpu *cpu)
{
	char text[64], period[32];
	const char *quota = text;
	uint64_t old_period;
	int64_t old_quota = -1;

	if (cpu->quota.set == cpu->period.set)
		return;
	/* v2: `max 100000` */
	if (read_controller(u, "cpu", "cpu.cfs_quota_us", "cpu.max", text, sizeof(text)) < 0)
		return;
	if (read_controller(u, "cpu", "cpu.cfs_period_us", "cpu.max", period, sizeof(period)) < 0)
		return;
	text[strcspn(text, " ")] = '\0';
	if (str_to_i64(quota, 0, INT64_MAX, &old_quota) == 0 && !cpu->quota.set)
		cpu->quota = (struct opt_i64){ true, old_quota };
	if (!cpu->period.set && str_to_u64(strchr(period, ' ') ? strchr(period, ' ') + 1 : period,
					   UINT64_MAX, &old_period) == 0)
		cpu->period = (struct opt_u64){ true, old_period };
}

static bool is_asked(const struct opt_i64 *limit)
{
	return limit->set && limit->v != 0;
}

/*
 * The swap limit counts memory, too, so each needs the other. An unlimited memory frees swap as well. v1's
 * kernel keeps the sum by itself.
 */
static void keep_memory(const struct update *u, struct oci_memory *memory)
{
	int64_t limit = read_bytes(u, "memory.limit_in_bytes", "memory.max");
	int64_t swap = read_bytes(u, NULL, "memory.swap.max");

	if (is_asked(&memory->swap) && !is_asked(&memory->limit) && limit >= 0)
		memory->limit = (struct opt_i64){ true, limit };
	if (!is_asked(&memory->limit) || is_asked(&memory->swap))
		return;
	if (memory->limit.v < 0)
		memory->swap = (struct opt_i64){ true, -1 };
	else if (limit >= 0 && swap >= 0)
		memory->swap = (struct opt_i64){ true, limit + swap };
}

/* Below the usage v2 kills, and v1 swaps what it can. Spec: config-linux.md § Memory, checkBeforeUpdate */
static int check_usage(const struct update *u, const struct oci_memory *memory)
{
	int64_t usage = read_bytes(u, "memory.usage_in_bytes", "memory.current");
	int64_t swap = read_bytes(u, NULL, "memory.swap.current");
	int64_t both = swap < 0 ? read_bytes(u, "memory.memsw.usage_in_bytes", NULL) : usage + swap;

	if (!memory->check_before_update)
		return 0;
	if (is_asked(&memory->limit) && memory->limit.v >= 0 && memory->limit.v <= usage)
		return err_set(u->err, EBUSY,
			       "linux.resources.memory.limit: rejecting memory limit %" PRId64
			       " <= usage %" PRId64,
			       memory->limit.v, usage);
	if (is_asked(&memory->swap) && memory->swap.v >= 0 && memory->swap.v <= both)
		return err_set(u->err, EBUSY,
			       "linux.resources.memory.swap: rejecting memory+swap limit %" PRId64
			       " <= usage %" PRId64,
			       memory->swap.v, both);
	return 0;
}

static void read_old(struct update *u, const struct cg_hierarchy *hierarchy)
{
	VEC_EACH(setting, &u->settings[hierarchy->v2]) {
		struct cg_setting old = *setting;
		char text[4096];

		/* The file of all devices cannot be written back as one. */
		if (setting->per_device ||
		    !strings_have(&hierarchy->controllers, setting->controller) ||
		    read_file(u, hierarchy, setting->file, text, sizeof(text)) < 0)
			continue;
		old.text = arena_strdup(u->arena, text);
		VEC_PUSH(&u->old[hierarchy->v2], u->arena, old);
	}
}

static int write_in(const struct update *u, const struct cg_hierarchy *hierarchy,
		    const struct cg_settings *settings, struct err *err)
{
	const char *dir = arena_printf(u->arena, "%s%s", hierarchy->mount, u->place->path);
	cleanup_close int fd = -EBADF;
	int r;

	if (!settings->count)
		return 0;
	r = cg_dir_open(hierarchy->mount, u->place->path, &fd);
	if (r < 0)
		return err_code(err, r, "open cgroup %s", dir);
	return cg_limits_write(fd, dir, &hierarchy->controllers, settings, err);
}

/* systemd first: it may write the files itself, and less exactly. */
static int write_all(const struct update *u, const struct cg_settings settings[2], struct err *err)
{
	struct strings properties = { 0 };
	int r = 0;

	if (u->place->manager == CG_SYSTEMD) {
		r = cg_unit_limits(&settings[u->layout->mode == CG_V2], u->arena, &properties, err);
		if (r == 0)
			r = cg_unit_set(u->place, &properties, u->arena, err);
	}
	for (size_t i = 0; r == 0 && i < u->layout->hierarchies.count; i++) {
		const struct cg_hierarchy *hierarchy = &u->layout->hierarchies.items[i];

		if (is_joined(u, hierarchy))
			r = write_in(u, hierarchy, &settings[hierarchy->v2], err);
	}
	return r;
}

int cg_update(const struct cg_layout *layout, const struct cg_place *place,
	      const struct oci_resources *resources, struct arena *arena, struct err *err)
{
	struct update u = { .layout = layout, .place = place, .arena = arena, .err = err };
	struct oci_resources all = *resources;
	struct cg_demand demand;
	int r;

	keep_cpu(&u, &all.cpu);
	keep_memory(&u, &all.memory);
	r = cg_check(layout, place, &all, arena, err);
	if (r == 0)
		r = check_usage(&u, &all.memory);
	if (r == 0)
		r = cg_demand_build(layout, &all, arena, &demand, err);
	if (r < 0)
		return r;
	memcpy(u.settings, demand.settings, sizeof(u.settings));
	VEC_EACH(hierarchy, &layout->hierarchies) {
		if (is_joined(&u, hierarchy))
			read_old(&u, hierarchy);
	}
	r = write_all(&u, u.settings, err);
	if (r < 0)
		(void)write_all(&u, u.old, NULL);
	return r;
}
