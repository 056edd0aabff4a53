/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is read, what is refused and in which words, and what is written. */
#include "value_fixture.h"

#include <errno.h>
#include <time.h>

#include "base/utf8.h"

READER(json_read, "config.json")

TEST(json_round_trip)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"true",
		"false",
		"0",
		"-1.5e+300",
		"123456789012345678901234567890",
		"\"\"",
		"\"a/b\"",
		"\"\\\"\\\\\\n\\t\xc3\xa4\xf0\x9f\x98\x80\"",
		"{\"a\":[1,{\"b\":[[],{}]}],\"\":null,\"c\":\"d\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_STR(turn(texts[i]), texts[i]);
	CHECK_STR(turn(" \t\r\n[ 1 , 2 ]\n"), "[1,2]");
	CHECK_STR(turn("[\"\\u00e4\\ud83d\\ude00\\/\"]"), "[\"\xc3\xa4\xf0\x9f\x98\x80/\"]");
	CHECK_STR(turn("[\"\\\\u0000\\\\ud800\"]"), "[\"\\\\u0000\\\\ud800\"]");
	CHECK_STR(turn("[\"\\u0001\"]"), "[\"\\u0001\"]");
}

TEST(json_last_of_repeated_keys_wins)
{
	CHECK_STR(turn("{\"a\":1,\"b\":2,\"a\":{\"x\":[]},\"b\":3,\"\\u0061\":4}"),
		  "{\"a\":4,\"b\":3}");
}

TEST(json_refusals_in_words)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "1:1: unexpected end of the document, expected a value" },
		{ " \n ", "2:2: unexpected end of the document, expected a value" },
		{ "1 2", "1:3: unexpected `2`, expected the end of the document" },
		{ "{\"a\":1}x", "1:8: unexpected `x`, expected the end of the document" },
		{ "{},", "1:3: unexpected `,`, expected the end of the document" },
		{ "}", "1:1: unexpected `}`, expected a value" },
		{ "{", "1:2: unexpected end of the document, expected a key or `}`" },
		{ "{1:2}", "1:2: unexpected `1`, expected a key or `}`" },
		{ "{\"a\"}", "1:5: unexpected `}`, expected `:`" },
		{ "{\"a\" \"b\"}", "1:6: unexpected `\"b\"`, expected `:`" },
		{ "{\"a\":,}", "1:6: unexpected `,`, expected a value" },
		{ "{\n\"a\": 1\n  \"b\": 2}", "3:3: unexpected `\"b\"`, expected `,` or `}`" },
		{ "{\"a\":1,}", "1:8: unexpected `}`, expected a key" },
		{ "{\"a\":1]", "1:7: unexpected `]`, expected `,` or `}`" },
		{ "[1 2]", "1:4: unexpected `2`, expected `,` or `]`" },
		{ "[1,,2]", "1:4: unexpected `,`, expected a value" },
		{ "[1,]", "1:4: unexpected `]`, expected a value" },
		{ "[", "1:2: unexpected end of the document, expected a value or `]`" },
		{ "[\"\xc3\xa4\xc3\xa4\" 1]", "1:7: unexpected `1`, expected `,` or `]`" },
		{ "[\"a", "1:4: unexpected end of the document inside a string" },
		{ "[01]", "1:3: unexpected `1`, expected `,` or `]`" },
		{ "[abcdefghijklmnopqrstuvwxyzabcdef]", "1:2: invalid char in json text" },
		{ "[1 \"abcdefghijklmnopqrstuvwxyz\"]",
		  "1:4: unexpected `\"abcdefghijklmnopqrstuvw`, expected `,` or `]`" },
		{ "[tru]", "1:2: invalid string in json text" },
		{ "[1.]", "1:2: malformed number, a digit is required after the decimal point" },
		{ "[\"\\x\"]",
		  "1:2: inside a string, '\\' occurs before a character which it may not" },
		{ "[\n\"a\nb\"]", "2:1: invalid character inside string" },
		{ "[1, // one\n2]",
		  "1:5: probable comment found in input text, comments are not enabled" },
		{ "\xef\xbb\xbf{}", "1:1: invalid char in json text" },
		{ "[\"\\u0000\"]", "1:3: a string with the character NUL" },
		{ "{\"\\u0000\":1}", "1:3: a string with the character NUL" },
		{ "[\"\\u00zz\"]",
		  "1:2: invalid (non-hex) character occurs after '\\u' inside string" },
		{ "[\"\\ud800\"]", "1:3: half of a surrogate pair" },
		{ "[\"\\ud800\\u0041\"]", "1:3: half of a surrogate pair" },
		{ "[\"\\ud83d", "1:3: half of a surrogate pair" },
		{ "[\"x\\udc00\"]", "1:4: half of a surrogate pair" },
		{ "[\"\xc0\x80\"]", "1:3: invalid UTF-8" },
		{ "[1,\n\"\xed\xa0\x80\"]", "2:2: invalid UTF-8" },
		{ "[\"\xf4\x90\x80\x80\"]", "1:3: invalid UTF-8" },
	};
	char expected[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(expected, sizeof(expected), "config.json:%s", rows[i].words);
		CHECK_STR(turn(rows[i].text), expected);
	}
}

