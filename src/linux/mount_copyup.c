/* SPDX-License-Identifier: Apache-2.0 */
/* The option `tmpcopyup`. */
#include "linux/mount_copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

#define DEPTH_MAX 128	      /* directories below each other; two descriptors each */
#define CHUNK	  (1U << 30)  /* bytes for one sendfile(2) */
#define XATTR_MAX (64 * 1024) /* the kernel's limit for a value and for the list of names */

/* A name in both trees. */
struct entry {
	int from_dir, to_dir;
	const char *name;
	struct stat st;
	size_t depth;
};

static int copy_dir(int from_fd, int to_fd, size_t depth, struct err *err);

static int err_copy(struct err *err, const struct entry *entry, const char *what)
{
	return err_errno(err, "tmpcopyup: %s `%s`", what, entry->name);
}

/* Those that the new file system takes: not all have every kind, nor has root of a namespace every right. */
static int copy_xattrs(int from_fd, int to_fd)
{
	struct arena arena = { 0 };
	char *names, *value;
	ssize_t len;
	int r = 0;

	if (flistxattr(from_fd, NULL, 0) <= 0)
		return 0;
	names = arena_alloc(&arena, XATTR_MAX);
	value = arena_alloc(&arena, XATTR_MAX);
	len = flistxattr(from_fd, names, XATTR_MAX);
	for (const char *name = names; r == 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from_fd, name, value, XATTR_MAX);

		if (size >= 0 && fsetxattr(to_fd, name, value, (size_t)size, 0) < 0 &&
		    errno != ENOTSUP && errno != EPERM && errno != EACCES)
			r = -errno;
	}
	arena_done(&arena);
	return r;
}

/* Attributes before times, which they would change; both of an open file or directory. */
static int copy_marks(int from_fd, int to_fd, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	int r = copy_xattrs(from_fd, to_fd);

	return r == 0 && futimens(to_fd, times) < 0 ? -errno : r;
}

/* An owner that the user namespace does not map cannot be kept. The mode last: chown(2) clears bits of it. */
static int copy_rights(int fd, const struct stat *st)
{
	if (fchown(fd, st->st_uid, st->st_gid) < 0 && errno != EINVAL)
		return -errno;
	return fchmod(fd, st->st_mode & 07777) < 0 ? -errno : 0;
}

static int finish(const struct entry *entry, int from_fd, int to_fd, struct err *err)
{
	int r = copy_rights(to_fd, &entry->st);

	if (r == 0)
		r = copy_marks(from_fd, to_fd, &entry->st);
	return r < 0 ? err_code(err, r, "tmpcopyup: set the attributes of `%s`", entry->name) : 0;
}

static int copy_file(const struct entry *entry, struct err *err)
{
	cleanup_close int from_fd = openat(entry->from_dir, entry->name,
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int to_fd = -EBADF;
	ssize_t n;

	if (from_fd < 0)
		return err_copy(err, entry, "open");
	to_fd = openat(entry->to_dir, entry->name,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return err_copy(err, entry, "create");
	do
		n = sendfile(to_fd, from_fd, NULL, CHUNK);
	while (n > 0);
	if (n < 0)
		return err_copy(err, entry, "copy");
	return finish(entry, from_fd, to_fd, err);
}

static int copy_subdir(const struct entry *entry, struct err *err)
{
	cleanup_close int from_fd = openat(entry->from_dir, entry->name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int to_fd = -EBADF;
	struct stat parent;
	int r = 0;

	if (from_fd < 0)
		return err_copy(err, entry, "open");
	if (mkdirat(entry->to_dir, entry->name, 0700) < 0)
		return err_copy(err, entry, "create");
	to_fd = openat(entry->to_dir, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to_fd < 0 || fstat(entry->from_dir, &parent) < 0)
		return err_copy(err, entry, "open");
	if (parent.st_dev == entry->st.st_dev)
		r = copy_dir(from_fd, to_fd, entry->depth + 1, err);
	return r < 0 ? r : finish(entry, from_fd, to_fd, err);
}

/* What cannot be opened has its attributes set by name. */
static int finish_name(const struct entry *entry, struct err *err)
{
	const struct timespec times[] = { entry->st.st_atim, entry->st.st_mtim };
	const struct stat *st = &entry->st;

	if (fchownat(entry->to_dir, entry->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EINVAL)
		return err_copy(err, entry, "set the owner of");
	if (!S_ISLNK(st->st_mode) &&
	    fchmodat(entry->to_dir, entry->name, st->st_mode & 07777, 0) < 0)
		return err_copy(err, entry, "set the mode of");
	if (utimensat(entry->to_dir, entry->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_copy(err, entry, "set the times of");
	return 0;
}

static int copy_link(const struct entry *entry, struct err *err)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(entry->from_dir, entry->name, target, sizeof(target) - 1);

	if (len < 0)
		return err_copy(err, entry, "read the link");
	target[len] = '\0';
	if (symlinkat(target, entry->to_dir, entry->name) < 0)
		return err_copy(err, entry, "create");
	return finish_name(entry, err);
}

/* In a user namespace no device can be made, and none could be used here: it is left out. */
static int copy_node(const struct entry *entry, struct err *err)
{
	if (mknodat(entry->to_dir, entry->name, entry->st.st_mode, entry->st.st_rdev) == 0)
		return finish_name(entry, err);
	return errno == EPERM && !S_ISFIFO(entry->st.st_mode) ? 0 : err_copy(err, entry, "create");
}

static int copy_entry(const struct entry *entry, struct err *err)
{
	/* A socket without its server is of no use. */
	static const struct {
		mode_t type;
		int (*copy)(const struct entry *entry, struct err *err);
	} kinds[] = {
		{ S_IFREG, copy_file }, { S_IFDIR, copy_subdir }, { S_IFLNK, copy_link },
		{ S_IFCHR, copy_node }, { S_IFBLK, copy_node },	  { S_IFIFO, copy_node },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if ((entry->st.st_mode & S_IFMT) == kinds[i].type)
			return kinds[i].copy(entry, err);
	}
	return 0;
}

static int copy_dir(int from_fd, int to_fd, size_t depth, struct err *err)
{
	struct entry entry = { .from_dir = from_fd, .to_dir = to_fd, .depth = depth };
	/* A description of its own: closedir(3) closes it, and reading moves it. */
	int list_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *item;
	int r = 0;

	if (!dir)
		return err_errno(err, "tmpcopyup: read a directory");
	if (depth > DEPTH_MAX)
		return err_set(err, ELOOP, "tmpcopyup: more than %d directories below each other",
			       DEPTH_MAX);
	while (r == 0 && (item = readdir(dir))) {
		if (str_eq(item->d_name, ".") || str_eq(item->d_name, ".."))
			continue;
		entry.name = item->d_name;
		if (fstatat(from_fd, item->d_name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_copy(err, &entry, "stat");
		r = copy_entry(&entry, err);
	}
	return r;
}

int mount_copy_up(int from_fd, int to_fd, bool owner, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(from_fd, &st) < 0)
		return err_errno(err, "tmpcopyup: stat the directory");
	r = copy_dir(from_fd, to_fd, 0, err);
	if (r < 0)
		return r;
	if (owner && fchown(to_fd, st.st_uid, st.st_gid) < 0 && errno != EINVAL)
		return err_errno(err, "tmpcopyup: set the owner of the mount");
	r = copy_marks(from_fd, to_fd, &st);
	return r < 0 ? err_code(err, r, "tmpcopyup: set the attributes of the mount") : 0;
}
