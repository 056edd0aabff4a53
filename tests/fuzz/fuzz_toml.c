/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the TOML reader. */
#include "base/toml.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	const struct value *value;
	struct err err = { 0 };

	(void)toml_read((const char *)data, size, "fuzz", &arena, &value, &err);
	arena_done(&arena);
	return 0;
}
