/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's libraries, with the links that make the loader find them. */
#pragma once

#include "nvidia/job.h"

/*
 * Add the libraries of the wanted classes, all into one directory that the container's loader
 * searches by default, and their SONAME and `.so` links, so that neither ldconfig nor a loader
 * cache is needed.
 *
 * A library that the host lacks is skipped; the main one of a class is missed with a warning.
 */
int nv_libraries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);

/*
 * The directory for 64-bit libraries in the container: Debian's where the root file system looks
 * like Debian's, else /usr/lib64.
 */
const char *nv_library_destination(int root_fd);
