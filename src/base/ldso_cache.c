/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of the dynamic loader's cache. */
#include "base/ldso_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"

/* Only byte order marks (glibc >= 2.33) of our own order, or none, are read. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER 2
#else
#define OWN_ORDER 3
#endif

/* The file's own structures: host byte order, no padding that C would not insert. */
struct old_header {
	char magic[sizeof(OLD_MAGIC) - 1];
	uint32_t count;
};

struct old_entry {
	uint32_t flags;
	uint32_t name;
	uint32_t path;
};

struct new_header {
	char magic[sizeof(NEW_MAGIC) - 1];
	uint32_t count;
	uint32_t strings_len;
	uint8_t order;
	uint8_t padding[3];
	uint32_t extension;
	uint32_t unused[3];
};

struct new_entry {
	uint32_t flags;
	uint32_t name;
	uint32_t path;
	uint32_t osversion;
	uint64_t hwcap;
};

_Static_assert(sizeof(struct old_header) == 16 && sizeof(struct old_entry) == 12, "old format");
_Static_assert(sizeof(struct new_header) == 48 && sizeof(struct new_entry) == 24, "new format");

struct bytes {
	const unsigned char *data;
	size_t len;
};

static struct bytes bytes_after(struct bytes bytes, size_t offset)
{
	return (struct bytes){ bytes.data + offset, bytes.len - offset };
}

static bool has_magic(struct bytes bytes, const char *magic)
{
	size_t len = strlen(magic);

	return bytes.len >= len && memcmp(bytes.data, magic, len) == 0;
}

/* Whether @count entries fit behind a header; the limit keeps the multiplication small, too. */
static int check_count(struct bytes file, size_t header, size_t entry, size_t count,
		       struct err *err)
{
	if (count > LDSO_CACHE_ENTRIES_MAX)
		return err_set(err, EINVAL, "loader cache: %zu entries, more than %d", count,
			       LDSO_CACHE_ENTRIES_MAX);
	if (count * entry > file.len - header)
		return err_set(err, EINVAL, "loader cache: truncated, %zu entries do not fit",
			       count);
	return 0;
}

static int parse_new(struct bytes file, struct ldso_cache *ret, struct err *err)
{
	struct new_header header;
	int r;

	if (file.len < sizeof(header))
		return err_set(err, EINVAL, "loader cache: truncated header");
	memcpy(&header, file.data, sizeof(header));
	if (header.order != 0 && header.order != OWN_ORDER)
		return err_set(err, EINVAL, "loader cache: of another byte order (mark %d)",
			       header.order);
	r = check_count(file, sizeof(header), sizeof(struct new_entry), header.count, err);
	if (r < 0)
		return r;
	*ret = (struct ldso_cache){
		.entries = file.data + sizeof(header),
		.count = header.count,
		.entry_size = sizeof(struct new_entry),
		.strings = (const char *)file.data,
	};
	return 0;
}

/* By `ldconfig -c compat` the new format follows the old entries and is preferred, as in glibc. */
static int parse_old(struct bytes file, struct ldso_cache *ret, struct err *err)
{
	struct old_header header;
	size_t end, aligned;
	int r;

	if (file.len < sizeof(header))
		return err_set(err, EINVAL, "loader cache: truncated header");
	memcpy(&header, file.data, sizeof(header));
	r = check_count(file, sizeof(header), sizeof(struct old_entry), header.count, err);
	if (r < 0)
		return r;
	end = sizeof(header) + header.count * sizeof(struct old_entry);
	aligned = (end + 7) / 8 * 8;
	if (aligned <= file.len && has_magic(bytes_after(file, aligned), NEW_MAGIC))
		return parse_new(bytes_after(file, aligned), ret, err);
	*ret = (struct ldso_cache){
		.entries = file.data + sizeof(header),
		.count = header.count,
		.entry_size = sizeof(struct old_entry),
		.strings = (const char *)file.data + end,
	};
	return 0;
}

static struct new_entry raw_entry(const struct ldso_cache *cache, size_t index)
{
	const unsigned char *at = cache->entries + index * cache->entry_size;
	struct new_entry raw = { 0 };

	/* The old entry is the beginning of the new one. */
	memcpy(&raw, at, cache->entry_size);
	return raw;
}

/* PATH_MAX also bounds the work on a file whose strings all overlap and have no end. */
static bool is_string_inside(struct bytes strings, size_t offset)
{
	size_t max;

	if (offset >= strings.len)
		return false;
	max = strings.len - offset < PATH_MAX ? strings.len - offset : PATH_MAX;
	return memchr(strings.data + offset, '\0', max) != NULL;
}

int ldso_cache_parse(const void *data, size_t len, struct ldso_cache *ret, struct err *err)
{
	struct bytes file = { data, len }, strings;
	struct ldso_cache cache = { 0 };
	int r;

	if (len > LDSO_CACHE_SIZE_MAX)
		return err_set(err, EINVAL, "loader cache: larger than %d bytes",
			       LDSO_CACHE_SIZE_MAX);
	if (has_magic(file, NEW_MAGIC))
		r = parse_new(file, &cache, err);
	else if (has_magic(file, OLD_MAGIC))
		r = parse_old(file, &cache, err);
	else
		r = err_set(err, EINVAL, "loader cache: neither `%s` nor `%s` at its start",
			    NEW_MAGIC, OLD_MAGIC);
	if (r < 0)
		return r;
	strings = bytes_after(file, (size_t)((const unsigned char *)cache.strings - file.data));
	for (size_t i = 0; i < cache.count; i++) {
		struct new_entry raw = raw_entry(&cache, i);

		if (!is_string_inside(strings, raw.name) || !is_string_inside(strings, raw.path))
			return err_set(err, EINVAL,
				       "loader cache: entry %zu of %zu points outside the file", i,
				       cache.count);
	}
	*ret = cache;
	return 0;
}

struct ldso_entry ldso_cache_entry(const struct ldso_cache *cache, size_t index)
{
	struct new_entry raw = raw_entry(cache, index);

	return (struct ldso_entry){
		.name = cache->strings + raw.name,
		.path = cache->strings + raw.path,
		.flags = raw.flags,
		.osversion = raw.osversion,
		.hwcap = raw.hwcap,
	};
}

const char *ldso_cache_find(const struct ldso_cache *cache, const char *name)
{
	for (size_t i = 0; i < cache->count; i++) {
		struct ldso_entry entry = ldso_cache_entry(cache, i);

		if (entry.flags == LDSO_FLAGS_OWN && strcmp(entry.name, name) == 0)
			return entry.path;
	}
	return NULL;
}
