/* SPDX-License-Identifier: Apache-2.0 */
/* base/ldso_cache: the two formats, and files that lie. */
#include "base/ldso_cache.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "test.h"

#define NEW_HEADER 48
#define OLD_HEADER 16

struct file {
	unsigned char data[8192];
	size_t len;
};

static void put_u32(struct file *file, size_t offset, uint32_t value)
{
	memcpy(file->data + offset, &value, sizeof(value));
}

static uint32_t put_text(struct file *file, const char *text)
{
	size_t at = file->len;

	memcpy(file->data + at, text, strlen(text) + 1);
	file->len += strlen(text) + 1;
	return (uint32_t)at;
}

static void put_entry(struct file *file, size_t at, uint32_t flags, uint32_t name, uint32_t path)
{
	put_u32(file, at, flags);
	put_u32(file, at + 4, name);
	put_u32(file, at + 8, path);
}

/* The new format from @start on: a foreign libcuda first, then ours, then the loader. */
static void put_new(struct file *file, size_t start)
{
	size_t entries = start + NEW_HEADER;
	uint32_t name, path, foreign;

	memcpy(file->data + start, "glibc-ld.so.cache1.1", 20);
	put_u32(file, start + 20, 3);
	file->len = entries + 3 * 24;
	name = put_text(file, "libcuda.so.1") - (uint32_t)start;
	path = put_text(file, "/usr/lib/libcuda.so.1") - (uint32_t)start;
	foreign = put_text(file, "/usr/lib32/libcuda.so.1") - (uint32_t)start;
	put_entry(file, entries, LDSO_FLAGS_OWN ^ 0x0f00, name, foreign);
	put_entry(file, entries + 24, LDSO_FLAGS_OWN, name, path);
	put_u32(file, entries + 24 + 12, 0x60000);
	put_u32(file, entries + 24 + 16, 7);
	put_entry(file, entries + 48, 1, path, name);
}

static struct file new_file(void)
{
	struct file file = { 0 };

	put_new(&file, 0);
	return file;
}

/* The old format with one entry; its offsets count from behind the entries. */
static struct file old_file(void)
{
	struct file file = { .len = OLD_HEADER + 12 };
	uint32_t base = OLD_HEADER + 12, name, path;

	memcpy(file.data, "ld.so-1.7.0", 11);
	put_u32(&file, 12, 1);
	name = put_text(&file, "libold.so.1") - base;
	path = put_text(&file, "/lib/libold.so.1") - base;
	put_entry(&file, OLD_HEADER, LDSO_FLAGS_OWN, name, path);
	return file;
}

static const char *refusal(const struct file *file)
{
	static struct err err;
	struct ldso_cache cache = { .count = 4711 };

	err = (struct err){ 0 };
	CHECK_INT(ldso_cache_parse(file->data, file->len, &cache, &err), -EINVAL);
	CHECK_INT(cache.count, 4711);
	return err.text;
}

TEST(new_format)
{
	struct file file = new_file();
	struct ldso_cache cache;
	struct ldso_entry entry;

	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	CHECK_INT(cache.count, 3);
	entry = ldso_cache_entry(&cache, 1);
	CHECK_STR(entry.name, "libcuda.so.1");
	CHECK_STR(entry.path, "/usr/lib/libcuda.so.1");
	CHECK_INT(entry.flags, LDSO_FLAGS_OWN);
	CHECK_INT(entry.osversion, 0x60000);
	CHECK_INT(entry.hwcap, 7);
}

TEST(find_takes_own_architecture_only)
{
	struct file file = new_file();
	struct ldso_cache cache;

	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	CHECK_STR(ldso_cache_find(&cache, "libcuda.so.1"), "/usr/lib/libcuda.so.1");
	CHECK(!ldso_cache_find(&cache, "libcuda.so"));
	CHECK(!ldso_cache_find(&cache, "/usr/lib/libcuda.so.1"));
}

TEST(old_format_alone)
{
	struct file file = old_file();
	struct ldso_cache cache;

	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	CHECK_INT(cache.count, 1);
	CHECK_STR(ldso_cache_find(&cache, "libold.so.1"), "/lib/libold.so.1");
	CHECK_INT(ldso_cache_entry(&cache, 0).hwcap, 0);
}

