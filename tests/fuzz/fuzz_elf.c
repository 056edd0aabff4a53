/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz the reader of libraries: the names it returns are plain file names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "nvidia/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	if (!*name || strchr(name, '/'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int fd = memfd_create("elf", MFD_CLOEXEC);
	struct arena arena = { 0 };
	struct nv_elf elf;

	if (fd < 0 || fd_write_all(fd, data, size) < 0)
		abort();
	if (nv_elf_read(fd, &arena, &elf) == 0) {
		if (elf.bits != 32 && elf.bits != 64)
			abort();
		if (elf.soname)
			check_name(elf.soname);
		VEC_EACH(name, &elf.needed)
			check_name(*name);
	}
	arena_done(&arena);
	return 0;
}
