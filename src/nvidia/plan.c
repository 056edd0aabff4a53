/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of an injection as JSON: what is one thing stands on one line. */
#include "nvidia/plan.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "base/json.h"
#include "nvidia/capabilities.h"

static const char *const kinds[] = {
	[NV_NOTHING] = "nothing", [NV_NO_GPU] = "none", [NV_ALL] = "all",
	[NV_COUNT] = "count",	  [NV_LIST] = "list",
};

/* What the members of a document are printed with. */
struct printer {
	const struct nv_plan *plan;
	struct arena *arena;
	struct json_writer *w;
	struct json_writer *line; /* for what goes on one line */
};

const char *nv_plan_source(const struct nv_request *request, struct arena *arena)
{
	size_t len = request->source ? strlen(request->source) : 0;

	/* It is written to stand before its text. */
	while (len && strchr("=: ", request->source[len - 1]))
		len--;
	return len ? arena_strndup(arena, request->source, len) : NULL;
}

const char *nv_plan_nothing(const struct nv_plan *plan, struct arena *arena)
{
	const struct nv_request *request = &plan->request;
	struct strbuf out = { .arena = arena };

	if (request->source)
		return arena_printf(arena, "%s%s", request->source, request->text);
	/* There was one, which does not count. */
	if (request->warnings.count)
		return request->warnings.items[0];
	strbuf_adds(&out, "no --gpus");
	if (plan->settings.accept_mounts)
		strbuf_adds(&out, ", no mount below " NV_MOUNTS_DIR);
	VEC_EACH(name, &plan->settings.swarm_resource)
		strbuf_addf(&out, ", nothing in %s", *name);
	strbuf_adds(&out, ", nothing in NVIDIA_VISIBLE_DEVICES of process.env");
	return strbuf_text(&out);
}

const char *nv_plan_loader_cache(const struct nv_plan *plan)
{
	const struct oci_loader_cache *cache = &plan->injection.edits.loader_cache;

	if (!cache->libraries.count)
		return "never";
	return cache->always ? "where one is missing" : "where another would be loaded";
}

static void end_line(const struct printer *p, const char *key)
{
	json_end_object(p->line);
	json_line(p->w, key, p->line);
}

/* Whether something is to follow; none at all is an array on one line. */
static bool open_list(const struct printer *p, const char *key, size_t count)
{
	struct json_writer *w = count ? p->w : p->line;

	json_array(w, count ? key : NULL);
	if (count)
		return true;
	json_end_array(p->line);
	json_line(p->w, key, p->line);
	return false;
}

static void print_texts(const struct printer *p, const char *key, const struct strings *texts)
{
	if (!open_list(p, key, texts->count))
		return;
	VEC_EACH(text, texts)
		json_string(p->w, NULL, *text);
	json_end_array(p->w);
}

static void print_mode(const struct printer *p, const char *key)
{
	json_string(p->w, key, "native");
}

static void print_settings(const struct printer *p, const char *key)
{
	if (p->plan->settings.file)
		json_string(p->w, key, p->plan->settings.file);
}

static void print_request(const struct printer *p, const char *key)
{
	const struct nv_request *request = &p->plan->request;
	const struct strings capabilities = nv_capabilities_words(request->capabilities, p->arena);

	json_object(p->line, NULL);
	json_string(p->line, "kind", kinds[request->kind]);
	if (!nv_is_requested(request)) {
		json_string(p->line, "reason", nv_plan_nothing(p->plan, p->arena));
		end_line(p, key);
		return;
	}
	json_string(p->line, "source", nv_plan_source(request, p->arena));
	json_string(p->line, "text", request->text);
	if (request->kind == NV_LIST)
		json_strings(p->line, "ids", &request->ids);
	if (request->kind == NV_COUNT)
		json_uint(p->line, "count", request->count);
	json_strings(p->line, "capabilities", &capabilities);
	end_line(p, key);
}

