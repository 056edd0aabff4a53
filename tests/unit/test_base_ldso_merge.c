/* SPDX-License-Identifier: Apache-2.0 */
/* base/ldso_cache_merge: the order of names, what is dropped and kept, extensions, limits. */
#include <errno.h>

#include "base/ldso_format.h"
#include "base/str.h"
#include "test.h"

#define OWN   LDSO_FLAGS_OWN
#define OTHER 0x0003U /* lower than any own one */
#define EVERY 0x0001U
#define NAMED (UINT64_C(1) << 62) /* below glibc-hwcaps: the lower half is the number of a name */

static struct arena arena;
static struct err err;

__attribute__((destructor)) static void done(void)
{
	arena_done(&arena);
}

/* --- caches as ldconfig might have written them */

struct row {
	const char *name;
	const char *path;
	uint32_t flags;
	uint64_t hwcap;
};

static uint32_t put(struct strbuf *strings, size_t at, const char *text)
{
	uint32_t offset = (uint32_t)(at + strings->len);

	strbuf_add(strings, text, strlen(text) + 1);
	return offset;
}

/* @hwcaps: names of the extension, NULL: no extension. */
static struct ldso_cache cache_of(const struct row *rows, size_t count, const char *const *hwcaps)
{
	size_t at = sizeof(struct ldso_new_header) + count * sizeof(struct ldso_new_entry);
	struct strbuf file = { .arena = &arena }, strings = { .arena = &arena };
	struct ldso_new_header header = { .magic = LDSO_NEW_MAGIC, .count = (uint32_t)count };
	struct strbuf entries = { .arena = &arena };
	uint32_t names[4], name_count = 0;
	struct ldso_cache cache;

	for (size_t i = 0; i < count; i++) {
		struct ldso_new_entry entry = { .flags = rows[i].flags, .hwcap = rows[i].hwcap };

		entry.name = put(&strings, at, rows[i].name);
		entry.path = put(&strings, at, rows[i].path);
		strbuf_add(&entries, (const char *)&entry, sizeof(entry));
	}
	for (; hwcaps && hwcaps[name_count]; name_count++)
		names[name_count] = put(&strings, at, hwcaps[name_count]);
	while (strings.len % 4)
		strbuf_addc(&strings, 'x');
	header.strings_len = (uint32_t)strings.len;
	header.extension = hwcaps ? (uint32_t)(at + strings.len) : 0;
	strbuf_add(&file, (const char *)&header, sizeof(header));
	strbuf_add(&file, strbuf_text(&entries), entries.len);
	strbuf_add(&file, strbuf_text(&strings), strings.len);
	if (hwcaps) {
		const struct ldso_extension extension = { LDSO_EXTENSION_MAGIC, 1 };
		const struct ldso_section section = { LDSO_SECTION_HWCAPS, 0,
						      (uint32_t)file.len + 24, name_count * 4 };

		strbuf_add(&file, (const char *)&extension, sizeof(extension));
		strbuf_add(&file, (const char *)&section, sizeof(section));
		strbuf_add(&file, (const char *)names, name_count * 4);
	}
	CHECK_INT(ldso_cache_parse(file.text, file.len, &cache, &err), 0);
	return cache;
}
#define CACHE(...)                                    \
	cache_of((const struct row[]){ __VA_ARGS__ }, \
		 ARRAY_SIZE(((const struct row[]){ __VA_ARGS__ })), NULL)

static const struct ldso_library cuda = { "libcuda.so.1", "/ours/libcuda.so.1", OWN };

static int try_merge(const struct ldso_cache *cache, const struct ldso_library *libraries,
		     size_t count, struct ldso_merged *ret)
{
	const struct ldso_libraries list = { (struct ldso_library *)(uintptr_t)libraries, count,
					     count };

	err = (struct err){ 0 };
	return ldso_cache_merge(cache, &list, &arena, ret, &err);
}

static struct ldso_merged merge(const struct ldso_cache *cache,
				const struct ldso_library *libraries, size_t count)
{
	struct ldso_merged merged = { 0 };

	CHECK_INT(try_merge(cache, libraries, count, &merged), 0);
	return merged;
}

static struct ldso_cache parse(const struct ldso_merged *merged)
{
	struct ldso_cache cache = { 0 };

	CHECK_INT(ldso_cache_parse(merged->data, merged->len, &cache, &err), 0);
	return cache;
}

/* `name path flags hwcap` of every entry, a line each. */
static const char *text_of(const struct ldso_merged *merged)
{
	const struct ldso_cache cache = parse(merged);
	struct strbuf text = { .arena = &arena };

	for (size_t i = 0; i < cache.count; i++) {
		struct ldso_entry entry = ldso_cache_entry(&cache, i);

		strbuf_addf(&text, "%s %s %s %d\n", entry.name, entry.path,
			    entry.flags == OWN	   ? "own"
			    : entry.flags == EVERY ? "every"
						   : "other",
			    (int)entry.hwcap);
	}
	return strbuf_text(&text);
}

