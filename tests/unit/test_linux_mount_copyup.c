/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: the copy is as the original, links are copied and not followed. What needs root: bats. */
#include "linux/mount_copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "test.h"

static char root[64];
static int from_fd, to_fd;

__attribute__((constructor)) static void make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/nvcrun-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(root))
		abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void done(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Two new directories, in a directory of the test's. */
static void begin(const char *name)
{
	char path[128];

	umask(0);
	snprintf(path, sizeof(path), "%s/%s", root, name);
	CHECK_INT(mkdir(path, 0700), 0);
	CHECK_INT(chdir(path), 0);
	CHECK_INT(mkdir("from", 0751), 0);
	CHECK_INT(mkdir("to", 0700), 0);
	from_fd = open("from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to_fd = open("to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void)
{
	close(from_fd);
	close(to_fd);
	CHECK_INT(chdir("/"), 0);
}

static int copy(struct err *err)
{
	return mount_copy_up(from_fd, to_fd, true, err);
}

static void file(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* The same kind, mode, owner, size and time of change. */
static void check_same(const char *name)
{
	struct stat a, b;

	CHECK_INT(fstatat(from_fd, name, &a, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(fstatat(to_fd, name, &b, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(b.st_mode, a.st_mode);
	CHECK_INT(b.st_uid, a.st_uid);
	CHECK_INT(b.st_gid, a.st_gid);
	CHECK_INT(b.st_mtim.tv_sec, a.st_mtim.tv_sec);
	CHECK_INT(b.st_mtim.tv_nsec, a.st_mtim.tv_nsec);
	if (!S_ISDIR(a.st_mode))
		CHECK_INT(b.st_size, a.st_size);
}

static void set_old(const char *path)
{
	const struct timespec times[] = { { 1000000, 5 }, { 2000000, 123456789 } };

	CHECK_INT(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

TEST(kinds_modes_and_times)
{
	struct err err = { 0 };
	char target[64] = "";
	struct stat st;

	begin("kinds");
	file("from/file", 0640, "words");
	file("from/empty", 0400, "");
	file("from/setuid", 04711, "x");
	CHECK_INT(mkdir("from/dir", 02750), 0);
	CHECK_INT(mkdir("from/dir/sub", 01777), 0);
	file("from/dir/sub/file", 0444, "deep");
	CHECK_INT(symlink("dangling target", "from/link"), 0);
	CHECK_INT(mkfifo("from/fifo", 0604), 0);
	set_old("from/file");
	set_old("from/link");
	set_old("from/fifo");
	set_old("from/dir/sub");
	set_old("from/dir");
	set_old("from");
	CHECK_INT(copy(&err), 0);
	CHECK_STR(err.text, "");
	check_same("file");
	check_same("empty");
	check_same("setuid");
	check_same("dir");
	check_same("dir/sub");
	check_same("dir/sub/file");
	check_same("link");
	check_same("fifo");
	CHECK_INT(fstatat(to_fd, "file", &st, 0), 0);
	CHECK_INT(st.st_atim.tv_sec, 1000000); /* reading the original may have changed its own */
	CHECK_INT(readlinkat(to_fd, "link", target, sizeof(target) - 1), 15);
	CHECK_STR(target, "dangling target");
	end();
}

TEST(the_root_keeps_its_own_mode)
{
	struct err err = { 0 };
	struct stat st;

	begin("root");
	set_old("from");
	CHECK_INT(copy(&err), 0);
	CHECK_INT(fstat(to_fd, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(st.st_mtim.tv_sec, 2000000);
	end();
}

TEST(a_large_file)
{
	struct err err = { 0 };
	static char text[300001], back[300001];
	int fd;

	begin("large");
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 25);
	file("from/large", 0600, text);
	CHECK_INT(copy(&err), 0);
	fd = open("to/large", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read(fd, back, sizeof(back) - 1), sizeof(back) - 1);
	CHECK_INT(memcmp(text, back, sizeof(text)), 0);
	close(fd);
	end();
}

TEST(links_are_not_followed)
{
	struct err err = { 0 };
	struct stat st;

	begin("links");
	CHECK_INT(mkdir("outside", 0700), 0);
	file("outside/secret", 0600, "secret");
	CHECK_INT(symlink("../outside", "from/dir"), 0);
	CHECK_INT(symlink("../outside/secret", "from/file"), 0);
	CHECK_INT(copy(&err), 0);
	CHECK_INT(lstat("to/dir", &st), 0);
	CHECK(S_ISLNK(st.st_mode));
	CHECK_INT(lstat("to/file", &st), 0);
	CHECK(S_ISLNK(st.st_mode));
	end();
}

TEST(sockets_are_left_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "from/socket" };
	struct err err = { 0 };
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	begin("sockets");
	CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_INT(copy(&err), 0);
	CHECK_INT(lstat("to/socket", &st), -1);
	close(fd);
	end();
}

TEST(extended_attributes)
{
	struct err err = { 0 };
	char value[16] = "";

	begin("attributes");
	file("from/file", 0600, "");
	if (setxattr("from/file", "user.nvcrun", "value", 5, 0) == 0) {
		CHECK_INT(setxattr("from", "user.nvcrun", "root", 4, 0), 0);
		CHECK_INT(copy(&err), 0);
		CHECK_INT(getxattr("to/file", "user.nvcrun", value, sizeof(value)), 5);
		CHECK_STR(value, "value");
		CHECK_INT(getxattr("to", "user.nvcrun", value, sizeof(value)), 4);
	}
	end();
}

TEST(what_fails_is_named)
{
	struct err err = { 0 };

	begin("fails");
	file("from/name", 0600, "");
	file("to/name", 0600, "");
	CHECK_INT(copy(&err), -EEXIST);
	CHECK_STR(err.text, "tmpcopyup: create `name`: file exists");
	end();
}

TEST(depth_has_a_bound)
{
	struct err err = { 0 };
	int fd, next;

	begin("deep");
	fd = open("from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 130; i++) {
		CHECK_INT(mkdirat(fd, "d", 0700), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	close(fd);
	CHECK_INT(copy(&err), -ELOOP);
	CHECK_STR(err.text, "tmpcopyup: more than 128 directories below each other");
	end();
}

TEST_MAIN()
