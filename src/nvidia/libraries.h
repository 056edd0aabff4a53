/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's libraries, with the links that make the loader find them. */
#pragma once

#include "nvidia/job.h"

/*
 * Add the libraries of the wanted classes, all into one directory that the container's loader
 * searches by default, and their SONAME and `.so` links, so that neither ldconfig nor a loader
 * cache is needed. With compat32 the 32-bit ones of the same classes, too.
 *
 * A library that the host lacks is skipped; the main one of a class is missed with a warning, and
 * when another version of it is there it is an error with both numbers.
 */
int nv_libraries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);

/*
 * The directory for 64-bit libraries in the container: Debian's where the root file system looks
 * like Debian's, /usr/lib where its C library is musl, else /usr/lib64.
 */
const char *nv_library_destination(int root_fd);

/*
 * The one for 32-bit libraries: Debian's, else /usr/lib32 where it is there or /usr/lib is where the
 * 64-bit ones are, else /usr/lib.
 */
const char *nv_library_destination32(int root_fd);

/* Whether the root file system has Debian's layout. */
bool nv_is_debian_layout(int root_fd);
