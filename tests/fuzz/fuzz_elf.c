/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz the SONAME reader: what it returns is a plain file name. */
#include <stdint.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "nvidia/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int fd = memfd_create("elf", MFD_CLOEXEC);
	struct arena arena = { 0 };
	const char *soname;

	if (fd < 0 || fd_write_all(fd, data, size) < 0)
		abort();
	if (nv_elf_soname(fd, &arena, &soname) == 0 && (!*soname || strchr(soname, '/')))
		abort();
	arena_done(&arena);
	return 0;
}