/* --- tests */

TEST(names_in_order)
{
	static const char *const high_to_low[] = {
		"libz.so.1",
		"libfo10.so",
		"libfo1.so",
		"libfoo.so.10",
		"libfoo.so.9",
		"libfoo.so.1.12",
		"libfoo.so.1.2",
		"libfoo.so.1",
		"libfoo.so",
		"libfoo-2.so",
		"libfoO.so",
		"libc.so.6",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(high_to_low); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(high_to_low); j++) {
			int order = ldso_name_compare(high_to_low[i], high_to_low[j]);

			if (i < j ? order <= 0 : i > j ? order >= 0 : order != 0)
				FAIL("%s and %s: %d", high_to_low[i], high_to_low[j], order);
		}
	}
}

TEST(numbers_of_any_length)
{
	CHECK_INT(ldso_name_compare("lib01.so", "lib1.so"), 0);
	CHECK_INT(ldso_name_compare("lib0.so", "lib000.so"), 0);
	CHECK(ldso_name_compare("lib4294967297", "lib2") > 0);
	CHECK(ldso_name_compare("lib00000000000000000000000000002", "lib1") > 0);
	CHECK(ldso_name_compare("lib99999999999999999999999999999",
				"lib100000000000000000000000000000") < 0);
}

TEST(no_cache)
{
	static const struct ldso_library libraries[] = {
		{ "liba.so.1", "/l/liba.so.1", OWN },
		{ "libb.so.10", "/l/libb.so.10", OWN },
		{ "libb.so.9", "/l/another", OWN },
		{ "libb.so.9", "/l/again", OWN },
	};
	struct ldso_merged merged = merge(NULL, libraries, ARRAY_SIZE(libraries));

	CHECK(merged.changed);
	CHECK_INT(merged.replaced, 0);
	CHECK_STR(text_of(&merged), "libb.so.10 /l/libb.so.10 own 0\n"
				    "libb.so.9 /l/another own 0\n"
				    "liba.so.1 /l/liba.so.1 own 0\n");
}

TEST(nothing_at_all)
{
	struct ldso_merged merged = merge(NULL, NULL, 0);

	CHECK(!merged.changed);
	CHECK_INT(parse(&merged).count, 0);
}

TEST(others_of_our_name_are_dropped)
{
	struct ldso_cache cache =
		CACHE({ "libz.so", "/z", OWN, 0 }, { "libcuda.so.1", "/v3", OWN, NAMED },
		      { "libcuda.so.1", "/stub", OWN, 5 }, { "libcuda.so.01", "/same", OWN, 0 },
		      { "libcuda.so.1", "/32", OTHER, 0 }, { "libcuda.so.1", "/any", EVERY, 0 },
		      { "libcuda.so", "/dev", OWN, 0 }, { "liba.so", "/a", EVERY, 0 });
	struct ldso_merged merged = merge(&cache, &cuda, 1);

	CHECK_INT(merged.replaced, 3);
	CHECK(merged.changed);
	CHECK_STR(text_of(&merged), "libz.so /z own 0\n"
				    "libcuda.so.1 /ours/libcuda.so.1 own 0\n"
				    "libcuda.so.1 /32 other 0\n"
				    "libcuda.so.1 /any every 0\n"
				    "libcuda.so /dev own 0\n"
				    "liba.so /a every 0\n");
}

TEST(both_architectures)
{
	static const struct ldso_library libraries[] = {
		{ "libcuda.so.1", "/ours/32/libcuda.so.1", OTHER },
		{ "libcuda.so.1", "/ours/libcuda.so.1", OWN },
	};
	struct ldso_cache cache =
		CACHE({ "libcuda.so.1", "/stub", OWN, 0 }, { "libcuda.so.1", "/stub32", OTHER, 0 });
	struct ldso_merged merged = merge(&cache, libraries, ARRAY_SIZE(libraries));

	CHECK_INT(merged.replaced, 2);
	CHECK_STR(text_of(&merged), "libcuda.so.1 /ours/libcuda.so.1 own 0\n"
				    "libcuda.so.1 /ours/32/libcuda.so.1 other 0\n");
}

TEST(unchanged_is_known)
{
	struct ldso_cache cache = CACHE({ "libz.so", "/z", OWN, 0 }, { "liba.so", "/a", OWN, 0 });
	struct ldso_merged merged = merge(&cache, &cuda, 1);

	CHECK(merged.changed);
	CHECK_INT(merged.replaced, 0);
	cache = parse(&merged);
	merged = merge(&cache, &cuda, 1);
	CHECK(!merged.changed);
	CHECK_INT(merged.replaced, 1);
	/* Once is enough. */
	cache = CACHE({ "libcuda.so.1", cuda.path, OWN, 0 }, { "libcuda.so.1", cuda.path, OWN, 0 });
	CHECK(merge(&cache, &cuda, 1).changed);
	cache = CACHE({ "libcuda.so.1", cuda.path, OWN, 7 });
	CHECK(merge(&cache, &cuda, 1).changed);
	cache = CACHE({ "libcuda.so.01", cuda.path, OWN, 0 });
	CHECK(merge(&cache, &cuda, 1).changed);
}

