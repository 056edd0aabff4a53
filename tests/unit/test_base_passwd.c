/* SPDX-License-Identifier: Apache-2.0 */
/* base/passwd: entries, lines that are none, bounds. */
#include "base/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/vec.h"
#include "test.h"

static struct arena arena;

/* The file is memory: nothing to clean up. */
static int find_in(const void *text, size_t len, uid_t uid, struct passwd_entry *ret)
{
	cleanup_close int fd = memfd_create("passwd", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, text, len) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return -EIO;
	return passwd_find_uid(fd, uid, &arena, ret);
}

static int find(const char *text, uid_t uid, struct passwd_entry *ret)
{
	return find_in(text, strlen(text), uid, ret);
}

static const char usual[] = "root:x:0:0:root:/root:/bin/bash\n"
			    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
			    "toor:x:0:7::/toor:/bin/sh\n"
			    "last:x:1000:1001:Last,,,:/home/last";

TEST(passwd_first_entry_of_a_uid_wins)
{
	struct passwd_entry entry;

	CHECK_INT(find(usual, 0, &entry), 0);
	CHECK_STR(entry.name, "root");
	CHECK_STR(entry.home, "/root");
	CHECK_INT(entry.gid, 0);
}

TEST(passwd_needs_no_newline_and_no_shell_at_the_end)
{
	struct passwd_entry entry;

	CHECK_INT(find(usual, 1000, &entry), 0);
	CHECK_STR(entry.name, "last");
	CHECK_STR(entry.home, "/home/last");
	CHECK_INT(entry.uid, 1000);
	CHECK_INT(entry.gid, 1001);
}

TEST(passwd_absent_uid_leaves_the_result_alone)
{
	struct passwd_entry entry = { .name = "before" };

	CHECK_INT(find(usual, 2, &entry), -ENOENT);
	CHECK_INT(find("", 0, &entry), -ENOENT);
	CHECK_STR(entry.name, "before");
}

TEST(passwd_skips_lines_that_are_no_entry)
{
	static const char *const lines[] = {
		"\n",
		"x\n",
		"# a:x:5:5::/h:/s\n",
		"a:x:5:5:gecos\n",
		"a:x::5::/h:\n",
		"a:x:5x:5::/h:\n",
		"a:x: 5:5::/h:\n",
		"a:x:-5:5::/h:\n",
		"a:x:5:::/h:\n",
		":x:5:5::/h:\n",
		"a:x:5:4294967295::/h:\n",
		"a:x:18446744073709551621:5::/h:\n",
		"+::::::\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct passwd_entry entry;
		char *text = arena_printf(&arena, "%sgood:x:5:6::/good:\n", lines[i]);

		CHECK_INT(find(text, 5, &entry), 0);
		CHECK_STR(entry.name, "good");
	}
}

TEST(passwd_no_entry_has_the_id_minus_one)
{
	struct passwd_entry entry;

	CHECK_INT(find("a:x:4294967295:0::/:\n", UINT32_MAX, &entry), -ENOENT);
	CHECK_INT(find("a:x:4294967294:0::/:\n", UINT32_MAX - 1, &entry), 0);
}

TEST(passwd_home_may_be_empty)
{
	struct passwd_entry entry;

	CHECK_INT(find("a:x:5:5:::\n", 5, &entry), 0);
	CHECK_STR(entry.home, "");
}

TEST(passwd_skips_lines_with_nul)
{
	static const char text[] = "evil\0:x:5:5::/evil:\ngood:x:5:5::/good:\n";
	struct passwd_entry entry;

	CHECK_INT(find_in(text, sizeof(text) - 1, 5, &entry), 0);
	CHECK_STR(entry.name, "good");
}

/* An entry of exactly @len bytes, newline not counted. */
static char *long_line(size_t len)
{
	static const char head[] = "long:x:5:5:", tail[] = ":/long:";
	char *line = arena_alloc(&arena, len + 2);

	memset(line, 'g', len);
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + len - (sizeof(tail) - 1), tail, sizeof(tail) - 1);
	line[len] = '\n';
	return line;
}

TEST(passwd_long_lines_are_no_entries)
{
	struct passwd_entry entry;

	CHECK_INT(find(long_line(PASSWD_LINE_MAX), 5, &entry), 0);
	CHECK_STR(entry.home, "/long");
	CHECK_INT(find(long_line(PASSWD_LINE_MAX + 1), 5, &entry), -ENOENT);
}

TEST(passwd_large_files_are_refused)
{
	char *text = arena_alloc(&arena, PASSWD_SIZE_MAX + 2);
	struct passwd_entry entry;

	memset(text, '\n', PASSWD_SIZE_MAX + 1);
	memcpy(text, usual, sizeof(usual) - 1);
	CHECK_INT(find_in(text, PASSWD_SIZE_MAX, 0, &entry), 0);
	CHECK_INT(find_in(text, PASSWD_SIZE_MAX + 1, 0, &entry), -EFBIG);
}

TEST(passwd_only_regular_files)
{
	cleanup_close int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct passwd_entry entry;

	CHECK(fd >= 0);
	CHECK_INT(passwd_find_uid(fd, 0, &arena, &entry), -EINVAL);
	CHECK_INT(passwd_find_uid(-1, 0, &arena, &entry), -EBADF);
}

TEST_MAIN()
