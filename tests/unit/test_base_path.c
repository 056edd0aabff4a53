/* SPDX-License-Identifier: Apache-2.0 */
/* base/path: nothing leaves the root, with openat2(2) and with the walk that stands in for it. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "test.h"

/* <top>/outside is what a container must never reach; <top>/root is its root. */
static char top[64];
static int root_fd = -1;
static struct arena arena;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void tree_remove(void)
{
	if (root_fd >= 0)
		nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_done(&arena);
	close(root_fd);
}

static void make_file(const char *path, const char *text)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void make_link(const char *target, const char *path)
{
	CHECK_INT(symlinkat(target, root_fd, path), 0);
}

static void tree_make(void)
{
	const char *tmp = getenv("TMPDIR");

	if (root_fd >= 0) {
		close(root_fd);
		nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	snprintf(top, sizeof(top), "%s/nvcrun-path-XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(top) != NULL);
	CHECK_INT(mkdir(arena_printf(&arena, "%s/outside", top), 0755), 0);
	CHECK_INT(mkdir(arena_printf(&arena, "%s/root", top), 0755), 0);
	root_fd = open(arena_printf(&arena, "%s/root", top), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root_fd >= 0);
	CHECK_INT(mkdirat(root_fd, "etc", 0755), 0);
	CHECK_INT(mkdirat(root_fd, "a", 0755), 0);
	CHECK_INT(mkdirat(root_fd, "a/b", 0755), 0);
	make_file("etc/name", "inside");
	make_file("a/file", "a");
	make_link("/etc", "absolute");
	make_link("../../../../../../etc", "upwards");
	make_link("a/b/../../etc/name", "winding");
	make_link("loop", "loop");
	make_link(arena_printf(&arena, "%s/outside", top), "escape");
	make_link("/made/by/link", "dangling");
	make_link("../made-file", "a/dangling");
	make_link("/proc/self/root", "magic");
}

static const char *read_in(const char *path)
{
	cleanup_close int fd = -EBADF;
	char *text;
	size_t len;

	if (path_open_in(root_fd, path, O_RDONLY, &fd) < 0 ||
	    fd_read_all(fd, 64, &arena, &text, &len) < 0)
		return NULL;
	return text;
}

static int try_open(const char *path, int flags)
{
	int fd, r = path_open_in(root_fd, path, flags, &fd);

	if (r == 0)
		close(fd);
	return r;
}

static void check_resolving(void)
{
	CHECK_STR(read_in("/etc/name"), "inside");
	CHECK_STR(read_in("etc/name"), "inside");
	CHECK_STR(read_in("/absolute/name"), "inside");
	CHECK_STR(read_in("/upwards/name"), "inside");
	CHECK_STR(read_in("/winding"), "inside");
	CHECK_STR(read_in("/../../../etc/name"), "inside");
	CHECK_STR(read_in("//a//.//../etc/./name"), "inside");
	CHECK_INT(try_open("/", O_PATH | O_DIRECTORY), 0);
	CHECK_INT(try_open("", O_PATH | O_DIRECTORY), 0);
	CHECK_INT(try_open("..", O_PATH | O_DIRECTORY), 0);
}

static void check_refusing(void)
{
	CHECK_INT(try_open("/nothing", O_PATH), -ENOENT);
	CHECK_INT(try_open("/loop", O_PATH), -ELOOP);
	CHECK_INT(try_open("/loop/x", O_PATH), -ELOOP);
	CHECK_INT(try_open("/a/file/x", O_PATH), -ENOTDIR);
	CHECK_INT(try_open("/a/file", O_PATH | O_DIRECTORY), -ENOTDIR);
	CHECK_INT(try_open("/escape", O_PATH), -ENOENT);
	/* The link's text, not where procfs would jump to: there is no /proc in this root. */
	CHECK(try_open("/magic", O_PATH) < 0);
	/* The last link itself, when asked for. */
	CHECK_INT(try_open("/escape", O_PATH | O_NOFOLLOW), 0);
	CHECK_INT(try_open("/winding", O_RDONLY | O_NOFOLLOW), -ELOOP);
}

static void check_making(void)
{
	cleanup_close int dir_fd = -EBADF, file_fd = -EBADF, again_fd = -EBADF, parent_fd = -EBADF;
	const char *name;
	struct stat st;
	int fd;

	CHECK_INT(path_make_dirs_in(root_fd, "/escape/deep/er", 0750, &dir_fd), 0);
	CHECK(faccessat(root_fd, arena_printf(&arena, "./%s/outside/deep/er", top), F_OK, 0) == 0);
	CHECK_INT(path_make_target_in(root_fd, "/dangling/file", true, &file_fd), 0);
	CHECK_STR(read_in("/made/by/link/file"), "");
	CHECK_INT(path_make_target_in(root_fd, "/a/dangling", true, &again_fd), 0);
	CHECK_STR(read_in("/made-file"), "");
	CHECK_INT(path_make_target_in(root_fd, "/a/file", true, &fd), 0);
	close(fd);
	CHECK_STR(read_in("/a/file"), "a");
	CHECK_INT(path_make_target_in(root_fd, "/a/b", true, &fd), -EISDIR);
	CHECK_INT(path_make_target_in(root_fd, "/a/file", false, &fd), -ENOTDIR);
	CHECK_INT(path_make_target_in(root_fd, "/loop", true, &fd), -ELOOP);
	CHECK_INT(path_open_parent_in(root_fd, "/new/dir/leaf/", true, &arena, &parent_fd, &name),
		  0);
	CHECK_STR(name, "leaf");
	CHECK_INT(fstatat(root_fd, "new/dir", &st, 0), 0);
	CHECK_INT(path_open_parent_in(root_fd, "/..", true, &arena, &fd, &name), -EINVAL);
	CHECK_INT(path_open_parent_in(root_fd, "/", true, &arena, &fd, &name), -EINVAL);
}

static void check_outside_is_empty(void)
{
	CHECK_INT(rmdir(arena_printf(&arena, "%s/outside", top)), 0);
	CHECK_INT(mkdir(arena_printf(&arena, "%s/outside", top), 0755), 0);
}

static void check_all(void)
{
	check_resolving();
	check_refusing();
	check_making();
	check_outside_is_empty();
}

TEST(by_openat2)
{
	tree_make();
	check_all();
}

static void refuse_openat2(unsigned int code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_INT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
}

/* In a child, because a filter stays. What it prints of a failure is a TAP comment. */
static void check_without_openat2(unsigned int code)
{
	int status;
	pid_t pid;

	tree_make();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setjmp(test_failed))
			_exit(1);
		refuse_openat2(code);
		check_all();
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST(by_walk_when_missing)
{
	check_without_openat2(ENOSYS);
}

TEST(by_walk_when_refused)
{
	check_without_openat2(EPERM);
}

TEST(clean)
{
	CHECK_STR(path_clean(&arena, "/a/../b//./c/"), "/b/c");
	CHECK_STR(path_clean(&arena, "../.."), "/");
	CHECK_STR(path_clean(&arena, "relative"), "/relative");
	CHECK_STR(path_clean(&arena, ""), "/");
}

TEST(below)
{
	CHECK(path_is_below("/a/b", "/a"));
	CHECK(path_is_below("/a", "/a"));
	CHECK(!path_is_below("/ab", "/a"));
	CHECK(path_is_below("/x", "/"));
	CHECK(!path_is_below("/a", "/a/b"));
}

TEST_MAIN()
