/* SPDX-License-Identifier: Apache-2.0 */
/* A loader cache with other libraries in it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/ldso_format.h"
#include "base/str.h"

/* Shown by `ldconfig -p` of glibc >= 2.33. */
#define GENERATOR "nvcrun"

/* There are no ten of them. */
#define HWCAPS_MAX 1024

/* The digits at *@text as a number of any size: where they begin without zeros. *@text moves behind them. */
static const char *take_number(const char **text, size_t *ret_len)
{
	const char *begin = *text + strspn(*text, "0");

	*ret_len = strspn(begin, "0123456789");
	*text = begin + *ret_len;
	return begin;
}

static int compare_numbers(const char **a, const char **b)
{
	size_t a_len, b_len;
	const char *a_begin = take_number(a, &a_len), *b_begin = take_number(b, &b_len);

	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a_begin, b_begin, a_len);
}

int ldso_name_compare(const char *a, const char *b)
{
	while (*a) {
		bool a_is_digit = isdigit((unsigned char)*a),
		     b_is_digit = isdigit((unsigned char)*b);

		if (a_is_digit && b_is_digit) {
			int order = compare_numbers(&a, &b);

			if (order)
				return order;
			continue;
		}
		if (a_is_digit != b_is_digit)
			return a_is_digit ? 1 : -1;
		if (*a != *b)
			return *a - *b;
		a++;
		b++;
	}
	return *a - *b;
}

/* --- the list */

/* One of ours, and whether the old cache has exactly that. */
struct wanted {
	struct ldso_library library;
	bool is_there;
};

struct merge {
	struct arena *arena;
	VEC(struct wanted) wanted; /* in the order of a cache, no two alike */
	VEC(struct ldso_entry) entries;
	struct strings hwcaps; /* names of the extension */
	size_t replaced;
	bool changed;
};

/* The order of a cache: names from high to low, and for one name the flags. */
static int compare(const char *a_name, uint32_t a_flags, const char *b_name, uint32_t b_flags)
{
	int order = ldso_name_compare(b_name, a_name);

	if (order)
		return order;
	return a_flags == b_flags ? 0 : a_flags > b_flags ? -1 : 1;
}

static void want(struct merge *m, const struct ldso_library *library)
{
	size_t at = 0;

	while (at < m->wanted.count) {
		const struct ldso_library *other = &m->wanted.items[at].library;
		int order = compare(other->name, other->flags, library->name, library->flags);

		if (order == 0)
			return;
		if (order > 0)
			break;
		at++;
	}
	(void)VEC_ADD(&m->wanted, m->arena);
	memmove(m->wanted.items + at + 1, m->wanted.items + at,
		(m->wanted.count - 1 - at) * sizeof(*m->wanted.items));
	m->wanted.items[at] = (struct wanted){ .library = *library };
}

static void insert(struct merge *m, const struct ldso_library *library)
{
	const struct ldso_entry entry = { .name = library->name,
					  .path = library->path,
					  .flags = library->flags };

	VEC_PUSH(&m->entries, m->arena, entry);
}

/*
 * That of ours in whose place @entry is, or NULL. @count: of ours, those that come before it or at its place: only
 * the last of them can have its name.
 *
 * Entries of the flag 1, `ELF`, stay: no loader takes one where there is one of its own architecture.
 */
static struct wanted *find_wanted(struct merge *m, size_t count, const struct ldso_entry *entry)
{
	while (count-- > 0) {
		struct wanted *wanted = &m->wanted.items[count];

		if (ldso_name_compare(wanted->library.name, entry->name) != 0)
			return NULL;
		if (wanted->library.flags == entry->flags)
			return wanted;
	}
	return NULL;
}

static void replace(struct merge *m, struct wanted *wanted, const struct ldso_entry *entry)
{
	m->replaced++;
	if (wanted->is_there || entry->hwcap || !str_eq(entry->name, wanted->library.name) ||
	    !str_eq(entry->path, wanted->library.path))
		m->changed = true;
	wanted->is_there = true;
}

