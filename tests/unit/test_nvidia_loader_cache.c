/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/loader_cache: what is noted, by setting. */
#include "nvidia/loader_cache.h"

#include "test.h"

static struct oci_loader_cache note(enum nv_loader_cache setting, struct arena *arena)
{
	struct nv_settings settings = nv_settings_default();
	const struct nv_job job = { .settings = &settings, .arena = arena };
	struct oci_edits edits = { 0 };

	settings.loader_cache = setting;
	nv_loader_cache_add(&job, &edits, "/usr/lib64/libcuda.so.1", LDSO_FLAGS_OWN);
	nv_loader_cache_add(&job, &edits, "/usr/lib32/libcuda.so", LDSO_FLAGS_32);
	return edits.loader_cache;
}

TEST(libraries_are_noted_by_name)
{
	struct arena arena = { 0 };
	const struct oci_loader_cache cache = note(NV_LOADER_CACHE_AUTO, &arena);

	CHECK_INT(cache.libraries.count, 2);
	CHECK_STR(cache.libraries.items[0].name, "libcuda.so.1");
	CHECK_STR(cache.libraries.items[0].path, "/usr/lib64/libcuda.so.1");
	CHECK_INT(cache.libraries.items[0].flags, LDSO_FLAGS_OWN);
	CHECK_STR(cache.libraries.items[1].name, "libcuda.so");
	CHECK_INT(cache.libraries.items[1].flags, LDSO_FLAGS_32);
	CHECK_STR(cache.origin, "nvidia loader cache");
	CHECK(cache.reason);
	arena_done(&arena);
}

TEST(setting)
{
	struct arena arena = { 0 };

	CHECK(!note(NV_LOADER_CACHE_AUTO, &arena).always);
	CHECK(note(NV_LOADER_CACHE_MERGE, &arena).always);
	CHECK_INT(note(NV_LOADER_CACHE_NONE, &arena).libraries.count, 0);
	arena_done(&arena);
}

TEST_MAIN()
