/* SPDX-License-Identifier: Apache-2.0 */
/* TOML: every construct that settings use: what it reads as, what is refused. */
#include "value_fixture.h"

#include <errno.h>

#include "base/toml.h"

READER(toml_read, "config.toml")

struct row {
	const char *text, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK_STR(turn(rows[i].text), rows[i].expected);
}

TEST(toml_keys)
{
	static const struct row rows[] = {
		{ "", "{}" },
		{ "# only a comment", "{}" },
		{ "\r\n \t\n# one\r\n", "{}" },
		{ "a=1", "{\"a\":1}" },
		{ "  a \t=  1  # one\n\n-_9 = 2\r\n", "{\"a\":1,\"-_9\":2}" },
		{ "\"a b.c\" = 1\n'd\\' = 2\n\"\" = 3", "{\"a b.c\":1,\"d\\\\\":2,\"\":3}" },
		{ "\"\\u00e4\" = 1", "{\"\xc3\xa4\":1}" },
		{ "a.b . \"c\".'d' = 1\na.b.e = 2", "{\"a\":{\"b\":{\"c\":{\"d\":1},\"e\":2}}}" },
		{ "1.2 = 3", "{\"1\":{\"2\":3}}" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(toml_strings)
{
	static const struct row rows[] = {
		{ "a = \"\"", "{\"a\":\"\"}" },
		{ "a = ''", "{\"a\":\"\"}" },
		{ "a = \"x # y\" # z", "{\"a\":\"x # y\"}" },
		{ "a = \"\\b\\t\\n\\f\\r\\\"\\\\\"", "{\"a\":\"\\b\\t\\n\\f\\r\\\"\\\\\"}" },
		{ "a = \"\\u20AC\\U0001f600\"", "{\"a\":\"\xe2\x82\xac\xf0\x9f\x98\x80\"}" },
		{ "a = 'C:\\new \"x\"'", "{\"a\":\"C:\\\\new \\\"x\\\"\"}" },
		{ "a = \"\"\"\"\"\"", "{\"a\":\"\"}" },
		{ "a = \"\"\"x\"\"\"", "{\"a\":\"x\"}" },
		{ "a = \"\"\"\nx\n\ny\"\"\"", "{\"a\":\"x\\n\\ny\"}" },
		{ "a = \"\"\"\r\nx\"\"\"", "{\"a\":\"x\"}" },
		{ "a = \"\"\"x \\\n  \n\t y \\\t\r\n z\"\"\"", "{\"a\":\"x y z\"}" },
		{ "a = \"\"\"x\\\n\"\"\"", "{\"a\":\"x\"}" },
		{ "a = \"\"\"a\"b\"\"c\"\"\\\"\"\"\"", "{\"a\":\"a\\\"b\\\"\\\"c\\\"\\\"\\\"\"}" },
		{ "a = \"\"\"\"\"x\"\"\"\"\"", "{\"a\":\"\\\"\\\"x\\\"\\\"\"}" },
		{ "a = '''\n'x\\n''y'''''", "{\"a\":\"'x\\\\n''y''\"}" },
		{ "a = '''x\ny'''\nb = 1", "{\"a\":\"x\\ny\",\"b\":1}" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(toml_integers_and_booleans)
{
	static const struct row rows[] = {
		{ "a = [0, +0, -0, 7, +7, -7]", "{\"a\":[0,0,0,7,7,-7]}" },
		{ "a = 1_000_000", "{\"a\":1000000}" },
		{ "a = 9223372036854775807", "{\"a\":9223372036854775807}" },
		{ "a = -9223372036854775808", "{\"a\":-9223372036854775808}" },
		{ "a = [0xDEAD_beef, 0o755, 0b1010, 0x0, 0x007]",
		  "{\"a\":[3735928559,493,10,0,7]}" },
		{ "a = 0x7fffffffffffffff", "{\"a\":9223372036854775807}" },
		{ "a = true\nb=false", "{\"a\":true,\"b\":false}" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(toml_arrays_and_inline_tables)
{
	static const struct row rows[] = {
		{ "a = []", "{\"a\":[]}" },
		{ "a = [ 1,2 , 3 ]", "{\"a\":[1,2,3]}" },
		{ "a = [ # one\n 1, # two\n\n \"x\" # three\n , # four\n]", "{\"a\":[1,\"x\"]}" },
		{ "a = [[], [[1]], {b = 1}]", "{\"a\":[[],[[1]],{\"b\":1}]}" },
		{ "a = {}", "{\"a\":{}}" },
		{ "a = { b = 1, c.d = 2, c.e = [\n3,\n], 'f' = {} }",
		  "{\"a\":{\"b\":1,\"c\":{\"d\":2,\"e\":[3]},\"f\":{}}}" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

TEST(toml_tables)
{
	static const struct row rows[] = {
		{ "[a]", "{\"a\":{}}" },
		{ "x=1\n[a]\nb=1\n[ c . \"d e\" ] # c\nf=2",
		  "{\"x\":1,\"a\":{\"b\":1},\"c\":{\"d e\":{\"f\":2}}}" },
		{ "[a.b.c]\nx=1\n[a]\ny=2\n[a.b]\nz=3",
		  "{\"a\":{\"b\":{\"c\":{\"x\":1},\"z\":3},\"y\":2}}" },
		{ "[a]\nb.c=1\n[a.b.d]\ne=2", "{\"a\":{\"b\":{\"c\":1,\"d\":{\"e\":2}}}}" },
		{ "a.b=1\n[a.c]\nd=1", "{\"a\":{\"b\":1,\"c\":{\"d\":1}}}" },
		{ "[a.b.c]\n[a]\nb.d=1", "{\"a\":{\"b\":{\"c\":{},\"d\":1}}}" },
		{ "[[a]]\nx=1\n[[a]]\n[a.b]\nc=1\n[[a]]\n[a.b]\nc=2",
		  "{\"a\":[{\"x\":1},{\"b\":{\"c\":1}},{\"b\":{\"c\":2}}]}" },
		{ "[[a]]\n[[a.b]]\nx=1\n[[a.b]]\n[[a]]\n[[a.b]]\nx=2",
		  "{\"a\":[{\"b\":[{\"x\":1},{}]},{\"b\":[{\"x\":2}]}]}" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void check_refusals(const struct row *rows, size_t count)
{
	char expected[256];

	for (size_t i = 0; i < count; i++) {
		snprintf(expected, sizeof(expected), "config.toml:%s", rows[i].expected);
		CHECK_STR(turn(rows[i].text), expected);
	}
}

TEST(toml_refuses_broken_syntax)
{
	static const struct row rows[] = {
		{ "a", "1: expected `=` after a key, got the end of the document" },
		{ "\na b = 1", "2: expected `=` after a key, got `b`" },
		{ "a =\n1", "1: expected a value (strings need quotes), got the end of the line" },
		{ "a = ",
		  "1: expected a value (strings need quotes), got the end of the document" },
		{ "a = yes", "1: expected a value (strings need quotes), got `yes`" },
		{ "a = True", "1: expected a value (strings need quotes), got `True`" },
		{ "= 1", "1: expected a key, got `=`" },
		{ "a. = 1", "1: expected a key, got `=`" },
		{ "\xc3\xa4 = 1", "1: expected a key, got `\xc3\xa4`" },
		{ "\"\"\"a\"\"\" = 1", "1: expected `=` after a key, got `\"a\"\"\"`" },
		{ "a = 1 b = 2", "1: expected the end of the line after a value, got `b`" },
		{ "[a] b = 1", "1: expected the end of the line after a table header, got `b`" },
		{ "[a", "1: expected `]` after a key, got the end of the document" },
		{ "[]", "1: expected a key, got `]`" },
		{ "[[a]", "1: expected `]]` after a key, got `]`" },
		{ "[[a] ]", "1: expected `]]` after a key, got `]`" },
		{ "[a]]", "1: expected the end of the line after a table header, got `]`" },
		{ "[ [a]]", "1: expected a key, got `[`" },
		{ "a = [1\n2]", "2: expected `,` or `]` in an array, got `2`" },
		{ "a = [1,\n",
		  "2: expected a value (strings need quotes), got the end of the document" },
		{ "a = [,]", "1: expected a value (strings need quotes), got `,`" },
		{ "a = {b=1,}", "1: expected a key, got `}`" },
		{ "a = {b=1\n}",
		  "1: expected `,` or `}` in an inline table, got the end of the line" },
		{ "a = {\nb=1}", "1: expected a key, got the end of the line" },
		{ "a = \"x", "1: string without its closing `\"`" },
		{ "a = 'x\n'", "1: string without its closing `'`" },
		{ "a = \"x\\", "1: unknown escape after `\\` in a string" },
		{ "a = \"\\x41\"", "1: unknown escape after `\\` in a string" },
		{ "a = \"x\\\ny\"", "1: unknown escape after `\\` in a string" },
		{ "a = \"\\u12\"", "1: escape without its 4 hexadecimal digits" },
		{ "a = \"\\U0010ff", "1: escape without its 8 hexadecimal digits" },
		{ "a = \"\\ud800\"", "1: escape of U+D800, which a string may not hold" },
		{ "a = \"\\U00110000\"", "1: escape of U+110000, which a string may not hold" },
		{ "a = \"\\u0000\"", "1: escape of U+0000, which a string may not hold" },
		{ "\na = \"\"\"x\n\n\"\"", "2: string without its closing `\"\"\"`" },
		{ "\na = '''x", "2: string without its closing `'''`" },
		{ "a = \"\"\"\nx\n\\q\"\"\"", "3: unknown escape after `\\` in a string" },
		{ "a = \"\"\"x\"\"\"\"\"\"",
		  "1: expected the end of the line after a value, got `\"`" },
		{ "\n# \x01", "2: control character 0x01" },
		{ "a = \"\x7f\"", "1: control character 0x7f" },
		{ "a = 1\rb = 2", "1: control character 0x0d" },
		{ "a = 1\r", "1: control character 0x0d" },
		{ "\n\na = \"\xff\"", "3: invalid UTF-8" },
	};

	check_refusals(rows, ARRAY_SIZE(rows));
}

TEST(toml_refuses_numbers_by_name)
{
	static const struct row rows[] = {
		{ "a = 1.5", "1: floating-point numbers are not supported: `1.5`" },
		{ "a = -1e5", "1: floating-point numbers are not supported: `-1e5`" },
		{ "a = inf", "1: floating-point numbers are not supported: `inf`" },
		{ "a = -nan", "1: floating-point numbers are not supported: `-nan`" },
		{ "a = 1979-05-27T07:32:00Z",
		  "1: dates are not supported: `1979-05-27T07:32:00Z`" },
		{ "a = 1979-05-27 07:32:00", "1: dates are not supported: `1979-05-27`" },
		{ "a = 07:32:00.5", "1: times are not supported: `07:32:00.5`" },
		{ "a = 9223372036854775808",
		  "1: integer `9223372036854775808` has more than 64 bits" },
		{ "a = -9223372036854775809",
		  "1: integer `-9223372036854775809` has more than 64 bits" },
		{ "a = 0x8000000000000000",
		  "1: integer `0x8000000000000000` has more than 64 bits" },
		{ "a = 99999999999999999999",
		  "1: integer `99999999999999999999` has more than 64 bits" },
	};
	static const char *const invalid[] = { "01",  "-01", "+0x1", "0x", "0X1", "0b2",
					       "0o8", "0xg", "1__0", "_1", "1_",  "0x_1",
					       "+",   "-",   "--1",  "1a" };
	char text[64], expected[128];

	check_refusals(rows, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
		snprintf(text, sizeof(text), "a = %s", invalid[i]);
		snprintf(expected, sizeof(expected),
			 "config.toml:1: expected a value (strings need quotes), got `%s`",
			 invalid[i]);
		CHECK_STR(turn(text), expected);
	}
}

TEST(toml_refuses_a_second_definition)
{
	static const struct row rows[] = {
		{ "a = 1\n\na = 2", "3: `a` is defined twice, first in line 1" },
		{ "a = 1\n\"a\" = 2", "2: `a` is defined twice, first in line 1" },
		{ "a = 1\na.b = 2", "2: `a` is defined twice, first in line 1" },
		{ "a.b = 1\na = 2", "2: `a` is defined twice, first in line 1" },
		{ "a = {b=1}\na.c = 2", "2: `a` is defined twice, first in line 1" },
		{ "a = {b=1, b=2}", "1: `b` is defined twice, first in line 1" },
		{ "a = {b={c=1}, b.d=2}", "1: `b` is defined twice, first in line 1" },
		{ "a = [1]\n[[a]]", "2: `a` is defined twice, first in line 1" },
		{ "[a]\n[b]\n[a]", "3: `a` is defined twice, first in line 1" },
		{ "[a.b]\n[a]\n[a]", "3: `a` is defined twice, first in line 2" },
		{ "[a]\n[[a]]", "2: `a` is defined twice, first in line 1" },
		{ "[[a]]\n[a]", "2: `a` is defined twice, first in line 1" },
		{ "[a]\nb=1\n[a.b]", "3: `b` is defined twice, first in line 2" },
		{ "[a]\nb=1\n[a.b.c]", "3: `b` of line 2 is no table that can be added to" },
		{ "a = {}\n[a.b]", "2: `a` of line 1 is no table that can be added to" },
		{ "a = [{}]\n[a.b]", "2: `a` of line 1 is no table that can be added to" },
		{ "[a]\nb.c=1\n[a.b]", "3: `b` is defined twice, first in line 2" },
		{ "[a.b.c]\nz=9\n[a]\nb.c.t=1", "4: `c` is defined twice, first in line 1" },
		{ "[[a.b]]\n[a]\nb.y=2", "3: `b` is defined twice, first in line 1" },
		{ "[a.b.c]\n[a]\nb.d=1\n[a.b]", "4: `b` is defined twice, first in line 1" },
	};

	check_refusals(rows, ARRAY_SIZE(rows));
}

/* @count times @unit, between @before and @after. */
static const char *turn_repeated(const char *before, const char *unit, int count, const char *after)
{
	struct arena arena = { 0 };
	struct strbuf buf = { .arena = &arena };
	const char *out;

	strbuf_adds(&buf, before);
	for (int i = 0; i < count; i++)
		strbuf_adds(&buf, unit);
	strbuf_adds(&buf, after);
	out = turn(buf.text);
	arena_done(&arena);
	return out;
}

TEST(toml_depth_is_bounded)
{
	static const char words[] = "config.toml:1: more than 64 levels of arrays and tables";

	CHECK_STR(turn_repeated("a=", "[", 64, ""), words);
	CHECK_HAS(turn_repeated("a=", "[", 63, ""), "expected a value");
	CHECK_STR(turn_repeated("a=", "{b=", 100000, ""), words);
	CHECK_STR(turn_repeated("a", ".a", 64, "=1"), words);
	CHECK_HAS(turn_repeated("a", ".a", 63, "=1"), "{\"a\":{\"a\":");
	CHECK_STR(turn_repeated("[a", ".a", 63, "]"), words);
	CHECK_HAS(turn_repeated("[a", ".a", 62, "]"), "{\"a\":{\"a\":");
	CHECK_STR(turn_repeated("[[a", ".a", 62, "]]"), words);
}

TEST(toml_size_is_bounded)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value;
	size_t len = VALUE_SIZE_MAX + 1;
	char *text = malloc(len);

	memset(text, '\n', len);
	CHECK_INT(toml_read(text, len, "f", &arena, &value, &err), -EFBIG);
	CHECK_STR(err.text, "f: larger than 16777216 bytes");
	CHECK_INT(toml_read(text, len - 1, "f", &arena, &value, &err), 0);
	free(text);
	arena_done(&arena);
}

TEST(toml_values_know_their_line)
{
	static const char text[] =
		"\na = '''\n\n'''\nb = [\n\n1]\n[c]\nd.e = \"\"\"\\\n\n\"\"\"\nf = 1\n";
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *root, *c;

	CHECK_INT(read_text(text, strlen(text), &arena, &root, &err), 0);
	CHECK_INT(value_get(root, "a")->line, 2);
	CHECK_INT(value_get(root, "b")->line, 5);
	CHECK_INT(value_get(root, "b")->items.items[0]->line, 7);
	c = value_get(root, "c");
	CHECK_INT(c->line, 8);
	CHECK_INT(value_get(value_get(c, "d"), "e")->line, 9);
	CHECK_INT(value_get(c, "f")->line, 12);
	arena_done(&arena);
}

TEST(toml_raw_nul_is_refused)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	const struct value *value;

	CHECK_INT(read_text("a = '\0'", 7, &arena, &value, &err), -EINVAL);
	CHECK_STR(err.text, "config.toml:1: control character 0x00");
	arena_done(&arena);
}

/* The settings that nvidia-ctk writes, shortened. */
TEST(toml_reads_an_nvidia_config)
{
	CHECK_STR(
		turn("#accept-nvidia-visible-devices-as-volume-mounts = false\n"
		     "disable-require = false\n"
		     "supported-driver-capabilities = \"compute,utility\"\n\n"
		     "[nvidia-container-cli]\n#debug = \"/var/log/x.log\"\nenvironment = []\n"
		     "ldconfig = \"@/sbin/ldconfig.real\"\n\n"
		     "[nvidia-container-runtime.modes.cdi]\n"
		     "spec-dirs = [\"/etc/cdi\", \"/var/run/cdi\"]\n"),
		"{\"disable-require\":false,\"supported-driver-capabilities\":\"compute,utility\","
		"\"nvidia-container-cli\":{\"environment\":[],\"ldconfig\":\"@/sbin/"
		"ldconfig.real\"},"
		"\"nvidia-container-runtime\":{\"modes\":{\"cdi\":{\"spec-dirs\":[\"/etc/cdi\","
		"\"/var/run/cdi\"]}}}}");
}

TEST_MAIN()