static int merge_entries(struct merge *m, const struct ldso_cache *cache, struct err *err)
{
	const char *last = NULL;
	size_t next = 0;

	for (size_t i = 0; cache && i < cache->count; i++) {
		const struct ldso_entry entry = ldso_cache_entry(cache, i);
		struct wanted *wanted;

		if (last && ldso_name_compare(last, entry.name) < 0)
			return err_set(err, EINVAL, "loader cache: entry %zu of %zu is not sorted",
				       i, cache->count);
		last = entry.name;
		for (; next < m->wanted.count; next++) {
			const struct ldso_library *ours = &m->wanted.items[next].library;

			if (compare(ours->name, ours->flags, entry.name, entry.flags) > 0)
				break;
			insert(m, ours);
		}
		wanted = find_wanted(m, next, &entry);
		if (wanted)
			replace(m, wanted, &entry);
		else
			VEC_PUSH(&m->entries, m->arena, entry);
	}
	for (; next < m->wanted.count; next++)
		insert(m, &m->wanted.items[next].library);
	VEC_EACH(wanted, &m->wanted) {
		if (!wanted->is_there)
			m->changed = true;
	}
	return 0;
}

/* --- the extension */

/* Copy @len bytes at @offset, which is a multiple of 4 as the loader wants it. */
static bool read_at(const struct ldso_cache *cache, size_t offset, void *ret, size_t len)
{
	if (offset % 4 || offset > cache->strings_len || len > cache->strings_len - offset)
		return false;
	memcpy(ret, cache->strings + offset, len);
	return true;
}

static bool read_hwcaps(struct merge *m, const struct ldso_cache *cache,
			const struct ldso_section *section)
{
	if (section->len / sizeof(uint32_t) > HWCAPS_MAX)
		return false;
	for (uint32_t i = 0; i < section->len / sizeof(uint32_t); i++) {
		uint32_t name;

		if (!read_at(cache, (size_t)section->offset + i * sizeof(name), &name,
			     sizeof(name)) ||
		    !ldso_has_string(cache, name))
			return false;
		VEC_PUSH(&m->hwcaps, m->arena, cache->strings + name);
	}
	return true;
}

static int read_extension(struct merge *m, const struct ldso_cache *cache, struct err *err)
{
	struct ldso_extension extension;
	struct ldso_section section;
	bool valid;

	if (!cache || !cache->extension)
		return 0;
	valid = read_at(cache, cache->extension, &extension, sizeof(extension)) &&
		extension.magic == LDSO_EXTENSION_MAGIC;
	for (uint32_t i = 0; valid && i < extension.count; i++) {
		valid = read_at(cache, cache->extension + sizeof(extension) + i * sizeof(section),
				&section, sizeof(section));
		if (valid && section.tag == LDSO_SECTION_HWCAPS && !m->hwcaps.count)
			valid = read_hwcaps(m, cache, &section);
	}
	return valid ? 0 : err_set(err, EINVAL, "loader cache: malformed extensions");
}

/* --- the file */

struct writer {
	struct strbuf strings;
	size_t strings_at; /* where they begin in the file */
};

/* Add a text; its offset. */
static uint32_t put(struct writer *w, const char *text)
{
	uint32_t offset = (uint32_t)(w->strings_at + w->strings.len);

	strbuf_add(&w->strings, text, strlen(text) + 1);
	return offset;
}

/* A path mostly ends with the name: one text for both. */
static struct ldso_new_entry put_entry(struct writer *w, const struct ldso_entry *entry)
{
	struct ldso_new_entry raw = {
		.flags = entry->flags,
		.osversion = entry->osversion,
		.hwcap = entry->hwcap,
	};