TEST(new_format_behind_the_old_wins)
{
	struct file file = old_file();
	struct ldso_cache cache;

	/* 16 + 12 = 28, the next multiple of 8 is 32. */
	put_new(&file, 32);
	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	CHECK_INT(cache.count, 3);
	CHECK_STR(ldso_cache_find(&cache, "libcuda.so.1"), "/usr/lib/libcuda.so.1");
}

TEST(no_entries)
{
	struct file file = new_file();
	struct ldso_cache cache;

	put_u32(&file, 20, 0);
	file.len = NEW_HEADER;
	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	CHECK(!ldso_cache_find(&cache, "libcuda.so.1"));
}

TEST(not_a_cache)
{
	struct file file = { .len = 64 };

	CHECK_HAS(refusal(&file), "neither `glibc-ld.so.cache1.1` nor `ld.so-1.7.0`");
	file.len = 0;
	CHECK_HAS(refusal(&file), "neither");
}

/* Read all strings of a copy of exactly that size: a sanitizer sees a step outside. */
static int walk_copy(const struct file *file)
{
	unsigned char *copy = malloc(file->len);
	struct ldso_cache cache;
	int r;

	memcpy(copy, file->data, file->len);
	r = ldso_cache_parse(copy, file->len, &cache, NULL);
	for (size_t i = 0; r == 0 && i < cache.count; i++) {
		struct ldso_entry entry = ldso_cache_entry(&cache, i);

		if (strlen(entry.name) > file->len || strlen(entry.path) > file->len)
			r = -EIO;
	}
	free(copy);
	return r;
}

TEST(every_truncation_is_refused)
{
	struct file file = new_file();

	CHECK_INT(walk_copy(&file), 0);
	for (size_t full = file.len; file.len > 0; file.len--)
		CHECK_INT(walk_copy(&file), file.len == full ? 0 : -EINVAL);
}

TEST(truncated_behind_the_old_format)
{
	struct file file = old_file();

	/* What is left may be a good cache of the old format. */
	put_new(&file, 32);
	for (; file.len > 0; file.len--)
		CHECK(walk_copy(&file) == 0 || walk_copy(&file) == -EINVAL);
}

TEST(huge_counts)
{
	struct file file = new_file();

	put_u32(&file, 20, UINT32_MAX);
	CHECK_HAS(refusal(&file), "4294967295 entries, more than 65536");
	put_u32(&file, 20, 65536);
	CHECK_HAS(refusal(&file), "truncated, 65536 entries do not fit");
	file = old_file();
	put_u32(&file, 12, UINT32_MAX);
	CHECK_HAS(refusal(&file), "more than 65536");
}

TEST(offsets_outside)
{
	static const size_t fields[] = { NEW_HEADER + 4, NEW_HEADER + 8, NEW_HEADER + 24 + 4 };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct file file = new_file();

		put_u32(&file, fields[i], (uint32_t)file.len);
		CHECK_HAS(refusal(&file), "points outside the file");
		put_u32(&file, fields[i], UINT32_MAX);
		CHECK_HAS(refusal(&file), "points outside the file");
	}
}

TEST(strings_without_end)
{
	struct file file = new_file();

	file.data[file.len - 1] = 'x';
	CHECK_HAS(refusal(&file), "entry 0 of 3 points outside");
}

TEST(string_longer_than_a_path)
{
	struct file file = new_file();

	put_u32(&file, NEW_HEADER + 8, (uint32_t)file.len);
	memset(file.data + file.len, 'x', PATH_MAX);
	file.len += PATH_MAX + 1;
	CHECK_HAS(refusal(&file), "entry 0 of 3");
}

TEST(byte_order_marks)
{
	struct file file = new_file();
	struct ldso_cache cache;
	const uint16_t probe = 1;
	bool is_little = *(const unsigned char *)&probe == 1;

	file.data[28] = is_little ? 2 : 3;
	CHECK_INT(ldso_cache_parse(file.data, file.len, &cache, NULL), 0);
	file.data[28] = is_little ? 3 : 2;
	CHECK_HAS(refusal(&file), "another byte order");
	file.data[28] = 1;
	CHECK_HAS(refusal(&file), "another byte order");
}

TEST(too_large)
{
	static const char byte;
	struct ldso_cache cache;
	struct err err = { 0 };

	CHECK_INT(ldso_cache_parse(&byte, LDSO_CACHE_SIZE_MAX + 1, &cache, &err), -EINVAL);
	CHECK_HAS(err.text, "larger than");
}

TEST_MAIN()