TEST(json_raw_nul_is_refused)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value;

	CHECK_INT(read_text("[\"a\0\"]", 6, &arena, &value, &err), -EINVAL);
	CHECK_STR(err.text, "config.json:1:4: the character NUL");
	CHECK_INT(read_text("{}\0", 3, &arena, &value, &err), -EINVAL);
	CHECK_STR(err.text, "config.json:1:3: the character NUL");
	CHECK_INT(read_text("x", 1, &arena, &value, NULL), -EINVAL);
	arena_done(&arena);
}

TEST(json_depth_is_bounded)
{
	char text[2 * (VALUE_DEPTH_MAX + 1) + 1];

	for (int depth = VALUE_DEPTH_MAX; depth <= VALUE_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		CHECK_STR(turn(text),
			  depth == VALUE_DEPTH_MAX
				  ? text
				  : "config.json:1:65: more than 64 levels of arrays and objects");
	}
}

TEST(json_size_is_bounded)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value;
	size_t len = VALUE_SIZE_MAX + 1;
	char *text = malloc(len);

	memset(text, ' ', len);
	text[0] = '1';
	CHECK_INT(json_read(text, len, "f", &arena, &value, &err), -EFBIG);
	CHECK_STR(err.text, "f: larger than 16777216 bytes");
	CHECK_INT(json_read(text, len - 1, "f", &arena, &value, &err), 0);
	free(text);
	arena_done(&arena);
}

TEST(json_values_know_their_line)
{
	static const char text[] = "\n{ \"a\":\n 1,\"b\": [\n\n\"x\",\n{}]\n}";
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value, *list;

	CHECK_INT(read_text(text, strlen(text), &arena, &value, &err), 0);
	CHECK_INT(value->line, 2);
	CHECK_INT(value_get(value, "a")->line, 3);
	list = value_get(value, "b");
	CHECK_INT(list->line, 3);
	CHECK_INT(list->items.items[0]->line, 5);
	CHECK_INT(list->items.items[1]->line, 6);
	CHECK_INT(read_text("\n\n7", 3, &arena, &value, &err), 0);
	CHECK_INT(value->line, 3);
	CHECK_STR(value->text, "7");
	arena_done(&arena);
}

/* 400 000 members, all alike or all different, one per line: seconds would mean quadratic work. */
TEST(json_hostile_documents_cost_no_more_than_their_size)
{
	for (int distinct = 0; distinct < 2; distinct++) {
		struct arena arena = { 0 };
		struct strbuf buf = { .arena = &arena };
		struct err err = { 0 };
		const struct value *value;
		clock_t start;

		strbuf_addc(&buf, '{');
		for (int i = 0; i < 400000; i++)
			strbuf_addf(&buf, "%s\n\"%d\":0", i ? "," : "", distinct ? i : 0);
		strbuf_addc(&buf, '}');
		start = clock();
		CHECK_INT(json_read(buf.text, buf.len, "f", &arena, &value, &err), 0);
		CHECK((clock() - start) / CLOCKS_PER_SEC < 10);
		CHECK_INT(value->members.count, distinct ? 400000 : 1);
		arena_done(&arena);
	}
}

