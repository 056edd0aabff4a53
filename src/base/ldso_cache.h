/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic loader's cache, /etc/ld.so.cache: library name -> path. Bounded: the file may come
 * from a container image. Nothing is copied, entries point into the file's bytes.
 *
 * Source: glibc sysdeps/generic/dl-cache.h. An old header (`ld.so-1.7.0`) may precede the new one
 * (`glibc-ld.so.cache1.1`), or stand alone. ldconfig(8) writes only the new one since glibc 2.32.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Larger files and longer lists are refused; a real cache has some thousand entries, 200 KiB. */
#define LDSO_CACHE_SIZE_MAX    (16 * 1024 * 1024)
#define LDSO_CACHE_ENTRIES_MAX 65536

/*
 * Flags of the entries that programs load: ELF libc6 plus the ABI. OWN: of our own architecture; 32: of its
 * 32-bit sister, where there is one.
 */
#if defined(__x86_64__)
#define LDSO_FLAGS_OWN 0x0303U
#define LDSO_FLAGS_32  0x0003U
#elif defined(__aarch64__)
#define LDSO_FLAGS_OWN 0x0a03U
#define LDSO_FLAGS_32  0x0903U
#elif defined(__powerpc64__)
#define LDSO_FLAGS_OWN 0x0503U
#define LDSO_FLAGS_32  0x0003U
#else
#define LDSO_FLAGS_OWN 0x0003U
#endif

/* The loader of the other C library, musl, which has no cache. */
#if defined(__aarch64__)
#define LDSO_MUSL_LOADER "/lib/ld-musl-aarch64.so.1"
#elif defined(__powerpc64__)
#define LDSO_MUSL_LOADER "/lib/ld-musl-powerpc64le.so.1"
#else
#define LDSO_MUSL_LOADER "/lib/ld-musl-x86_64.so.1"
#endif

struct ldso_entry {
	const char *name; /* `libcuda.so.1` */
	const char *path; /* as ldconfig wrote it: absolute in the cache's own root */
	uint32_t flags;	  /* LDSO_FLAGS_OWN, or another ABI's */
	uint32_t osversion;
	uint64_t hwcap; /* 0 in the old format */
};

/* A checked cache: a view of the caller's bytes, valid as long as they are. */
struct ldso_cache {
	const unsigned char *entries;
	size_t count;
	size_t entry_size;   /* 12 old, 24 new */
	const char *strings; /* what all offsets count from */
	size_t strings_len;  /* from there to the end of the file */
	uint32_t extension;  /* offset of the extensions, not checked; 0: none */
};

/*
 * Check the headers and every entry.
 *
 * @data, @len: the whole file
 *
 * Returns 0, or -EINVAL with words for anything malformed, of foreign byte order or too large: each
 * string of an accepted cache lies in the file, ends there, and is at most PATH_MAX long.
 */
int ldso_cache_parse(const void *data, size_t len, struct ldso_cache *ret, struct err *err);

/* Entry @index, which is below cache->count. */
struct ldso_entry ldso_cache_entry(const struct ldso_cache *cache, size_t index);

/* Path of the first entry for @name with LDSO_FLAGS_OWN, NULL when there is none. */
const char *ldso_cache_find(const struct ldso_cache *cache, const char *name);

/* A library that shall be found under a name. */
struct ldso_library {
	const char *name; /* `libcuda.so.1` */
	const char *path; /* absolute */
	uint32_t flags;	  /* LDSO_FLAGS_* of the programs that shall find it */
};

struct ldso_libraries {
	struct ldso_library *items;
	size_t count;
	size_t capacity;
};

/*
 * The order of names in a cache, which the loader searches by halves: a run of digits counts as its number and
 * comes after anything else, other characters by their code. Returns < 0, 0, > 0. Names that differ may be equal
 * (`lib1`, `lib01`): the loader takes one for the other. A cache is sorted from high to low.
 */
int ldso_name_compare(const char *a, const char *b);

/* A new cache. */
struct ldso_merged {
	const void *data; /* the file's bytes, in the arena */
	size_t len;
	size_t replaced; /* entries of the old one that were for a name of ours, right or wrong ones */
	bool changed;	 /* whether it finds something else than the old one did */
};

/*
 * A cache by which programs find @libraries, and everything else as by @cache: entries that would be taken for
 * one of ours are dropped, ours inserted where the loader looks, the others keep their order and their
 * glibc-hwcaps names. Always of the new format, which glibc reads since 2.2.
 *
 * @cache: NULL: there is none
 *
 * Returns 0, or -EINVAL with words when @cache is not sorted (no loader could search it), its extensions are
 * malformed, or the result were too large.
 */
int ldso_cache_merge(const struct ldso_cache *cache, const struct ldso_libraries *libraries,
		     struct arena *arena, struct ldso_merged *ret, struct err *err);
