/* SPDX-License-Identifier: Apache-2.0 */
/* The one fact of a shared library that links need, its SONAME; the file is not trusted. */
#pragma once

#include "base/arena.h"

/*
 * Read DT_SONAME through program headers and dynamic section, as the loader does (section headers
 * may be stripped).
 *
 * @fd: a regular file open for reading; its offset is not used
 *
 * Returns 0; -ENOENT when the library has no SONAME, or one that is no plain file name; -ENOEXEC
 * when it is no 64-bit ELF file of our byte order or is damaged; or the errno of pread(2).
 * Source: man 5 elf.
 */
int nv_elf_soname(int fd, struct arena *arena, const char **ret_soname);
