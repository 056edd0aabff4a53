/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nvidia plan` for people: what there is none of is left out. */
#include "cli/nvidia_plan_text.h"

#include <sys/sysmacros.h>

#include "cli/print_table.h"
#include "nvidia/capabilities.h"

#define COLUMNS_MAX 4

static const char *join(const struct strings *words, struct arena *arena)
{
	struct strbuf out = { .arena = arena };

	VEC_EACH(word, words)
		strbuf_addf(&out, "%s%s", out.len ? ", " : "", *word);
	return strbuf_text(&out);
}

static const char *request_text(const struct nv_plan *plan, struct arena *arena)
{
	const struct nv_request *request = &plan->request;

	if (!nv_is_requested(request))
		return arena_printf(arena, "nothing is asked for: %s",
				    nv_plan_nothing(plan, arena));
	return arena_printf(arena, "%s%s, for %s", request->source, request->text,
			    nv_capabilities_text(request->capabilities, ", ", arena));
}

static const char *driver_text(const struct nv_plan *plan, struct arena *arena)
{
	const struct nv_injection *injection = &plan->injection;

	if (!injection->driver_version)
		return "nothing of it is given";
	return arena_printf(arena, "%s in %s, libraries in %s", injection->driver_version,
			    *injection->driver_root ? injection->driver_root : "/",
			    join(&injection->library_dirs, arena));
}

static void add_head(struct table *table, const struct nv_plan *plan)
{
	const char *const rows[][2] = {
		{ "Request:", request_text(plan, table->arena) },
		{ "Mode:", "native" },
		{ "Driver:", driver_text(plan, table->arena) },
		{ "Settings:", plan->settings.file ? plan->settings.file : "the defaults" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table_add(table, rows[i]);
}

static void add_migs(struct table *table, const struct nv_gpu *gpu)
{
	VEC_EACH(mig, &gpu->mig) {
		const char *const cells[] = {
			arena_printf(table->arena, "%u:%u", gpu->index, mig->number),
			"",
			"MIG device",
			arena_printf(table->arena, "gi%u/ci%u%s%s", mig->gi, mig->ci,
				     mig->uuid ? " " : "", mig->uuid ? mig->uuid : ""),
		};

		table_add(table, cells);
	}
}

static void add_gpus(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(gpu, &plan->injection.gpus) {
		const char *const cells[] = {
			arena_printf(table->arena, "%u", gpu->index),
			arena_printf(table->arena, "%u", gpu->minor),
			gpu->bus_id,
			gpu->uuid ? gpu->uuid : "not known until it is used once",
		};

		table_add(table, cells);
		add_migs(table, gpu);
	}
}

static void add_devices(struct table *table, const struct nv_plan *plan)
{
	const struct oci_edits *edits = &plan->injection.edits;

	VEC_EACH(device, &edits->devices) {
		const char *const cells[] = {
			device->path,
			arena_printf(table->arena, "%c %u:%u %s", device->type, major(device->rdev),
				     minor(device->rdev), oci_edits_access(edits)),
			device->reason,
		};

		table_add(table, cells);
	}
}

static void add_mounts(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(mount, &plan->injection.edits.mounts) {
		const char *const cells[] = { mount->destination, mount->reason, mount->source };

		table_add(table, cells);
	}
}

static void add_links(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(link, &plan->injection.edits.links) {
		const char *const cells[] = { link->path, link->target, link->reason };

		table_add(table, cells);
	}
}

static const char *shown_by(const struct oci_tmpfs *tmpfs, struct arena *arena)
{
	struct strings names = { 0 };

	VEC_EACH(file, &tmpfs->files)
		VEC_PUSH(&names, arena, file->name);
	VEC_EACH(bind, &tmpfs->binds)
		VEC_PUSH(&names, arena, bind->name);
	return names.count ? join(&names, arena) : "nothing";
}

static void add_covers(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(tmpfs, &plan->injection.edits.tmpfs) {
		const char *const cells[] = { tmpfs->dest, shown_by(tmpfs, table->arena),
					      tmpfs->reason };

		table_add(table, cells);
	}
}

static void add_loader_cache(struct table *table, const struct nv_plan *plan)
{
	const struct oci_loader_cache *cache = &plan->injection.edits.loader_cache;
	const char *const cells[] = {
		"/etc/ld.so.cache",
		nv_plan_loader_cache(plan),
		arena_printf(table->arena, "%zu", cache->libraries.count),
		cache->reason,
	};

	if (cache->libraries.count)
		table_add(table, cells);
}

static void add_env(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(variable, &plan->injection.edits.env)
		table_add(table, variable);
}

static void add_dropped(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(mount, &plan->injection.edits.dropped_mounts) {
		const char *const cells[] = { "mount", *mount, "it is a request" };

		table_add(table, cells);
	}
	VEC_EACH(hook, &plan->dropped_hooks) {
		const char *const cells[] = { "hook", *hook, "nvcrun does its work" };

		table_add(table, cells);
	}
}

static void add_warnings(struct table *table, const struct nv_plan *plan)
{
	VEC_EACH(warning, &plan->warnings)
		table_add(table, warning);
}

static const struct section {
	const char *titles[COLUMNS_MAX]; /* NULL: no heading */
	size_t n_columns;
	void (*add)(struct table *table, const struct nv_plan *plan);
} sections[] = {
	{ { NULL }, 2, add_head },
	{ { "GPU", "MINOR", "PCI BUS ID", "UUID" }, 4, add_gpus },
	{ { "DEVICE", "RULE", "REASON" }, 3, add_devices },
	{ { "FILE", "REASON", "OF THE HOST" }, 3, add_mounts },
	{ { "LINK", "TO", "REASON" }, 3, add_links },
	{ { "COVERED", "SHOWS", "REASON" }, 3, add_covers },
	{ { "LOADER CACHE", "REPLACED", "NAMES", "REASON" }, 4, add_loader_cache },
	{ { "VARIABLE" }, 1, add_env },
	{ { "DROPPED", "OF CONFIG.JSON", "REASON" }, 3, add_dropped },
	{ { "WARNING" }, 1, add_warnings },
};

char *nvidia_plan_text(const struct nv_plan *plan, struct arena *arena)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct section *section = &sections[i];
		struct table table = { .arena = arena, .n_columns = section->n_columns };
		size_t empty;

		if (section->titles[0])
			table_add(&table, section->titles);
		empty = table.cells.count;
		section->add(&table, plan);
		if (table.cells.count > empty)
			strbuf_addf(&out, "%s%s", out.len ? "\n" : "", table_print(&table));
	}
	return arena_strdup(arena, strbuf_text(&out));
}