static void write_sample(struct json_writer *w)
{
	static const char *words[] = { "a/b", "" };
	struct strings list = { words, 2, 2 };

	json_object(w, NULL);
	json_string(w, "s", "q\"\n");
	json_int(w, "min", INT64_MIN);
	json_uint(w, "max", UINT64_MAX);
	json_bool(w, "yes", true);
	json_strings(w, "list", &list);
	json_array(w, "rows");
	json_object(w, NULL);
	json_end_object(w);
	json_int(w, NULL, 0);
	json_end_array(w);
	json_end_object(w);
}

TEST(json_writer_compact)
{
	struct arena arena = { 0 };
	struct json_writer w;
	size_t len;
	char *text;

	json_writer_init(&w, NULL);
	write_sample(&w);
	text = json_writer_text(&w, &arena, &len);
	json_writer_done(&w);
	CHECK_STR(text, "{\"s\":\"q\\\"\\n\",\"min\":-9223372036854775808,"
			"\"max\":18446744073709551615,\"yes\":true,\"list\":[\"a/b\",\"\"],"
			"\"rows\":[{},0]}");
	CHECK_INT(len, strlen(text));
	json_writer_done(&w); /* harmless twice */
	arena_done(&arena);
}

TEST(json_writer_indented)
{
	struct arena arena = { 0 };
	struct json_writer w;

	json_writer_init(&w, "\t");
	json_object(&w, NULL);
	json_int(&w, "a", 1);
	json_array(&w, "b");
	json_bool(&w, NULL, false);
	json_end_array(&w);
	json_end_object(&w);
	CHECK_STR(json_writer_text(&w, &arena, NULL),
		  "{\n\t\"a\": 1,\n\t\"b\": [\n\t\tfalse\n\t]\n}");
	json_writer_done(&w);
	arena_done(&arena);
}

TEST(json_line_is_one_line_of_an_indented_document)
{
	struct json_writer w, line;
	struct arena arena = { 0 };

	json_writer_init(&w, "\t");
	json_writer_init(&line, NULL);
	json_object(&w, NULL);
	for (int i = 0; i < 2; i++) {
		json_object(&line, NULL);
		json_string(&line, "a/b", "\"");
		json_end_object(&line);
		json_line(&w, i ? "second" : "first", &line);
	}
	json_array(&line, NULL);
	json_end_array(&line);
	json_line(&w, "none", &line);
	json_end_object(&w);
	CHECK_STR(json_writer_text(&w, &arena, NULL),
		  "{\n\t\"first\": {\"a/b\":\"\\\"\"},\n\t\"second\": {\"a/b\":\"\\\"\"},\n"
		  "\t\"none\": []\n}");
	json_writer_done(&w);
	json_writer_done(&line);
	arena_done(&arena);
}

TEST(json_writer_replaces_invalid_utf8)
{
	struct arena arena = { 0 };
	struct json_writer w;

	json_writer_init(&w, NULL);
	json_array(&w, NULL);
	json_string(&w, NULL, "\xff");
	json_string(&w, NULL, "a\xc3(\xe2\x82\xac\xf0\x9f");
	json_end_array(&w);
	CHECK_STR(json_writer_text(&w, &arena, NULL),
		  "[\"\xef\xbf\xbd\",\"a\xef\xbf\xbd(\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\"]");
	json_writer_done(&w);
	arena_done(&arena);
}

TEST(utf8_encode_and_valid_agree)
{
	char text[4];

	for (uint32_t c = 0; c < 0x110100; c++) {
		size_t len = utf8_encode(c, text);
		bool none = c > 0x10ffff || (c >= 0xd800 && c < 0xe000);

		CHECK((len == 0) == none);
		CHECK(utf8_valid(text, len) == len);
		CHECK(len < 2 || utf8_valid(text, len - 1) == 0);
	}
	CHECK_INT(utf8_valid("ab\x80", 3), 2);
	CHECK_INT(utf8_valid("\xf5\x80\x80\x80", 4), 0);
	CHECK_INT(utf8_valid("\xe0\x9f\xbf", 3), 0);
	CHECK_INT(utf8_valid("\xf0\x8f\xbf\xbf", 4), 0);
	CHECK_INT(utf8_valid("\xe2\x82(", 3), 0);
}

TEST_MAIN()