	raw.path = put(w, entry->path);
	if (str_has_suffix(entry->path, entry->name))
		raw.name = raw.path + (uint32_t)(strlen(entry->path) - strlen(entry->name));
	else
		raw.name = put(w, entry->name);
	return raw;
}

/* Bytes behind one another; strbuf keeps them aligned, for all before them are multiples of 4. */
static void put_extension(struct strbuf *file, const uint32_t *hwcaps, size_t count)
{
	const struct ldso_extension extension = { LDSO_EXTENSION_MAGIC, 2 };
	const uint32_t begin =
		(uint32_t)(file->len + sizeof(extension) + 2 * sizeof(struct ldso_section));
	const uint32_t hwcaps_len = (uint32_t)(count * sizeof(*hwcaps));
	const struct ldso_section sections[] = {
		{ LDSO_SECTION_GENERATOR, 0, begin + hwcaps_len, sizeof(GENERATOR) - 1 },
		{ LDSO_SECTION_HWCAPS, 0, begin, hwcaps_len },
	};

	strbuf_add(file, (const char *)&extension, sizeof(extension));
	strbuf_add(file, (const char *)sections, sizeof(sections));
	strbuf_add(file, (const char *)hwcaps, hwcaps_len);
	strbuf_add(file, GENERATOR, sizeof(GENERATOR) - 1);
}

/* Strings of a hostile cache may overlap: written one after the other they could become huge. */
static int check_size(const struct writer *w, struct err *err)
{
	if (w->strings_at + w->strings.len <= LDSO_CACHE_SIZE_MAX)
		return 0;
	return err_set(err, EINVAL, "loader cache: would become larger than %d bytes",
		       LDSO_CACHE_SIZE_MAX);
}

static int write_file(struct merge *m, struct strbuf *file, struct err *err)
{
	const size_t entries_len = m->entries.count * sizeof(struct ldso_new_entry);
	struct ldso_new_entry *entries = arena_alloc(m->arena, entries_len);
	uint32_t *hwcaps = arena_alloc(m->arena, m->hwcaps.count * sizeof(*hwcaps));
	struct ldso_new_header header = {
		.magic = LDSO_NEW_MAGIC,
		.count = (uint32_t)m->entries.count,
		.order = LDSO_OWN_ORDER,
	};
	struct writer w = {
		.strings = { .arena = m->arena },
		.strings_at = sizeof(header) + entries_len,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->entries.count; i++) {
		entries[i] = put_entry(&w, &m->entries.items[i]);
		r = check_size(&w, err);
	}
	for (size_t i = 0; r == 0 && i < m->hwcaps.count; i++) {
		hwcaps[i] = put(&w, m->hwcaps.items[i]);
		r = check_size(&w, err);
	}
	if (r < 0)
		return r;
	while ((w.strings_at + w.strings.len) % 4)
		strbuf_addc(&w.strings, '\0');
	header.strings_len = (uint32_t)w.strings.len;
	header.extension = (uint32_t)(w.strings_at + w.strings.len);
	strbuf_add(file, (const char *)&header, sizeof(header));
	strbuf_add(file, (const char *)entries, entries_len);
	strbuf_add(file, strbuf_text(&w.strings), w.strings.len);
	put_extension(file, hwcaps, m->hwcaps.count);
	return 0;
}

int ldso_cache_merge(const struct ldso_cache *cache, const struct ldso_libraries *libraries,
		     struct arena *arena, struct ldso_merged *ret, struct err *err)
{
	struct merge m = { .arena = arena };
	struct strbuf file = { .arena = arena };
	int r;

	VEC_EACH(library, libraries)
		want(&m, library);
	r = read_extension(&m, cache, err);
	if (r == 0)
		r = merge_entries(&m, cache, err);
	if (r == 0)
		r = write_file(&m, &file, err);
	if (r < 0)
		return r;
	*ret = (struct ldso_merged){
		.data = file.text,
		.len = file.len,
		.replaced = m.replaced,
		.changed = m.changed,
	};
	return 0;
}
