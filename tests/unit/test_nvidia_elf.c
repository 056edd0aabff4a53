/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/elf: the SONAME, and files that lie. */
#include "nvidia/elf.h"

#include "nvidia_fixture.h"

static int soname_of(const void *data, size_t len, const char **ret)
{
	const char *path = fixture_bytes("lib.so", data, len);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct nv_elf elf;
	int r;

	CHECK(fd >= 0);
	r = nv_elf_read(fd, &fixture_arena, &elf);
	if (r == 0)
		*ret = elf.soname;
	return r;
}

static void check_no_soname(const struct fixture_elf *elf)
{
	const char *soname = "";

	CHECK_INT(soname_of(elf, sizeof(*elf), &soname), 0);
	CHECK(!soname);
}

static int soname_code(const struct fixture_elf *elf)
{
	const char *soname = "untouched";
	int r = soname_of(elf, sizeof(*elf), &soname);

	CHECK_STR(soname, "untouched");
	return r;
}

TEST(soname)
{
	const struct fixture_elf elf = fixture_elf("libcuda.so.1");
	const char *soname = NULL;

	CHECK_INT(soname_of(&elf, sizeof(elf), &soname), 0);
	CHECK_STR(soname, "libcuda.so.1");
}

TEST(needed)
{
	struct fixture_elf elf = fixture_elf("libGL.so.1");
	const char *path;
	struct nv_elf read;

	/* Behind the SONAME: one good name, one that leads elsewhere. */
	memcpy(elf.strings + 16, "libnvidia-glcore.so.1\0../x", 27);
	elf.entries[3] = (Elf64_Dyn){ DT_NEEDED, { 16 } };
	elf.entries[4] = (Elf64_Dyn){ DT_NEEDED, { 38 } };
	path = fixture_bytes("lib.so", &elf, sizeof(elf));
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_INT(nv_elf_read(fd, &fixture_arena, &read), 0);
	CHECK_STR(read.soname, "libGL.so.1");
	CHECK_INT(read.needed.count, 1);
	CHECK_STR(read.needed.items[0], "libnvidia-glcore.so.1");
	elf.entries[4].d_un.d_val = sizeof(elf.strings);
	CHECK_INT(soname_code(&elf), -ENOEXEC);
}

TEST(of_32_bits)
{
	const struct fixture_elf32 elf = fixture_elf32("libcuda.so.1");
	const char *path = fixture_bytes("lib.so", &elf, sizeof(elf));
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct nv_elf read;

	CHECK_INT(nv_elf_bits(fd), 32);
	CHECK_INT(nv_elf_read(fd, &fixture_arena, &read), 0);
	CHECK_INT(read.bits, 32);
	CHECK_STR(read.soname, "libcuda.so.1");
	for (size_t len = 0; len < sizeof(elf); len++) {
		const char *soname;

		CHECK_INT(soname_of(&elf, len, &soname), -ENOEXEC);
	}
}

TEST(this_program_has_none)
{
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct nv_elf elf;

	CHECK_INT(nv_elf_read(fd, &fixture_arena, &elf), 0);
	CHECK_INT(elf.bits, 8 * (int)sizeof(void *));
	CHECK(!elf.soname);
}

TEST(without_soname)
{
	struct fixture_elf elf = fixture_elf(NULL);

	check_no_soname(&elf);
	elf.dynamic.p_type = PT_NOTE;
	check_no_soname(&elf);
}

TEST(names_that_lead_elsewhere)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/etc/passwd", "../x" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct fixture_elf elf = fixture_elf(names[i]);

		check_no_soname(&elf);
	}
}

TEST(not_an_elf_file_of_ours)
{
	struct fixture_elf elf = fixture_elf("libx.so.1");
	const char *soname;

	CHECK_INT(soname_of("", 0, &soname), -ENOEXEC);
	CHECK_INT(soname_of("#!/bin/sh\n", 10, &soname), -ENOEXEC);
	elf.header.e_ident[EI_CLASS] = ELFCLASSNONE;
	CHECK_INT(soname_code(&elf), -ENOEXEC);
	/* A 64-bit file that says it is one of 32 bits. */
	elf.header.e_ident[EI_CLASS] = ELFCLASS32;
	CHECK_INT(soname_code(&elf), -ENOEXEC);
	elf = fixture_elf("libx.so.1");
	elf.header.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	CHECK_INT(soname_code(&elf), -ENOEXEC);
	elf = fixture_elf("libx.so.1");
	elf.header.e_phentsize = 32;
	CHECK_INT(soname_code(&elf), -ENOEXEC);
}

TEST(every_truncation_is_refused)
{
	const struct fixture_elf elf = fixture_elf("libx.so.1");
	const char *soname;

	for (size_t len = 0; len < sizeof(elf); len++)
		CHECK_INT(soname_of(&elf, len, &soname), -ENOEXEC);
}

/* One field of a good file changed to something that must be noticed. */
#define LIE(field, value)                                     \
	do {                                                  \
		struct fixture_elf lie = fixture_elf("libx"); \
		lie.field = (value);                          \
		CHECK_INT(soname_code(&lie), -ENOEXEC);       \
	} while (0)

TEST(lies)
{
	LIE(header.e_phnum, 0xffff);
	LIE(header.e_phoff, UINT64_MAX);
	LIE(header.e_phoff, 1 << 20);
	LIE(dynamic.p_filesz, UINT64_MAX);
	LIE(dynamic.p_offset, UINT64_MAX);
	LIE(dynamic.p_offset, INT64_MAX);
	LIE(load.p_filesz, 8);
	LIE(load.p_offset, UINT64_MAX);
	LIE(load.p_vaddr, UINT64_MAX);
	LIE(entries[0].d_un.d_ptr, 0);
	LIE(entries[0].d_un.d_ptr, UINT64_MAX);
	LIE(entries[1].d_un.d_val, 0);
	LIE(entries[1].d_un.d_val, 3);
	LIE(entries[2].d_un.d_val, UINT64_MAX);
	LIE(entries[2].d_un.d_val, 64);
}

TEST(name_without_end)
{
	struct fixture_elf elf = fixture_elf("libx");

	memset(elf.strings, 'x', sizeof(elf.strings));
	CHECK_INT(soname_code(&elf), -ENOEXEC);
}

TEST_MAIN()
