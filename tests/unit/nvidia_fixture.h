/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the nvidia room: a temporary directory with a tiny driver in it. */
#pragma once

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "nvidia/inventory.h"
#include "nvidia/settings.h"
#include "test.h"

#define FIXTURE_VERSION "580.159.04"

static char fixture_root[64];
static struct arena fixture_arena;

__attribute__((constructor)) static void fixture_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fixture_root, sizeof(fixture_root), "%s/nvcrun-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(fixture_root))
		abort();
}

static inline int fixture_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void fixture_done(void)
{
	nftw(fixture_root, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_done(&fixture_arena);
}

/* <fixture>/@name, its directories made. */
static inline const char *fixture_path(const char *name)
{
	char *path = arena_printf(&fixture_arena, "%s/%s", fixture_root, name);

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0)
			CHECK_INT(errno, EEXIST);
		*slash = '/';
	}
	return path;
}

static inline const char *fixture_bytes(const char *name, const void *data, size_t len)
{
	const char *path = fixture_path(name);
	cleanup_close int fd = -EBADF;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, data, len), 0);
	return path;
}

static inline const char *fixture_file(const char *name, const char *text)
{
	return fixture_bytes(name, text, strlen(text));
}

static inline void fixture_link(const char *name, const char *target)
{
	const char *path = fixture_path(name);

	unlink(path);
	CHECK_INT(symlink(target, path), 0);
}

static inline void fixture_remove(const char *name)
{
	nftw(fixture_path(name), fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the driver says of a GPU in procfs. */
static inline void fixture_gpu(const char *bus_id, const char *information)
{
	fixture_file(arena_printf(&fixture_arena, "proc/driver/nvidia/gpus/%s/information", bus_id),
		     information);
}

static inline struct nv_gpus fixture_gpus(void)
{
	struct nv_gpus gpus = { 0 };

	CHECK_INT(nv_inventory_read(fixture_path("proc"), &fixture_arena, &gpus, NULL), 0);
	return gpus;
}

/*
 * A shared library that holds nothing but its name, of 64 or 32 bits; addresses differ from file offsets. Room for
 * two more entries.
 */
#define FIXTURE_ELF(NAME, BITS)                                                                  \
	struct NAME {                                                                            \
		Elf##BITS##_Ehdr header;                                                         \
		Elf##BITS##_Phdr load;                                                           \
		Elf##BITS##_Phdr dynamic;                                                        \
		Elf##BITS##_Dyn entries[6];                                                      \
		char strings[64];                                                                \
	};                                                                                       \
	/* @soname: NULL for none */                                                             \
	static inline struct NAME NAME(const char *soname) {                                     \
		struct NAME elf = {                                                            \
			.header = {                                                            \
				.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,               \
					     ELFCLASS##BITS, FIXTURE_ORDER, EV_CURRENT },      \
				.e_type = ET_DYN,                                              \
				.e_phoff = offsetof(struct NAME, load),                        \
				.e_phentsize = sizeof(Elf##BITS##_Phdr),                       \
				.e_phnum = 2,                                                  \
			},                                                                     \
			.load = {                                                              \
				.p_type = PT_LOAD,                                             \
				.p_vaddr = FIXTURE_ELF_ADDRESS,                                \
				.p_filesz = sizeof(elf),                                       \
			},                                                                     \
			.dynamic = {                                                           \
				.p_type = PT_DYNAMIC,                                          \
				.p_offset = offsetof(struct NAME, entries),                    \
				.p_filesz = sizeof(elf.entries),                               \
			},                                                                     \
			.entries = {                                                           \
				{ DT_STRTAB,                                                   \
				  { FIXTURE_ELF_ADDRESS + offsetof(struct NAME, strings) } },  \
				{ DT_STRSZ, { sizeof(elf.strings) } },                         \
				{ soname ? DT_SONAME : DT_DEBUG, { 1 } },                      \
			},                                                                     \
		}; \
		snprintf(elf.strings + 1, sizeof(elf.strings) - 1, "%s", soname ? soname : "");  \
		return elf;                                                                      \
	}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIXTURE_ORDER ELFDATA2LSB
#else
#define FIXTURE_ORDER ELFDATA2MSB
#endif
#define FIXTURE_ELF_ADDRESS 0x10000

/* clang-format off */
FIXTURE_ELF(fixture_elf, 64)
FIXTURE_ELF(fixture_elf32, 32)
/* clang-format on */

/* A library of any file name. */
static inline void fixture_library_file(const char *path, const char *soname)
{
	const struct fixture_elf elf = fixture_elf(soname);

	fixture_bytes(path, &elf, sizeof(elf));
}

static inline void fixture_library(const char *dir, const char *name, const char *soname)
{
	fixture_library_file(arena_printf(&fixture_arena, "%s/%s.so." FIXTURE_VERSION, dir, name),
			     soname);
}

static inline void fixture_library32(const char *dir, const char *name, const char *soname)
{
	const struct fixture_elf32 elf = fixture_elf32(soname);

	fixture_bytes(arena_printf(&fixture_arena, "%s/%s.so." FIXTURE_VERSION, dir, name), &elf,
		      sizeof(elf));
}

/* Settings that take the fixture for the machine. */
static inline struct nv_settings fixture_settings(void)
{
	struct nv_settings settings = nv_settings_default();

	settings.driver_root = fixture_root;
	settings.testing.proc_root = fixture_path("proc");
	settings.testing.sys_root = fixture_path("sys");
	return settings;
}