static void print_driver(const struct printer *p, const char *key)
{
	const struct nv_injection *injection = &p->plan->injection;

	if (!injection->driver_version)
		return;
	json_object(p->line, NULL);
	json_string(p->line, "version", injection->driver_version);
	json_string(p->line, "root", *injection->driver_root ? injection->driver_root : "/");
	json_strings(p->line, "libraryDirs", &injection->library_dirs);
	end_line(p, key);
}

static void print_migs(const struct printer *p, const struct nv_gpu *gpu)
{
	if (!gpu->mig.count)
		return;
	json_array(p->line, "mig");
	VEC_EACH(mig, &gpu->mig) {
		json_object(p->line, NULL);
		json_string(p->line, "id",
			    arena_printf(p->arena, "%u:%u", gpu->index, mig->number));
		json_uint(p->line, "gi", mig->gi);
		json_uint(p->line, "ci", mig->ci);
		if (mig->uuid)
			json_string(p->line, "uuid", mig->uuid);
		json_end_object(p->line);
	}
	json_end_array(p->line);
}

static void print_gpus(const struct printer *p, const char *key)
{
	if (!open_list(p, key, p->plan->injection.gpus.count))
		return;
	VEC_EACH(gpu, &p->plan->injection.gpus) {
		json_object(p->line, NULL);
		json_uint(p->line, "index", gpu->index);
		if (gpu->uuid)
			json_string(p->line, "uuid", gpu->uuid);
		json_string(p->line, "busId", gpu->bus_id);
		json_uint(p->line, "minor", gpu->minor);
		print_migs(p, gpu);
		end_line(p, NULL);
	}
	json_end_array(p->w);
}

static void print_env(const struct printer *p, const char *key)
{
	print_texts(p, key, &p->plan->injection.edits.env);
}

static void print_devices(const struct printer *p, const char *key)
{
	if (!open_list(p, key, p->plan->injection.edits.devices.count))
		return;
	VEC_EACH(device, &p->plan->injection.edits.devices) {
		json_object(p->line, NULL);
		json_string(p->line, "path", device->path);
		json_string(p->line, "hostPath",
			    device->host_path ? device->host_path : device->path);
		json_string(p->line, "type", (const char[]){ device->type, '\0' });
		json_uint(p->line, "major", major(device->rdev));
		json_uint(p->line, "minor", minor(device->rdev));
		json_string(p->line, "mode", arena_printf(p->arena, "%04o", device->mode));
		json_uint(p->line, "uid", device->uid);
		json_uint(p->line, "gid", device->gid);
		json_string(p->line, "reason", device->reason);
		end_line(p, NULL);
	}
	json_end_array(p->w);
}

/* As the cgroup's files of v1 have them. */
static void print_rules(const struct printer *p, const char *key)
{
	const struct oci_edits *edits = &p->plan->injection.edits;

	if (!open_list(p, key, edits->devices.count))
		return;
	VEC_EACH(device, &edits->devices)
		json_string(p->w, NULL,
			    arena_printf(p->arena, "%c %u:%u %s", device->type, major(device->rdev),
					 minor(device->rdev), oci_edits_access(edits)));
	json_end_array(p->w);
}

static void print_mounts(const struct printer *p, const char *key)
{
	if (!open_list(p, key, p->plan->injection.edits.mounts.count))
		return;
	VEC_EACH(mount, &p->plan->injection.edits.mounts) {
		json_object(p->line, NULL);
		json_string(p->line, "destination", mount->destination);
		json_string(p->line, "source", mount->source);
		json_strings(p->line, "options", &mount->options);
		json_string(p->line, "reason", mount->reason);
		end_line(p, NULL);
	}
	json_end_array(p->w);
}

