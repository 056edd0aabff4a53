/* SPDX-License-Identifier: Apache-2.0 */
/* Paths inside a root, resolved by descriptor. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/syscalls.h"

#define LINKS_MAX   40
#define DEPTH_MAX   256
#define RETRIES_MAX 128

/*
 * One walk of a path below a root, a component at a time. The stack holds a descriptor of every directory
 * passed, so `..` goes back to where the walk really came from, whatever is renamed meanwhile.
 */
struct walk {
	struct arena *arena;
	int stack[DEPTH_MAX]; /* owned; stack[0] is a copy of the root's descriptor */
	int depth;
	const char *rest; /* still to walk */
	int links;
	bool make; /* create missing directories (the last component too) */
	mode_t mode;
};

static void walk_done(struct walk *walk)
{
	for (int i = 0; i <= walk->depth; i++)
		fd_close(walk->stack[i]);
}

static int walk_start(struct walk *walk, struct arena *arena, int root_fd, const char *path)
{
	walk->arena = arena;
	walk->depth = 0;
	walk->links = 0;
	walk->rest = path;
	walk->stack[0] = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	return walk->stack[0] < 0 ? -errno : 0;
}

/* Take the next component from the rest; NULL at the end. */
static const char *walk_next(struct walk *walk)
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(start, "/");

	walk->rest = start + len;
	return len ? arena_strndup(walk->arena, start, len) : NULL;
}

static bool walk_is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

/* Put the text of the symbolic link @fd in front of the rest. */
static int walk_follow(struct walk *walk, int fd)
{
	char target[PATH_MAX];
	ssize_t len;

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	target[len] = '\0';
	if (target[0] == '/') {
		while (walk->depth > 0)
			fd_close(walk->stack[walk->depth--]);
	}
	walk->rest = arena_printf(walk->arena, "%s/%s", target, walk->rest);
	return 0;
}

static int walk_push(struct walk *walk, int fd)
{
	if (walk->depth + 1 >= DEPTH_MAX)
		return -ENAMETOOLONG;
	walk->stack[++walk->depth] = fd;
	return 0;
}

