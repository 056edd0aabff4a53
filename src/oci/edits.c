/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of the model. */
#include "oci/edits.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "oci/config_decode.h"
#include "oci/env.h"

/* The length of NAME in NAME=value; 0 when @assignment is none. */
static size_t name_length(const char *assignment)
{
	size_t len = strcspn(assignment, "=");

	return assignment[len] ? len : 0;
}

static int check_path(const char *path, const char *origin, struct err *err)
{
	return *path == '/'
		       ? 0
		       : err_set(err, EINVAL, "%s: `%s` is not an absolute path", origin, path);
}

/* Names with slashes between them, none of which leads upwards. */
static bool is_relative(const char *path)
{
	for (const char *name = path;; name++) {
		size_t len = strcspn(name, "/");

		if (len == 0 || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
			return false;
		name += len;
		if (!*name)
			return true;
	}
}

static int check_tmpfs(const struct oci_tmpfs *tmpfs, struct err *err)
{
	VEC_EACH(file, &tmpfs->files) {
		if (!is_relative(file->name))
			return err_set(err, EINVAL, "%s: `%s` is not the relative path of a file",
				       tmpfs->origin, file->name);
	}
	VEC_EACH(bind, &tmpfs->binds) {
		int r = check_path(bind->source, tmpfs->origin, err);

		if (r < 0)
			return r;
	}
	return check_path(tmpfs->dest, tmpfs->origin, err);
}

static int check_loader_cache(const struct oci_loader_cache *cache, struct err *err)
{
	int r = 0;

	VEC_EACH(library, &cache->libraries) {
		if (!*library->name || strchr(library->name, '/'))
			return err_set(err, EINVAL, "%s: `%s` is not the name of a library",
				       cache->origin, library->name);
		if (r == 0)
			r = check_path(library->path, cache->origin, err);
	}
	return r;
}

/* Everything that can be wrong, before anything is changed. */
static int check(const struct oci_edits *edits, const char *access, struct err *err)
{
	int r = 0;

	VEC_EACH(variable, &edits->env) {
		if (!name_length(*variable))
			return err_set(err, EINVAL, "edits: env: `%s` is not NAME=value",
				       *variable);
	}
	if (oci_access_parse(access, &(struct oci_device_rule){ 0 }) < 0)
		return err_set(err, EINVAL,
			       "edits: device access `%s` is not made of the letters r, w and m",
			       access);
	VEC_EACH(device, &edits->devices) {
		if (r == 0)
			r = check_path(device->path, device->origin, err);
	}
	VEC_EACH(mount, &edits->mounts) {
		if (r == 0)
			r = check_path(mount->destination, mount->origin, err);
	}
	VEC_EACH(link, &edits->links) {
		if (r == 0)
			r = check_path(link->path, link->origin, err);
	}
	VEC_EACH(tmpfs, &edits->tmpfs) {
		if (r == 0)
			r = check_tmpfs(tmpfs, err);
	}
	return r == 0 ? check_loader_cache(&edits->loader_cache, err) : r;
}

static void add_device(struct oci_linux *config, const struct oci_device *device,
		       struct arena *arena)
{
	VEC_EACH(old, &config->devices) {
		if (str_eq(old->path, device->path)) {
			*old = *device;
			return;
		}
	}
	VEC_PUSH(&config->devices, arena, *device);
}

static void allow_device(struct oci_resources *resources, const struct oci_device *device,
			 const char *access, struct arena *arena)
{
	struct oci_device_rule rule = {
		.allow = true,
		.type = device->type == 'b' ? 'b' : 'c',
		.major = major(device->rdev),
		.minor = minor(device->rdev),
		.origin = device->origin,
	};

	/* A fifo is no device to the cgroup. */
	if (device->type == 'p')
		return;
	(void)oci_access_parse(access, &rule);
	VEC_PUSH(&resources->devices, arena, rule);
}

static void drop_mounts(struct oci_config *config, const struct strings *destinations)
{
	size_t kept = 0;

	VEC_EACH(mount, &config->mounts) {
		if (!strings_have(destinations, mount->destination))
			config->mounts.items[kept++] = *mount;
	}
	config->mounts.count = kept;
}

bool oci_edits_drops_hook(const struct oci_edits *edits, const struct oci_hook *hook)
{
	const char *slash = strrchr(hook->path, '/');

	return strings_have(&edits->dropped_hooks, slash ? slash + 1 : hook->path);
}

static void drop_hooks(struct oci_hook_list *hooks, const struct oci_edits *edits)
{
	size_t kept = 0;

	VEC_EACH(hook, hooks) {
		if (!oci_edits_drops_hook(edits, hook))
			hooks->items[kept++] = *hook;
	}
	hooks->count = kept;
}

const char *oci_edits_access(const struct oci_edits *edits)
{
	return edits->device_access ? edits->device_access : "rw";
}

int oci_edits_apply(struct oci_config *config, const struct oci_edits *edits, struct arena *arena,
		    struct err *err)
{
	const char *access = oci_edits_access(edits);
	int r;

	r = check(edits, access, err);
	if (r < 0)
		return r;
	drop_mounts(config, &edits->dropped_mounts);
	drop_hooks(&config->hooks[OCI_HOOK_PRESTART], edits);
	VEC_EACH(variable, &edits->env)
		oci_env_set(&config->process.env, arena, *variable);
	VEC_EACH(device, &edits->devices) {
		add_device(&config->linux, device, arena);
		allow_device(&config->linux.resources, device, access, arena);
	}
	VEC_EACH(mount, &edits->mounts)
		VEC_PUSH(&config->extra_mounts, arena, *mount);
	VEC_EACH(link, &edits->links)
		VEC_PUSH(&config->links, arena, *link);
	VEC_EACH(tmpfs, &edits->tmpfs)
		VEC_PUSH(&config->tmpfs, arena, *tmpfs);
	config->loader_cache = edits->loader_cache;
	return 0;
}
