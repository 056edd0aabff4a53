/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz the loader cache: every string of an accepted cache lies in the input; merged with a library of ours it is
 * a cache again, by which a search as the loader's finds ours, and which has all others in their order.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/ldso_cache.h"
#include "base/str.h"

static const struct ldso_library library = { "libcuda.so.1", "/ours/libcuda.so.1", LDSO_FLAGS_OWN };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_so)
{
	if (!is_so)
		abort();
}

/* By halves to the first entry of the name, then to the first of the architecture. */
static const char *find(const struct ldso_cache *cache, const char *name)
{
	size_t low = 0, high = cache->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ldso_name_compare(ldso_cache_entry(cache, middle).name, name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < cache->count; low++) {
		struct ldso_entry entry = ldso_cache_entry(cache, low);

		if (ldso_name_compare(entry.name, name) != 0)
			break;
		if (entry.flags == LDSO_FLAGS_OWN)
			return entry.path;
	}
	return "";
}

/* The index of the first entry from @index on that a program which looks for ours would not take. */
static size_t next_other(const struct ldso_cache *cache, size_t index)
{
	for (; index < cache->count; index++) {
		struct ldso_entry entry = ldso_cache_entry(cache, index);

		if (ldso_name_compare(entry.name, library.name) != 0 ||
		    entry.flags != LDSO_FLAGS_OWN)
			break;
	}
	return index;
}

static void check_others(const struct ldso_cache *before, const struct ldso_cache *after)
{
	size_t i = next_other(before, 0), j = next_other(after, 0);

	while (i < before->count && j < after->count) {
		struct ldso_entry old = ldso_cache_entry(before, i),
				  new = ldso_cache_entry(after, j);

		check(str_eq(old.name, new.name) && str_eq(old.path, new.path) &&
		      old.flags == new.flags &&old.osversion == new.osversion &&old.hwcap ==
			      new.hwcap);
		i = next_other(before, i + 1);
		j = next_other(after, j + 1);
	}
	check(i == before->count && j == after->count);
}

static void check_merge(const struct ldso_cache *cache)
{
	struct ldso_library ours = library;
	const struct ldso_libraries libraries = { &ours, 1, 1 };
	struct ldso_merged merged, again;
	struct arena arena = { 0 };
	struct ldso_cache after;

	if (ldso_cache_merge(cache, &libraries, &arena, &merged, NULL) == 0) {
		check(ldso_cache_parse(merged.data, merged.len, &after, NULL) == 0);
		check(str_eq(find(&after, library.name), library.path));
		check(merged.replaced == cache->count + 1 - after.count);
		check_others(cache, &after);
		check(ldso_cache_merge(&after, &libraries, &arena, &again, NULL) == 0);
		check(!again.changed && again.len == merged.len &&
		      memcmp(again.data, merged.data, merged.len) == 0);
	}
	arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ldso_cache cache;
	struct err err = { 0 };

	if (ldso_cache_parse(data, size, &cache, &err) < 0)
		return 0;
	for (size_t i = 0; i < cache.count; i++) {
		struct ldso_entry entry = ldso_cache_entry(&cache, i);

		check(strlen(entry.name) < size && strlen(entry.path) < size);
	}
	(void)ldso_cache_find(&cache, "libcuda.so.1");
	check_merge(&cache);
	return 0;
}
