/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests that register themselves and print TAP. One program per module:
 *
 *	TEST(mount_options_inverse_clears) { CHECK_STR(option, "ro"); }
 *	TEST_MAIN()
 *
 * A failed check names file and line and ends its test; the program's exit status is 1 then.
 */
#pragma once

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

extern struct test *test_list;
extern jmp_buf test_failed;

#define TEST(name)                                                          \
	static void test_##name(void);                                      \
	static struct test test_row_##name = { #name, test_##name, NULL };  \
	__attribute__((constructor)) static void test_register_##name(void) \
	{                                                                   \
		struct test **end = &test_list;                             \
		while (*end)                                                \
			end = &(*end)->next;                                \
		*end = &test_row_##name;                                    \
	}                                                                   \
	static void test_##name(void)

#define FAIL(...)                                        \
	do {                                             \
		printf("# %s:%d: ", __FILE__, __LINE__); \
		printf(__VA_ARGS__);                     \
		printf("\n");                            \
		longjmp(test_failed, 1);                 \
	} while (0)

#define CHECK(condition)                                \
	do {                                            \
		if (!(condition))                       \
			FAIL("not so: %s", #condition); \
	} while (0)

#define CHECK_INT(actual, expected)                                                         \
	do {                                                                                \
		long long actual_ = (long long)(actual), expected_ = (long long)(expected); \
		if (actual_ != expected_)                                                   \
			FAIL("%s is %lld, expected %lld", #actual, actual_, expected_);     \
	} while (0)

#define CHECK_STR(actual, expected)                                                              \
	do {                                                                                     \
		const char *actual_ = (actual), *expected_ = (expected);                         \
		if (!actual_ || strcmp(actual_, expected_) != 0)                                 \
			FAIL("%s is `%s`, expected `%s`", #actual, actual_ ? actual_ : "(null)", \
			     expected_);                                                         \
	} while (0)

/* The text contains the words. */
#define CHECK_HAS(actual, words)                                                                \
	do {                                                                                    \
		const char *actual_ = (actual), *words_ = (words);                              \
		if (!actual_ || !strstr(actual_, words_))                                       \
			FAIL("%s is `%s`, without `%s`", #actual, actual_ ? actual_ : "(null)", \
			     words_);                                                           \
	} while (0)

/* setjmp has a function of its own: it may clobber the locals of the one it is in. */
#define TEST_MAIN()                                                                        \
	struct test *test_list;                                                            \
	jmp_buf test_failed;                                                               \
	static int test_passes(const struct test *t)                                       \
	{                                                                                  \
		if (setjmp(test_failed))                                                   \
			return 0;                                                          \
		t->run();                                                                  \
		return 1;                                                                  \
	}                                                                                  \
	int main(void)                                                                     \
	{                                                                                  \
		int number = 0, failed = 0;                                                \
		setvbuf(stdout, NULL, _IOLBF, 0);                                          \
		for (struct test *t = test_list; t; t = t->next) {                         \
			int passed = test_passes(t);                                       \
			failed |= !passed;                                                 \
			printf("%s %d %s\n", passed ? "ok" : "not ok", ++number, t->name); \
		}                                                                          \
		printf("1..%d\n", number);                                                 \
		return failed;                                                             \
	}
