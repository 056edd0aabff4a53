/* SPDX-License-Identifier: Apache-2.0 */
/* Driver capabilities: the words of NVIDIA_DRIVER_CAPABILITIES, and of the setting that limits them. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* Bits of a set. */
enum nv_capability {
	NV_CAP_COMPUTE = 1 << 0,
	NV_CAP_UTILITY = 1 << 1,
	NV_CAP_VIDEO = 1 << 2,
	NV_CAP_GRAPHICS = 1 << 3,
	NV_CAP_DISPLAY = 1 << 4,
	NV_CAP_NGX = 1 << 5,
	NV_CAP_COMPAT32 = 1 << 6,
	NV_CAP_EVERY = (1 << 7) - 1,
	NV_CAP_ALL =
		1 << 7, /* the word `all`: means less than every one where a host limits them */
};

/*
 * Read words with commas between them; blanks and empty ones do not count.
 *
 * @ret_unknown: the first word that is none
 *
 * Returns 0, or -EINVAL.
 */
int nv_capabilities_parse(const char *text, struct arena *arena, unsigned int *ret,
			  const char **ret_unknown);

/* The words of a set. */
struct strings nv_capabilities_words(unsigned int set, struct arena *arena);

/* The words of a set with @separator between them. */
const char *nv_capabilities_text(unsigned int set, const char *separator, struct arena *arena);
