/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of the names in a shared library. */
#include "nvidia/elf.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

/* Real libraries have about 10 program headers, 40 dynamic entries and 10 libraries they need. */
#define PROGRAM_HEADERS_MAX 64
#define DYNAMIC_MAX	    1024
#define NEEDED_MAX	    64

/* A field of a structure of the file. */
struct member {
	uint8_t offset;
	uint8_t size;
};

/* clang-format off */
#define MEMBER(type, name) { offsetof(type, name), sizeof(((type *)0)->name) }
#define LAYOUT(bits)                                                                            \
	{                                                                                       \
		sizeof(Elf##bits##_Ehdr), sizeof(Elf##bits##_Phdr), sizeof(Elf##bits##_Dyn),    \
		MEMBER(Elf##bits##_Ehdr, e_phoff), MEMBER(Elf##bits##_Ehdr, e_phentsize),       \
		MEMBER(Elf##bits##_Ehdr, e_phnum), MEMBER(Elf##bits##_Phdr, p_type),            \
		MEMBER(Elf##bits##_Phdr, p_offset), MEMBER(Elf##bits##_Phdr, p_vaddr),          \
		MEMBER(Elf##bits##_Phdr, p_filesz), MEMBER(Elf##bits##_Dyn, d_tag),             \
		MEMBER(Elf##bits##_Dyn, d_un)                                                   \
	}
/* clang-format on */

/* The two classes differ only in where things are and how wide. */
static const struct layout {
	size_t header_size, segment_size, entry_size;
	struct member phoff, phentsize, phnum;	     /* of the header */
	struct member type, offset, address, filesz; /* of a program header */
	struct member tag, value;		     /* of an entry of the dynamic section */
} layout32 = LAYOUT(32), layout64 = LAYOUT(64);

struct segment {
	uint64_t type;
	uint64_t offset;
	uint64_t address;
	uint64_t filesz;
};

/* The file as far as it is read. */
struct elf {
	int fd;
	const struct layout *layout;
	struct segment segments[PROGRAM_HEADERS_MAX];
	size_t segment_count;
	uint64_t strings; /* virtual address of the dynamic section's strings */
	uint64_t strings_len;
	uint64_t soname; /* offset in strings; 0, the empty string: none */
	uint64_t needed[NEEDED_MAX];
	size_t needed_count;
};

static uint64_t get(const unsigned char *raw, struct member member)
{
	uint16_t half;
	uint32_t word;
	uint64_t wide;

	switch (member.size) {
	case sizeof(half):
		memcpy(&half, raw + member.offset, sizeof(half));
		return half;
	case sizeof(word):
		memcpy(&word, raw + member.offset, sizeof(word));
		return word;
	default:
		memcpy(&wide, raw + member.offset, sizeof(wide));
		return wide;
	}
}

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

static int read_segments(struct elf *elf)
{
	unsigned char raw[PROGRAM_HEADERS_MAX * sizeof(Elf64_Phdr)];
	const struct layout *layout = elf->layout;
	unsigned char header[sizeof(Elf64_Ehdr)];
	uint64_t count;
	int r;

	r = read_at(elf->fd, header, layout->header_size, 0);
	if (r < 0)
		return r;
	count = get(header, layout->phnum);
	if (get(header, layout->phentsize) != layout->segment_size || count > PROGRAM_HEADERS_MAX)
		return -ENOEXEC;
	r = read_at(elf->fd, raw, count * layout->segment_size, get(header, layout->phoff));
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const unsigned char *at = raw + i * layout->segment_size;

		elf->segments[i] = (struct segment){
			.type = get(at, layout->type),
			.offset = get(at, layout->offset),
			.address = get(at, layout->address),
			.filesz = get(at, layout->filesz),
		};
	}
	elf->segment_count = count;
	return 0;
}

static void take_entry(struct elf *elf, uint64_t tag, uint64_t value)
{
	switch (tag) {
	case DT_STRTAB:
		elf->strings = value;
		break;
	case DT_STRSZ:
		elf->strings_len = value;
		break;
	case DT_SONAME:
		elf->soname = value;
		break;
	case DT_NEEDED:
		if (elf->needed_count < NEEDED_MAX)
			elf->needed[elf->needed_count++] = value;
		break;
	default:
		break;
	}
}

static int read_dynamic(struct elf *elf, const struct segment *segment)
{
	unsigned char raw[DYNAMIC_MAX * sizeof(Elf64_Dyn)];
	const struct layout *layout = elf->layout;
	size_t count = segment->filesz / layout->entry_size;
	int r;

	if (count > DYNAMIC_MAX)
		return -ENOEXEC;
	r = read_at(elf->fd, raw, count * layout->entry_size, segment->offset);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const unsigned char *at = raw + i * layout->entry_size;
		uint64_t tag = get(at, layout->tag);

		if (tag == DT_NULL)
			break;
		take_entry(elf, tag, get(at, layout->value));
	}
	return 0;
}

/* The file offset behind a virtual address, by the segment that loads it. */
static int file_offset(const struct elf *elf, uint64_t address, uint64_t *ret)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct segment *load = &elf->segments[i];

		if (load->type != PT_LOAD || address < load->address ||
		    address - load->address >= load->filesz)
			continue;
		if (__builtin_add_overflow(load->offset, address - load->address, ret))
			return -ENOEXEC;
		return 0;
	}
	return -ENOEXEC;
}

/* Read the name at offset @at of the strings; NULL when it is no plain file name. */
static int read_name(const struct elf *elf, uint64_t at, struct arena *arena, const char **ret)
{
	char name[NAME_MAX + 1];
	uint64_t offset, max;
	size_t len;
	int r;

	if (at >= elf->strings_len)
		return -ENOEXEC;
	max = elf->strings_len - at;
	len = max < sizeof(name) ? max : sizeof(name);
	r = file_offset(elf, elf->strings, &offset);
	if (r < 0)
		return r;
	if (__builtin_add_overflow(offset, at, &offset))
		return -ENOEXEC;
	r = read_at(elf->fd, name, len, offset);
	if (r < 0)
		return r;
	if (!memchr(name, '\0', len))
		return -ENOEXEC;
	/* It becomes the name of a link: nothing that leads elsewhere. */
	if (!name[0] || strchr(name, '/') || str_eq(name, ".") || str_eq(name, ".."))
		*ret = NULL;
	else
		*ret = arena_strdup(arena, name);
	return 0;
}

static int read_names(const struct elf *elf, struct arena *arena, struct nv_elf *ret)
{
	const char *name;
	int r = 0;

	if (elf->soname)
		r = read_name(elf, elf->soname, arena, &ret->soname);
	for (size_t i = 0; r == 0 && i < elf->needed_count; i++) {
		r = read_name(elf, elf->needed[i], arena, &name);
		if (r == 0 && name)
			VEC_PUSH(&ret->needed, arena, name);
	}
	return r;
}

int nv_elf_bits(int fd)
{
	unsigned char ident[EI_NIDENT];
	int r;

	r = read_at(fd, ident, sizeof(ident), 0);
	if (r < 0)
		return r;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_DATA] != OWN_ORDER)
		return -ENOEXEC;
	switch (ident[EI_CLASS]) {
	case ELFCLASS32:
		return 32;
	case ELFCLASS64:
		return 64;
	default:
		return -ENOEXEC;
	}
}

int nv_elf_read(int fd, struct arena *arena, struct nv_elf *ret)
{
	struct nv_elf found = { .bits = nv_elf_bits(fd) };
	struct elf elf = { .fd = fd };
	int r;

	if (found.bits < 0)
		return found.bits;
	elf.layout = found.bits == 32 ? &layout32 : &layout64;
	r = read_segments(&elf);
	for (size_t i = 0; r == 0 && i < elf.segment_count; i++) {
		if (elf.segments[i].type != PT_DYNAMIC)
			continue;
		r = read_dynamic(&elf, &elf.segments[i]);
		break;
	}
	if (r == 0)
		r = read_names(&elf, arena, &found);
	if (r < 0)
		return r;
	*ret = found;
	return 0;
}
