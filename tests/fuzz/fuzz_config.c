/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzing of config.json: whatever the bytes, the model or an error with words. */
#include <stdlib.h>

#include "oci/config_io.h"
#include "oci/mount_options.h"

#define INPUT_MAX (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_config *config = NULL;
	struct oci_notes notes = { 0 };
	struct arena arena = { 0 };
	struct mount_flags flags;
	struct err err = { 0 };

	if (size > INPUT_MAX)
		return -1;
	if (oci_config_parse((const char *)data, size, "/bundle", &arena, &notes, &config, &err) <
	    0) {
		if (!err.text[0] || config)
			abort();
	} else {
		VEC_EACH(mount, &config->mounts)
			(void)mount_flags_parse(&mount->options, &arena, &flags, &err);
	}
	arena_done(&arena);
	return 0;
}