static void print_links(const struct printer *p, const char *key)
{
	if (!open_list(p, key, p->plan->injection.edits.links.count))
		return;
	VEC_EACH(link, &p->plan->injection.edits.links) {
		json_object(p->line, NULL);
		json_string(p->line, "path", link->path);
		json_string(p->line, "target", link->target);
		json_string(p->line, "reason", link->reason);
		end_line(p, NULL);
	}
	json_end_array(p->w);
}

static void print_content(const struct printer *p, const struct oci_tmpfs *tmpfs)
{
	VEC_EACH(file, &tmpfs->files) {
		json_object(p->line, NULL);
		json_string(p->line, "file", file->name);
		json_string(p->line, "mode", arena_printf(p->arena, "%04o", file->mode));
		json_string(p->line, "text", file->text);
		end_line(p, NULL);
	}
	VEC_EACH(bind, &tmpfs->binds) {
		json_object(p->line, NULL);
		json_string(p->line, "bind", bind->name);
		json_string(p->line, "source", bind->source);
		end_line(p, NULL);
	}
}

static void print_tmpfs(const struct printer *p, const char *key)
{
	if (!open_list(p, key, p->plan->injection.edits.tmpfs.count))
		return;
	VEC_EACH(tmpfs, &p->plan->injection.edits.tmpfs) {
		json_object(p->w, NULL);
		json_string(p->w, "destination", tmpfs->dest);
		json_string(p->w, "mode", arena_printf(p->arena, "%04o", tmpfs->mode));
		json_string(p->w, "reason", tmpfs->reason);
		if (open_list(p, "content", tmpfs->files.count + tmpfs->binds.count)) {
			print_content(p, tmpfs);
			json_end_array(p->w);
		}
		json_end_object(p->w);
	}
	json_end_array(p->w);
}

/* What the container's cache says is not known here: the names are those that would have to be in it. */
static void print_loader_cache(const struct printer *p, const char *key)
{
	const struct oci_loader_cache *cache = &p->plan->injection.edits.loader_cache;

	json_object(p->w, key);
	json_string(p->w, "change", nv_plan_loader_cache(p->plan));
	if (cache->reason)
		json_string(p->w, "reason", cache->reason);
	if (open_list(p, "libraries", cache->libraries.count)) {
		VEC_EACH(library, &cache->libraries) {
			json_object(p->line, NULL);
			json_string(p->line, "name", library->name);
			json_string(p->line, "path", library->path);
			json_uint(p->line, "bits", library->flags == LDSO_FLAGS_OWN ? 64 : 32);
			end_line(p, NULL);
		}
		json_end_array(p->w);
	}
	json_end_object(p->w);
}

static void print_dropped_hooks(const struct printer *p, const char *key)
{
	print_texts(p, key, &p->plan->dropped_hooks);
}

static void print_dropped_mounts(const struct printer *p, const char *key)
{
	print_texts(p, key, &p->plan->injection.edits.dropped_mounts);
}

static void print_warnings(const struct printer *p, const char *key)
{
	print_texts(p, key, &p->plan->warnings);
}

static const struct section {
	const char *key;
	void (*print)(const struct printer *p, const char *key);
} sections[] = {
	{ "mode", print_mode },
	{ "settings", print_settings },
	{ "request", print_request },
	{ "driver", print_driver },
	{ "gpus", print_gpus },
	{ "env", print_env },
	{ "devices", print_devices },
	{ "deviceRules", print_rules },
	{ "mounts", print_mounts },
	{ "links", print_links },
	{ "tmpfs", print_tmpfs },
	{ "loaderCache", print_loader_cache },
	{ "droppedMounts", print_dropped_mounts },
	{ "droppedHooks", print_dropped_hooks },
	{ "warnings", print_warnings },
};

char *nv_plan_json(const struct nv_plan *plan, struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 }, line = { 0 };
	const struct printer printer = { plan, arena, &w, &line };

	json_writer_init(&w, "\t");
	json_writer_init(&line, NULL);
	json_object(&w, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		sections[i].print(&printer, sections[i].key);
	json_end_object(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, NULL));
}
