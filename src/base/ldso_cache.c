/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of the dynamic loader's cache. */
#include "base/ldso_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/ldso_format.h"

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
	struct ldso_new_header header;
	int r;

	if (file.len < sizeof(header))
		return err_set(err, EINVAL, "loader cache: truncated header");
	memcpy(&header, file.data, sizeof(header));
	if (header.order != 0 && header.order != LDSO_OWN_ORDER)
		return err_set(err, EINVAL, "loader cache: of another byte order (mark %d)",
			       header.order);
	r = check_count(file, sizeof(header), sizeof(struct ldso_new_entry), header.count, err);
	if (r < 0)
		return r;
	*ret = (struct ldso_cache){
		.entries = file.data + sizeof(header),
		.count = header.count,
		.entry_size = sizeof(struct ldso_new_entry),
		.strings = (const char *)file.data,
		.strings_len = file.len,
		.extension = header.extension,
	};
	return 0;
}

/* By `ldconfig -c compat` the new format follows the old entries and is preferred, as in glibc. */
static int parse_old(struct bytes file, struct ldso_cache *ret, struct err *err)
{
	struct ldso_old_header header;
	size_t end, aligned;
	int r;

	if (file.len < sizeof(header))
		return err_set(err, EINVAL, "loader cache: truncated header");
	memcpy(&header, file.data, sizeof(header));
	r = check_count(file, sizeof(header), sizeof(struct ldso_old_entry), header.count, err);
	if (r < 0)
		return r;
	end = sizeof(header) + header.count * sizeof(struct ldso_old_entry);
	aligned = (end + 7) / 8 * 8;
	if (aligned <= file.len && has_magic(bytes_after(file, aligned), LDSO_NEW_MAGIC))
		return parse_new(bytes_after(file, aligned), ret, err);
	*ret = (struct ldso_cache){
		.entries = file.data + sizeof(header),
		.count = header.count,
		.entry_size = sizeof(struct ldso_old_entry),
		.strings = (const char *)file.data + end,
		.strings_len = file.len - end,
	};
	return 0;
}

static struct ldso_new_entry raw_entry(const struct ldso_cache *cache, size_t index)
{
	const unsigned char *at = cache->entries + index * cache->entry_size;
	struct ldso_new_entry raw = { 0 };

	/* The old entry is the beginning of the new one. */
	memcpy(&raw, at, cache->entry_size);
	return raw;
}

bool ldso_has_string(const struct ldso_cache *cache, size_t offset)
{
	size_t max;

	if (offset >= cache->strings_len)
		return false;
	max = cache->strings_len - offset < PATH_MAX ? cache->strings_len - offset : PATH_MAX;
	return memchr(cache->strings + offset, '\0', max) != NULL;
}

int ldso_cache_parse(const void *data, size_t len, struct ldso_cache *ret, struct err *err)
{
	struct bytes file = { data, len };
	struct ldso_cache cache = { 0 };
	int r;

	if (len > LDSO_CACHE_SIZE_MAX)
		return err_set(err, EINVAL, "loader cache: larger than %d bytes",
			       LDSO_CACHE_SIZE_MAX);
	if (has_magic(file, LDSO_NEW_MAGIC))
		r = parse_new(file, &cache, err);
	else if (has_magic(file, LDSO_OLD_MAGIC))
		r = parse_old(file, &cache, err);
	else
		r = err_set(err, EINVAL, "loader cache: neither `%s` nor `%s` at its start",
			    LDSO_NEW_MAGIC, LDSO_OLD_MAGIC);
	if (r < 0)
		return r;
	for (size_t i = 0; i < cache.count; i++) {
		struct ldso_new_entry raw = raw_entry(&cache, i);

		if (!ldso_has_string(&cache, raw.name) || !ldso_has_string(&cache, raw.path))
			return err_set(err, EINVAL,
				       "loader cache: entry %zu of %zu points outside the file", i,
				       cache.count);
	}
	*ret = cache;
	return 0;
}

struct ldso_entry ldso_cache_entry(const struct ldso_cache *cache, size_t index)
{
	struct ldso_new_entry raw = raw_entry(cache, index);

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
