/* SPDX-License-Identifier: Apache-2.0 */
/* The ground that all else stands on: strings, numbers, arena, vectors, names, errors. */
#include "test.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"

TEST(str_to_u64_reads_the_whole_text)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
		uint64_t value;
	} rows[] = {
		{ "0", UINT64_MAX, 0, 0 },
		{ "00", UINT64_MAX, 0, 0 },
		{ "007", 7, 0, 7 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "000000000000000000018446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551625", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "184467440737095516160", UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551615", UINT64_MAX - 1, -ERANGE, 0 },
		{ "99999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "8", 7, -ERANGE, 0 },
		{ "0", 0, 0, 0 },
		{ "1", 0, -ERANGE, 0 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ "-0", UINT64_MAX, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "+1", UINT64_MAX, -EINVAL, 0 },
		{ " 1", UINT64_MAX, -EINVAL, 0 },
		{ "1 ", UINT64_MAX, -EINVAL, 0 },
		{ "1\n", UINT64_MAX, -EINVAL, 0 },
		{ "0x10", UINT64_MAX, -EINVAL, 0 },
		{ "1e3", UINT64_MAX, -EINVAL, 0 },
		{ "1.0", UINT64_MAX, -EINVAL, 0 },
		{ "1_0", UINT64_MAX, -EINVAL, 0 },
		{ "\xd9\xa1", UINT64_MAX, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 4711;

		CHECK_INT(str_to_u64(rows[i].text, rows[i].max, &value), rows[i].r);
		CHECK(value == (rows[i].r ? 4711 : rows[i].value));
	}
}

TEST(str_to_i64_reads_the_whole_text)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int r;
		int64_t value;
	} rows[] = {
		{ "0", INT64_MIN, INT64_MAX, 0, 0 },
		{ "-0", INT64_MIN, INT64_MAX, 0, 0 },
		{ "-7", -7, 7, 0, -7 },
		{ "-8", -7, 7, -ERANGE, 0 },
		{ "8", -7, 7, -ERANGE, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "-18446744073709551616", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "5", 6, 9, -ERANGE, 0 },
		{ "", INT64_MIN, INT64_MAX, -EINVAL, 0 },
		{ "-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
		{ "--1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
		{ "+1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
		{ "- 1", INT64_MIN, INT64_MAX, -EINVAL, 0 },
		{ "1-", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t value = 4711;

		CHECK_INT(str_to_i64(rows[i].text, rows[i].min, rows[i].max, &value), rows[i].r);
		CHECK_INT(value, rows[i].r ? 4711 : rows[i].value);
	}
}

TEST(str_predicates)
{
	CHECK_STR(str_after("cpuset", "cpu"), "set");
	CHECK_STR(str_after("cpu", "cpu"), "");
	CHECK_STR(str_after("cpu", ""), "cpu");
	CHECK(!str_after("cp", "cpu"));
	CHECK(str_has_prefix("/dev/x", "/dev/"));
	CHECK(!str_has_prefix("/de", "/dev"));
	CHECK(str_has_suffix("libcuda.so", ".so"));
	CHECK(str_has_suffix("so", "so"));
	CHECK(str_has_suffix("x", ""));
	CHECK(!str_has_suffix("o", "so"));
	CHECK(!str_has_suffix("libcuda.so.1", ".so"));
	CHECK(str_eq("", ""));
	CHECK(!str_eq("a", "A"));
}

TEST(str_split_keeps_or_drops_empty_pieces)
{
	static const struct {
		const char *text;
		bool keep_empty;
		size_t count;
		const char *first, *last;
	} rows[] = {
		{ "", true, 0, NULL, NULL },
		{ "", false, 0, NULL, NULL },
		{ "a", true, 1, "a", "a" },
		{ ",", true, 2, "", "" },
		{ ",", false, 0, NULL, NULL },
		{ "a,b", true, 2, "a", "b" },
		{ ",a,,b,", true, 5, "", "" },
		{ ",a,,b,", false, 2, "a", "b" },
		{ "a,b,c,d,e,f,g,h,i,j", false, 10, "a", "j" },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct strings list = str_split(&arena, rows[i].text, ',', rows[i].keep_empty);

		CHECK_INT(list.count, rows[i].count);
		if (!list.count)
			continue;
		CHECK_STR(list.items[0], rows[i].first);
		CHECK_STR(list.items[list.count - 1], rows[i].last);
	}
	arena_done(&arena);
}

TEST(str_trim_removes_blanks_at_both_ends)
{
	struct arena arena = { 0 };

	CHECK_STR(str_trim(&arena, ""), "");
	CHECK_STR(str_trim(&arena, " \t\r\n"), "");
	CHECK_STR(str_trim(&arena, "a"), "a");
	CHECK_STR(str_trim(&arena, "\n a b\t\r\n"), "a b");
	CHECK_STR(str_trim(&arena, "\va"), "\va");
	arena_done(&arena);
}

TEST(strings_have_finds_whole_texts)
{
	struct arena arena = { 0 };
	struct strings list = { 0 };

	CHECK(!strings_have(&list, ""));
	VEC_PUSH(&list, &arena, "compute");
	VEC_PUSH(&list, &arena, "utility");
	CHECK(strings_have(&list, "utility"));
	CHECK(!strings_have(&list, "util"));
	CHECK(!strings_have(&list, ""));
	arena_done(&arena);
}

TEST(strbuf_grows_and_stays_terminated)
{
	struct arena arena = { 0 };
	struct strbuf buf = { .arena = &arena };
	char big[5000];

	CHECK_STR(strbuf_text(&buf), "");
	strbuf_adds(&buf, "");
	CHECK_STR(strbuf_text(&buf), "");
	strbuf_addf(&buf, "%s", "");
	CHECK_STR(strbuf_text(&buf), "");
	/* 127 characters and the NUL fill the first piece of memory: cross that edge slowly. */
	for (size_t i = 0; i < 300; i++) {
		strbuf_addc(&buf, (char)('a' + i % 26));
		CHECK_INT(buf.len, i + 1);
		CHECK_INT(strlen(buf.text), i + 1);
		CHECK(buf.size > buf.len);
	}
	CHECK(buf.text[26] == 'a' && buf.text[299] == 'a' + 299 % 26);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	strbuf_addf(&buf, "%s|%d", big, 7);
	CHECK_INT(buf.len, 300 + 4999 + 2);
	CHECK(str_has_suffix(buf.text, "xx|7"));
	strbuf_add(&buf, "ab\0c", 4);
	CHECK_INT(buf.len, 300 + 4999 + 2 + 4);
	CHECK(memcmp(buf.text + buf.len - 4, "ab\0c", 5) == 0);
	arena_done(&arena);
}

TEST(arena_memory_is_zeroed_aligned_and_apart)
{
	struct arena arena = { 0 };
	char *before = NULL;

	/* Sizes around the alignment and the block; each piece is filled to betray overlaps. */
	for (size_t size = 0; size < 70000; size = size * 3 + 1) {
		char *memory = arena_alloc(&arena, size);

		CHECK((uintptr_t)memory % alignof(max_align_t) == 0);
		for (size_t i = 0; i < size; i++)
			CHECK(memory[i] == 0);
		memset(memory, 0xff, size);
		CHECK(!before || *before == (char)0xff);
		before = size ? memory : before;
	}
	arena_done(&arena);
	CHECK(!arena.block);
	arena_done(&arena);
	arena_done(NULL);
}

TEST(arena_copies)
{
	struct arena arena = { 0 };
	char text[] = "text";
	char *copy = arena_strdup(&arena, text);

	text[0] = 'n';
	CHECK_STR(copy, "text");
	CHECK_STR(arena_strndup(&arena, text, 2), "ne");
	CHECK_STR(arena_strndup(&arena, "", 0), "");
	CHECK_STR(arena_printf(&arena, "%s-%03d", text, 7), "next-007");
	CHECK_STR(arena_printf(&arena, "%s", ""), "");
	CHECK_INT(strlen(arena_printf(&arena, "%*d", 200000, 1)), 200000);
	arena_done(&arena);
}

TEST(vec_grows_and_walks)
{
	struct row {
		int number;
		char fill[20];
	};
	struct arena arena = { 0 };
	VEC(struct row) rows = { 0 };
	int expected = 0;

	VEC_EACH(it, &rows)
		FAIL("an empty vector has an element %p", (void *)it);
	for (int i = 0; i < 1000; i++) {
		struct row *row = VEC_ADD(&rows, &arena);

		CHECK_INT(row->number, 0);
		CHECK_INT(row->fill[19], 0);
		memset(row, 0xff, sizeof(*row));
		row->number = i;
	}
	VEC_PUSH(&rows, &arena, ((struct row){ .number = 1000 }));
	CHECK_INT(rows.count, 1001);
	CHECK(rows.capacity >= rows.count);
	VEC_EACH(it, &rows)
		CHECK_INT(it->number, expected++);
	CHECK_INT(expected, 1001);
	arena_done(&arena);
}

TEST(bytes_as_people_write_them)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "1048576", 1048576 },
		{ "1k", 1024 },
		{ "2K", 2048 },
		{ "3kb", 3072 },
		{ "1KiB", 1024 },
		{ "512M", 1LL << 29 },
		{ "1g", 1LL << 30 },
		{ "2TiB", 2LL << 40 },
		{ "8b", 8 },
		{ "-1", -1 },
		{ "8191P", 8191LL << 50 },
		{ "9223372036854775807", INT64_MAX },
	};
	static const char *const bad[] = { "",	 "k",	"1x", "1kk",   "1 k", "1.5g", "-2",
					   "+1", "-1k", "1i", "1kib ", "ib",  "0x10" };
	int64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_INT(str_to_bytes(good[i].text, &bytes), 0);
		CHECK_INT(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(str_to_bytes(bad[i], &bytes), -EINVAL);
	CHECK_INT(str_to_bytes("8192P", &bytes), -ERANGE);
	CHECK_INT(str_to_bytes("9223372036854775808", &bytes), -ERANGE);
}

TEST(names_are_found_both_ways)
{
	static const struct name_value table[] = {
		{ "rshared", 1 },
		{ "shared", 2 },
		{ "alias", 2 },
		{ "least", INT64_MIN },
	};
	int64_t value = 4711;

	CHECK_INT(names_find(table, ARRAY_SIZE(table), "shared", &value), 0);
	CHECK_INT(value, 2);
	CHECK_INT(names_find(table, ARRAY_SIZE(table), "least", &value), 0);
	CHECK(value == INT64_MIN);
	value = 4711;
	CHECK_INT(names_find(table, ARRAY_SIZE(table), "share", &value), -ENOENT);
	CHECK_INT(names_find(table, ARRAY_SIZE(table), "Shared", &value), -ENOENT);
	CHECK_INT(names_find(table, 0, "shared", &value), -ENOENT);
	CHECK_INT(value, 4711);
	CHECK_STR(names_of(table, ARRAY_SIZE(table), 2), "shared");
	CHECK(!names_of(table, ARRAY_SIZE(table), 3));
}

TEST(err_codes_and_words)
{
	struct err err = { 0 };
	char name[8];

	CHECK_INT(err_set(&err, EINVAL, "bad `%s`", "x"), -EINVAL);
	CHECK_INT(err.code, EINVAL);
	CHECK_STR(err.text, "bad `x`");
	errno = ENOENT;
	CHECK_INT(err_errno(&err, "open %s", "/x"), -ENOENT);
	CHECK_INT(err.code, ENOENT);
	CHECK_STR(err.text, "open /x: no such file or directory");
	CHECK_INT(err_code(&err, -EPERM, "mount %s", "/y"), -EPERM);
	CHECK_INT(err.code, EPERM);
	CHECK_STR(err.text, "mount /y: operation not permitted");
	errno = 0; /* a failure is never reported as success */
	CHECK_INT(err_errno(&err, "x"), -EIO);
	CHECK_INT(err.code, EIO);
	CHECK_STR(err_name(ENOENT, name, sizeof(name)), "no such");
}

TEST(err_may_be_null)
{
	errno = ENOENT;
	CHECK_INT(err_errno(NULL, "x"), -ENOENT);
	CHECK_INT(err_set(NULL, EINVAL, "x"), -EINVAL);
	CHECK_INT(err_code(NULL, -EPERM, "x"), -EPERM);
	CHECK_INT(err_prefix(NULL, "x"), -EIO);
}

TEST(err_prefix_keeps_the_code)
{
	struct err err = { 0 };

	err_set(&err, EBUSY, "mount");
	CHECK_INT(err_prefix(&err, "mounts[%d]", 3), -EBUSY);
	CHECK_STR(err.text, "mounts[3]: mount");
	CHECK_INT(err.code, EBUSY);
	err = (struct err){ 0 };
	CHECK_INT(err_prefix(&err, "x"), -EIO);
}

TEST(err_text_is_cut_never_overrun)
{
	struct {
		struct err err;
		char guard;
	} boxed = { .guard = 'g' };
	struct err *err = &boxed.err;
	char big[3 * ERR_TEXT_MAX];

	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(err, EINVAL, "%s", big);
	CHECK_INT(strlen(err->text), ERR_TEXT_MAX - 1);
	CHECK_INT(err_prefix(err, "row %d", 1), -EINVAL);
	CHECK_INT(strlen(err->text), ERR_TEXT_MAX - 1);
	CHECK(str_has_prefix(err->text, "row 1: bbb"));
	CHECK_INT(err_prefix(err, "%s", big), -EINVAL);
	CHECK_INT(strlen(err->text), ERR_TEXT_MAX - 1);
	errno = ENOENT;
	CHECK_INT(err_errno(err, "%s", big), -ENOENT);
	CHECK_INT(strlen(err->text), ERR_TEXT_MAX - 1);
	/* The text off the wire may lack its end. */
	memset(err->text, 'w', ERR_TEXT_MAX);
	CHECK_INT(err_prefix(err, "p"), -ENOENT);
	CHECK_INT(strlen(err->text), ERR_TEXT_MAX - 1);
	CHECK(str_has_prefix(err->text, "p: www"));
	CHECK(boxed.guard == 'g');
}

TEST(words)
{
	struct arena arena = { 0 };
	struct strings words = str_words(&arena, " a ,,b c\t, ,d,");

	CHECK_INT(words.count, 3);
	CHECK_STR(words.items[0], "a");
	CHECK_STR(words.items[1], "b c");
	CHECK_STR(words.items[2], "d");
	CHECK_INT(str_words(&arena, " , ").count, 0);
	arena_done(&arena);
}

TEST_MAIN()
