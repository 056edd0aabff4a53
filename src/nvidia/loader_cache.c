/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader's cache of the container should say about the driver's libraries. */
#include "nvidia/loader_cache.h"

void nv_loader_cache_add(const struct nv_job *job, struct oci_edits *edits, const char *path,
			 uint32_t flags)
{
	struct oci_loader_cache *cache = &edits->loader_cache;
	const struct ldso_library library = {
		.name = strrchr(path, '/') + 1,
		.path = path,
		.flags = flags,
	};

	if (job->settings->loader_cache == NV_LOADER_CACHE_NONE)
		return;
	cache->always = job->settings->loader_cache == NV_LOADER_CACHE_MERGE;
	cache->origin = "nvidia loader cache";
	cache->reason =
		"files of the image must not be loaded by the names of the driver's libraries";
	VEC_PUSH(&cache->libraries, job->arena, library);
}
