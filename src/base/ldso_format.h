/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader cache as it is in the file, for its reader and its writer only.
 *
 * Source: glibc sysdeps/generic/dl-cache.h, elf/cache.c.
 */
#pragma once

#include "base/ldso_cache.h"

#define LDSO_OLD_MAGIC "ld.so-1.7.0"
#define LDSO_NEW_MAGIC "glibc-ld.so.cache1.1"

/* Only byte order marks (glibc >= 2.33) of our own order, or none, are read. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LDSO_OWN_ORDER 2
#else
#define LDSO_OWN_ORDER 3
#endif

/* The file's own structures: host byte order, no padding that C would not insert. */
struct ldso_old_header {
	char magic[sizeof(LDSO_OLD_MAGIC) - 1];
	uint32_t count;
};

struct ldso_old_entry {
	uint32_t flags;
	uint32_t name;
	uint32_t path;
};

struct ldso_new_header {
	char magic[sizeof(LDSO_NEW_MAGIC) - 1];
	uint32_t count;
	uint32_t strings_len;
	uint8_t order;
	uint8_t padding[3];
	uint32_t extension;
	uint32_t unused[3];
};

struct ldso_new_entry {
	uint32_t flags;
	uint32_t name;
	uint32_t path;
	uint32_t osversion;
	uint64_t hwcap;
};

/* Extensions (glibc >= 2.33): a header, then sections, whose data lies anywhere behind. */
#define LDSO_EXTENSION_MAGIC 0xeaa42174U

enum ldso_section_tag {
	LDSO_SECTION_GENERATOR, /* text: who wrote the file */
	LDSO_SECTION_HWCAPS, /* offsets of names below glibc-hwcaps/, to which entries refer by number */
};

struct ldso_extension {
	uint32_t magic;
	uint32_t count;
};

struct ldso_section {
	uint32_t tag;
	uint32_t flags;
	uint32_t offset;
	uint32_t len;
};

_Static_assert(sizeof(struct ldso_old_header) == 16 && sizeof(struct ldso_old_entry) == 12,
	       "old format");
_Static_assert(sizeof(struct ldso_new_header) == 48 && sizeof(struct ldso_new_entry) == 24,
	       "new format");

/* Whether a text starts at @offset that ends in the file, within PATH_MAX: this bounds the work on overlaps. */
bool ldso_has_string(const struct ldso_cache *cache, size_t offset);
