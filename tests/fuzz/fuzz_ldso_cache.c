/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz the loader cache reader: every string of an accepted cache lies in the input. */
#include <stdint.h>

#include "base/ldso_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ldso_cache cache;
	struct err err = { 0 };

	if (ldso_cache_parse(data, size, &cache, &err) < 0)
		return 0;
	for (size_t i = 0; i < cache.count; i++) {
		struct ldso_entry entry = ldso_cache_entry(&cache, i);

		if (strlen(entry.name) >= size || strlen(entry.path) >= size)
			abort();
	}
	(void)ldso_cache_find(&cache, "libcuda.so.1");
	return 0;
}