/* Open @name below the top of the stack without following it; make it when wanted. */
static int walk_open(struct walk *walk, const char *name, int *ret_fd)
{
	int dir_fd = walk->stack[walk->depth];
	int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && walk->make) {
		if (mkdirat(dir_fd, name, walk->mode) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/*
 * One component further. @ret_leaf: set when the walk ended at something that is no directory (or at a
 * link with @nofollow); the caller owns it.
 */
static int walk_step(struct walk *walk, const char *name, bool nofollow, int *ret_leaf)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	if (str_eq(name, "."))
		return 0;
	if (str_eq(name, "..")) {
		if (walk->depth > 0)
			fd_close(walk->stack[walk->depth--]);
		return 0;
	}
	r = walk_open(walk, name, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && !(nofollow && walk_is_last(walk)))
		return walk_follow(walk, fd);
	if (S_ISDIR(st.st_mode)) {
		r = walk_push(walk, fd);
		if (r == 0)
			steal_fd(&fd);
		return r;
	}
	if (!walk_is_last(walk))
		return -ENOTDIR;
	*ret_leaf = steal_fd(&fd);
	return 0;
}

/* Walk to the end. @ret_fd: O_PATH descriptor of what is there. */
static int walk_all(struct walk *walk, bool nofollow, int *ret_fd)
{
	int leaf = -EBADF;
	const char *name;
	int r;

	while (leaf < 0 && (name = walk_next(walk))) {
		r = walk_step(walk, name, nofollow, &leaf);
		if (r < 0)
			return r;
	}
	if (leaf < 0)
		leaf = steal_fd(&walk->stack[walk->depth]);
	*ret_fd = leaf;
	return 0;
}

/* An O_PATH descriptor opened again with the flags that were asked for. */
static int reopen(int path_fd, int flags, int *ret_fd)
{
	char self[64];
	int fd;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", path_fd);
	fd = open(self, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int open_by_walk(int root_fd, const char *path, int flags, int *ret_fd)
{
	struct arena arena = { 0 };
	struct walk walk = { 0 };
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = walk_start(&walk, &arena, root_fd, path);
	if (r == 0) {
		r = walk_all(&walk, flags & O_NOFOLLOW, &fd);
		walk_done(&walk);
	}
	arena_done(&arena);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((flags & O_DIRECTORY) && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (flags & O_PATH) {
		*ret_fd = steal_fd(&fd);
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return reopen(fd, flags, ret_fd);
}

static bool is_refused(int code)
{
	/* Container managers' seccomp filters answer EPERM for calls they do not know. */
	return code == ENOSYS || code == EPERM;
}

int path_open_in(int root_fd, const char *path, int flags, int *ret_fd)
{
	struct sys_open_how how = { .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
				    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int tries = 0;
	int fd;

	if (!*path)
		path = "/";
	do
		fd = sys_openat2(root_fd, path, &how);
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RETRIES_MAX);
	if (fd < 0) {
		/* EAGAIN for ever: somebody renames directories all the time; the walk does not mind. */
		if (is_refused(errno) || errno == EAGAIN)
			return open_by_walk(root_fd, path, flags, ret_fd);
		return -errno;
	}
	*ret_fd = fd;
	return 0;
}

bool path_is_on_root_mount(int root_fd, const char *path)
{
	const struct sys_open_how how = { .flags = O_PATH | O_CLOEXEC,
					  .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
						     RESOLVE_NO_XDEV };
	cleanup_close int fd = sys_openat2(root_fd, *path ? path : "/", &how);
	struct stat root, st;

	if (fd >= 0 || !is_refused(errno))
		return fd >= 0 || errno != EXDEV;
	return path_open_in(root_fd, path, O_PATH, &fd) < 0 ||
	       (fstat(root_fd, &root) == 0 && fstat(fd, &st) == 0 && root.st_dev == st.st_dev);
}

int path_make_dirs_in(int root_fd, const char *path, mode_t mode, int *ret_fd)
{
	struct arena arena = { 0 };
	struct walk walk = { .make = true, .mode = mode };
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = path_open_in(root_fd, path, O_PATH | O_DIRECTORY, ret_fd);
	if (r != -ENOENT)
		return r;
	r = walk_start(&walk, &arena, root_fd, path);
	if (r == 0) {
		r = walk_all(&walk, false, &fd);
		walk_done(&walk);
	}
	arena_done(&arena);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int path_open_parent_in(int root_fd, const char *path, bool make, struct arena *arena, int *ret_fd,
			const char **ret_name)
{
	size_t len = strlen(path);
	const char *name, *parent;
	int r;

	while (len && path[len - 1] == '/')
		len--;
	path = arena_strndup(arena, path, len);
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (!*name || str_eq(name, ".") || str_eq(name, ".."))
		return -EINVAL;
	parent = arena_strndup(arena, path, (size_t)(name - path));
	if (make)
		r = path_make_dirs_in(root_fd, parent, 0755, ret_fd);
	else
		r = path_open_in(root_fd, parent, O_PATH | O_DIRECTORY, ret_fd);
	if (r == 0)
		*ret_name = name;
	return r;
}

/*
 * Walk to a file, making directories on the way and an empty file at the end. Links at the end are
 * followed like all others, so a dangling one has its target made.
 */
static int make_file(struct walk *walk, int *ret_fd)
{
	const char *name;
	int r;

	while ((name = walk_next(walk))) {
		int leaf = -EBADF;

		if (walk_is_last(walk) && !str_eq(name, ".") && !str_eq(name, "..")) {
			int fd = openat(walk->stack[walk->depth], name,
					O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

			if (fd < 0 && errno != EEXIST && errno != EISDIR)
				return -errno;
			fd_close(fd);
		}
		r = walk_step(walk, name, false, &leaf);
		if (r < 0)
			return r;
		if (leaf >= 0) {
			*ret_fd = leaf;
			return 0;
		}
	}
	return -EISDIR;
}

static int make_by_walk(int root_fd, const char *path, struct arena *arena, int *ret_fd)
{
	struct walk walk = { .make = true, .mode = 0755 };
	int r;

	r = walk_start(&walk, arena, root_fd, path);
	if (r == 0) {
		r = make_file(&walk, ret_fd);
		walk_done(&walk);
	}
	return r;
}

/*
 * The usual case without a walk: the directory is there, the file is not. -EAGAIN for all others: no directory, a
 * dangling link, somebody who exchanges files.
 */
static int make_in_parent(int root_fd, const char *path, struct arena *arena, int *ret_fd)
{
	cleanup_close int dir_fd = -EBADF, made_fd = -EBADF, fd = -EBADF;
	struct stat made, st;
	const char *name;

	if (path_open_parent_in(root_fd, path, false, arena, &dir_fd, &name) < 0)
		return -EAGAIN;
	made_fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (made_fd < 0 || fd < 0 || fstat(made_fd, &made) < 0 || fstat(fd, &st) < 0 ||
	    made.st_dev != st.st_dev || made.st_ino != st.st_ino)
		return -EAGAIN;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int path_make_target_in(int root_fd, const char *path, bool is_file, int *ret_fd)
{
	struct arena arena = { 0 };
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	if (!is_file)
		return path_make_dirs_in(root_fd, path, 0755, ret_fd);
	r = path_open_in(root_fd, path, O_PATH, &fd);
	if (r == -ENOENT) {
		r = make_in_parent(root_fd, path, &arena, &fd);
		if (r < 0)
			r = make_by_walk(root_fd, path, &arena, &fd);
		arena_done(&arena);
	}
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	*ret_fd = steal_fd(&fd);
	return 0;
}

char *path_clean(struct arena *arena, const char *path)
{
	struct strings parts = str_split(arena, path, '/', false);
	struct strings kept = { 0 };
	struct strbuf buf = { .arena = arena };

	VEC_EACH(part, &parts) {
		if (str_eq(*part, "."))
			continue;
		if (!str_eq(*part, ".."))
			VEC_PUSH(&kept, arena, *part);
		else if (kept.count)
			kept.count--;
	}
	if (!kept.count)
		return arena_strdup(arena, "/");
	VEC_EACH(part, &kept)
		strbuf_addf(&buf, "/%s", *part);
	return buf.text;
}

bool path_is_below(const char *path, const char *dir)
{
	const char *rest;

	if (str_eq(dir, "/"))
		return path[0] == '/';
	rest = str_after(path, dir);
	return rest && (*rest == '\0' || *rest == '/');
}

char *path_real(struct arena *arena, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? arena_strdup(arena, real) : NULL;
}

char *path_absolute(struct arena *arena, const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return arena_strdup(arena, path);
	return arena_printf(arena, "%s/%s", cwd, path);
}
