/* SPDX-License-Identifier: Apache-2.0 */
/* SONAME reader. */
#include "nvidia/elf.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/str.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

/* Real libraries have about 10 program headers and 40 dynamic entries. */
#define PROGRAM_HEADERS_MAX 64
#define DYNAMIC_MAX	    1024

/* What the dynamic section says about names. */
struct dynamic {
	uint64_t strings; /* virtual address */
	uint64_t strings_len;
	uint64_t soname; /* offset in strings */
	bool has_soname;
};

/* Read exactly @len bytes; a file that ends before is damaged. */
static int read_at(int fd, void *data, size_t len, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX - len)
		return -ENOEXEC;
	n = pread(fd, data, len, (off_t)offset);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOEXEC;
}

static int read_program_headers(int fd, Elf64_Phdr *headers, size_t *ret_count)
{
	Elf64_Ehdr elf;
	int r;

	r = read_at(fd, &elf, sizeof(elf), 0);
	if (r < 0)
		return r;
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_ident[EI_DATA] != OWN_ORDER || elf.e_phentsize != sizeof(headers[0]) ||
	    elf.e_phnum > PROGRAM_HEADERS_MAX)
		return -ENOEXEC;
	r = read_at(fd, headers, elf.e_phnum * sizeof(headers[0]), elf.e_phoff);
	if (r < 0)
		return r;
	*ret_count = elf.e_phnum;
	return 0;
}

static const Elf64_Phdr *find_dynamic(const Elf64_Phdr *headers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type == PT_DYNAMIC)
			return &headers[i];
	}
	return NULL;
}

static int read_dynamic(int fd, const Elf64_Phdr *header, struct dynamic *ret)
{
	Elf64_Dyn entries[DYNAMIC_MAX];
	size_t count = header->p_filesz / sizeof(entries[0]);
	struct dynamic dynamic = { 0 };
	int r;

	if (count > DYNAMIC_MAX)
		return -ENOEXEC;
	r = read_at(fd, entries, count * sizeof(entries[0]), header->p_offset);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
		switch (entries[i].d_tag) {
		case DT_STRTAB:
			dynamic.strings = entries[i].d_un.d_ptr;
			break;
		case DT_STRSZ:
			dynamic.strings_len = entries[i].d_un.d_val;
			break;
		case DT_SONAME:
			dynamic.soname = entries[i].d_un.d_val;
			dynamic.has_soname = true;
			break;
		default:
			break;
		}
	}
	*ret = dynamic;
	return 0;
}

/* The file offset behind a virtual address, by the segment that loads it. */
static int file_offset(const Elf64_Phdr *headers, size_t count, uint64_t address, uint64_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		const Elf64_Phdr *load = &headers[i];

		if (load->p_type != PT_LOAD || address < load->p_vaddr ||
		    address - load->p_vaddr >= load->p_filesz)
			continue;
		if (__builtin_add_overflow(load->p_offset, address - load->p_vaddr, ret))
			return -ENOEXEC;
		return 0;
	}
	return -ENOEXEC;
}

/* Read the text at @offset, which ends within @max bytes. */
static int read_name(int fd, uint64_t offset, uint64_t max, struct arena *arena, const char **ret)
{
	char name[NAME_MAX + 1];
	size_t len = max < sizeof(name) ? max : sizeof(name);
	int r;

	r = read_at(fd, name, len, offset);
	if (r < 0)
		return r;
	if (!memchr(name, '\0', len))
		return -ENOEXEC;
	/* It becomes the name of a link: nothing that leads elsewhere. */
	if (!name[0] || strchr(name, '/') || str_eq(name, ".") || str_eq(name, ".."))
		return -ENOENT;
	*ret = arena_strdup(arena, name);
	return 0;
}

int nv_elf_soname(int fd, struct arena *arena, const char **ret_soname)
{
	Elf64_Phdr headers[PROGRAM_HEADERS_MAX];
	const Elf64_Phdr *header;
	struct dynamic dynamic;
	uint64_t offset;
	size_t count;
	int r;

	r = read_program_headers(fd, headers, &count);
	if (r < 0)
		return r;
	header = find_dynamic(headers, count);
	if (!header)
		return -ENOENT;
	r = read_dynamic(fd, header, &dynamic);
	if (r < 0)
		return r;
	if (!dynamic.has_soname)
		return -ENOENT;
	if (dynamic.soname >= dynamic.strings_len)
		return -ENOEXEC;
	r = file_offset(headers, count, dynamic.strings, &offset);
	if (r < 0)
		return r;
	if (__builtin_add_overflow(offset, dynamic.soname, &offset))
		return -ENOEXEC;
	return read_name(fd, offset, dynamic.strings_len - dynamic.soname, arena, ret_soname);
}
