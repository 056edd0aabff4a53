/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader's cache of the container should say about the driver's libraries. */
#pragma once

#include "nvidia/job.h"

/*
 * Note that programs shall find the library at @path by the last component of it. Nothing is noted with the
 * setting loader-cache = "none".
 *
 * @path:  in the container: the library, or a link to it
 * @flags: LDSO_FLAGS_OWN or LDSO_FLAGS_32
 */
void nv_loader_cache_add(const struct nv_job *job, struct oci_edits *edits, const char *path,
			 uint32_t flags);
