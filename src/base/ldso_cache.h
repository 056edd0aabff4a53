/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dynamic loader's cache, /etc/ld.so.cache: library name -> path. Bounded: the file may come
 * from a container image. Nothing is copied, entries point into the file's bytes.
 *
 * Source: glibc sysdeps/generic/dl-cache.h. An old header (`ld.so-1.7.0`) may precede the new one
 * (`glibc-ld.so.cache1.1`), or stand alone. ldconfig(8) writes only the new one since glibc 2.32.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Larger files and longer lists are refused; a real cache has some thousand entries, 200 KiB. */
#define LDSO_CACHE_SIZE_MAX    (16 * 1024 * 1024)
#define LDSO_CACHE_ENTRIES_MAX 65536

/* Flags of the entries that a program of our own architecture loads: ELF libc6 plus the ABI. */
#if defined(__x86_64__)
#define LDSO_FLAGS_OWN 0x0303U
#elif defined(__aarch64__)
#define LDSO_FLAGS_OWN 0x0a03U
#elif defined(__powerpc64__)
#define LDSO_FLAGS_OWN 0x0503U
#else
#define LDSO_FLAGS_OWN 0x0003U
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
	const char *strings; /* what the offsets of the entries count from */
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
