/* SPDX-License-Identifier: Apache-2.0 */
/* The few facts of a shared library that links and choices need; the file is not trusted. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct nv_elf {
	int bits;	       /* 32 or 64 */
	const char *soname;    /* NULL: none, or one that is no plain file name */
	struct strings needed; /* DT_NEEDED, without those that are no plain file names */
};

/*
 * Read names through program headers and dynamic section, as the loader does (section headers may
 * be stripped).
 *
 * @fd: a regular file open for reading; its offset is not used
 *
 * Returns 0; -ENOEXEC when it is no ELF file of our byte order or is damaged; or the errno of
 * pread(2).
 * Source: man 5 elf.
 */
int nv_elf_read(int fd, struct arena *arena, struct nv_elf *ret);

/* 32 or 64 by the first bytes alone; -ENOEXEC or -errno as above. */
int nv_elf_bits(int fd);