TEST(equal_names_keep_their_order)
{
	struct ldso_cache cache = CACHE({ "libc.so.6", "/extra/lib/libc.so.6", OWN, 0 },
					{ "libc.so.6", "/lib/libc.so.6", OWN, 0 });
	struct ldso_merged merged = merge(&cache, &cuda, 1);

	CHECK_STR(text_of(&merged), "libcuda.so.1 /ours/libcuda.so.1 own 0\n"
				    "libc.so.6 /extra/lib/libc.so.6 own 0\n"
				    "libc.so.6 /lib/libc.so.6 own 0\n");
}

TEST(hwcaps_names_stay)
{
	static const char *const names[] = { "x86-64-v2", "x86-64-v3", NULL };
	static const struct row rows[] = {
		{ "libz.so", "/v3/libz.so", OWN, NAMED | 1 },
		{ "libz.so", "/libz.so", OWN, 0 },
	};
	struct ldso_cache cache = cache_of(rows, ARRAY_SIZE(rows), names);

	/* Twice: what we write can be read again. */
	for (int i = 0; i < 2; i++) {
		struct ldso_merged merged = merge(&cache, &cuda, 1);
		const char *data = merged.data;
		struct ldso_section section;
		uint32_t offsets[2];

		cache = parse(&merged);
		CHECK_INT(ldso_cache_entry(&cache, 0).hwcap, NAMED | 1);
		memcpy(&section,
		       data + cache.extension + sizeof(struct ldso_extension) + sizeof(section),
		       sizeof(section));
		CHECK_INT(section.tag, LDSO_SECTION_HWCAPS);
		CHECK_INT(section.len, sizeof(offsets));
		memcpy(offsets, data + section.offset, sizeof(offsets));
		CHECK_STR(data + offsets[0], "x86-64-v2");
		CHECK_STR(data + offsets[1], "x86-64-v3");
	}
}

TEST(malformed_extensions)
{
	static const char *const names[] = { "x86-64-v2", NULL };
	struct row row = { "libz.so", "/libz.so", OWN, NAMED };
	/* Header: magic, count; section: tag, flags, offset, len; the offset of the name. */
	static const struct {
		size_t at;
		uint32_t value;
	} cases[] = {
		{ 0, 1 },   { 4, 1 << 30 },	{ 16, 1 << 30 }, { 16, 3 },
		{ 20, 64 }, { 20, UINT32_MAX }, { 24, 1 << 30 },
	};
	struct ldso_merged merged;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ldso_cache cache = cache_of(&row, 1, names);

		memcpy((char *)(uintptr_t)cache.strings + cache.extension + cases[i].at,
		       &cases[i].value, 4);
		CHECK_INT(try_merge(&cache, &cuda, 1, &merged), -EINVAL);
		CHECK_STR(err.text, "loader cache: malformed extensions");
	}
	for (uint32_t extension = 1; extension < 4; extension++) {
		struct ldso_cache cache = cache_of(&row, 1, names);

		cache.extension += extension;
		CHECK_INT(try_merge(&cache, &cuda, 1, &merged), -EINVAL);
	}
}

TEST(unsorted_is_refused)
{
	struct ldso_cache cache = CACHE({ "liba.so", "/a", OWN, 0 }, { "libz.so", "/z", OWN, 0 });
	struct ldso_merged merged = { .len = 4711 };

	CHECK_INT(try_merge(&cache, &cuda, 1, &merged), -EINVAL);
	CHECK_STR(err.text, "loader cache: entry 1 of 2 is not sorted");
	CHECK_INT(merged.len, 4711);
}

/* Many entries that share one long text must not become many long texts. */
TEST(too_large)
{
	enum { COUNT = 8192, TEXT = 4000 };
	struct strbuf file = { .arena = &arena };
	struct ldso_new_header header = { .magic = LDSO_NEW_MAGIC, .count = COUNT };
	const size_t at = sizeof(header) + COUNT * sizeof(struct ldso_new_entry);
	struct ldso_merged merged;
	struct ldso_cache cache;

	strbuf_add(&file, (const char *)&header, sizeof(header));
	for (int i = 0; i < COUNT; i++) {
		const struct ldso_new_entry entry = { .flags = OWN,
						      .name = (uint32_t)at,
						      .path = (uint32_t)at };

		strbuf_add(&file, (const char *)&entry, sizeof(entry));
	}
	for (int i = 0; i < TEXT; i++)
		strbuf_addc(&file, 'x');
	strbuf_addc(&file, '\0');
	CHECK_INT(ldso_cache_parse(file.text, file.len, &cache, &err), 0);
	CHECK_INT(try_merge(&cache, &cuda, 1, &merged), -EINVAL);
	CHECK_HAS(err.text, "would become larger than");
}

TEST_MAIN()
