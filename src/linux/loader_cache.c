/* SPDX-License-Identifier: Apache-2.0 */
/* The loader's cache of a container that gets libraries of its host. */
#include "linux/loader_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/mount.h"

/* glibc's loaders: fixed by the ABIs, because every program names its own. */
static const struct loader {
	uint32_t flags;
	const char *path;
} loaders[] = {
#if defined(__x86_64__)
	{ LDSO_FLAGS_OWN, "/lib64/ld-linux-x86-64.so.2" },
	{ LDSO_FLAGS_32, "/lib/ld-linux.so.2" },
#elif defined(__aarch64__)
	{ LDSO_FLAGS_OWN, "/lib/ld-linux-aarch64.so.1" },
	{ LDSO_FLAGS_32, "/lib/ld-linux-armhf.so.3" },
#elif defined(__powerpc64__)
	{ LDSO_FLAGS_OWN, "/lib64/ld64.so.2" },
#else
	{ LDSO_FLAGS_OWN, "/lib/ld-linux.so.2" },
#endif
};

/* A real one has some thousand entries, 200 KiB: what init needs for more might not fit into the container's limit. */
#define CACHE_SIZE_MAX (2 * 1024 * 1024)

#define PROC_MAGIC 0x9fa0

static bool exists(int root_fd, const char *path)
{
	cleanup_close int fd = -EBADF;

	return path_open_in(root_fd, path, O_PATH, &fd) == 0;
}

/* Those that a loader in the container could load. */
static struct ldso_libraries loadable(int root_fd, const struct ldso_libraries *libraries,
				      struct arena *arena)
{
	struct ldso_libraries found = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		if (!exists(root_fd, loaders[i].path))
			continue;
		VEC_EACH(library, libraries) {
			if (library->flags == loaders[i].flags)
				VEC_PUSH(&found, arena, *library);
		}
	}
	return found;
}

/*
 * Whether a loader searches @dir without being told. Its directories are compiled in, but the C library is found in
 * them, too: they are where that lies, and the same below or outside of /usr.
 */
static bool is_searched(int root_fd, const char *dir, struct arena *arena)
{
	const char *outside = str_after(dir, "/usr/");

	if (exists(root_fd, arena_printf(arena, "%s/libc.so.6", dir)))
		return true;
	if (outside)
		return exists(root_fd, arena_printf(arena, "/%s/libc.so.6", outside));
	return exists(root_fd, arena_printf(arena, "/usr%s/libc.so.6", dir));
}

static bool all_are_searched(int root_fd, const struct ldso_libraries *libraries,
			     struct arena *arena)
{
	const char *last = "";

	VEC_EACH(library, libraries) {
		const char *dir =
			arena_strndup(arena, library->path,
				      (size_t)(strrchr(library->path, '/') - library->path));

		/* Mostly it is one directory for all. */
		if (!str_eq(dir, last) && !is_searched(root_fd, dir, arena))
			return false;
		last = dir;
	}
	return true;
}

/* A link of the image may lead to a file of the kernel: to read /proc/kmsg takes the host's messages away. */
static int refuse_proc(int fd, const char *path, struct err *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return err_errno(err, "statfs %s in the container", path);
	if (fs.f_type == PROC_MAGIC)
		return err_set(err, EPERM, "%s in the container leads to a file of procfs", path);
	return 0;
}

/* @ret_len: 0: there is none. An empty file is none, too: so is a mount point that an earlier run made. */
static int read_cache(int root_fd, const char *path, struct arena *arena, char **ret_data,
		      size_t *ret_len, struct err *err)
{
	cleanup_close int path_fd = -EBADF, fd = -EBADF;
	struct stat st;
	int r;

	*ret_len = 0;
	r = path_open_in(root_fd, path, O_PATH, &path_fd);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_code(err, r, "open %s in the container", path);
	/* Looked at before it is opened: a device may do something then. */
	if (fstat(path_fd, &st) < 0)
		return err_errno(err, "stat %s in the container", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s in the container is no regular file", path);
	r = refuse_proc(path_fd, path, err);
	if (r < 0)
		return r;
	if (st.st_size > CACHE_SIZE_MAX)
		return err_set(err, EFBIG, "%s in the container is larger than %d bytes", path,
			       CACHE_SIZE_MAX);
	r = path_open_in(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
	if (r == 0)
		r = fd_read_all(fd, CACHE_SIZE_MAX, arena, ret_data, ret_len);
	return r < 0 ? err_code(err, r, "read %s in the container", path) : 0;
}

/* By a temporary name and rename(2): programs in other containers on the same tree see old or new. */
static int replace_file(int root_fd, const char *path, const struct ldso_merged *merged,
			struct arena *arena)
{
	cleanup_close int dir_fd = -EBADF, fd = -EBADF;
	const char *name, *temporary;
	uint64_t number;
	int r;

	r = path_open_parent_in(root_fd, path, true, arena, &dir_fd, &name);
	if (r < 0)
		return r;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	temporary = arena_printf(arena, ".nvcrun-%016" PRIx64, number);
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, merged->data, merged->len);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temporary, 0);
	return r;
}

/* Cover the directory @dir of the cache with a tmpfs. @ret_fd: its root. */
static int cover(int root_fd, const struct rootfs_op *op, const char *dir, struct arena *arena,
		 int *ret_fd, struct err *err)
{
	cleanup_close int below_fd = -EBADF, fd = -EBADF;
	struct stat below, above;
	int r;

	r = path_open_in(root_fd, dir, O_PATH | O_DIRECTORY, &below_fd);
	if (r < 0)
		return err_code(err, r, "open %s in the container", dir);
	r = mount_new(below_fd, op->fstype, op->source, &op->flags, arena, err);
	if (r < 0)
		return r;
	r = path_open_in(root_fd, dir, O_RDONLY | O_DIRECTORY, &fd);
	if (r < 0 || fstat(below_fd, &below) < 0 || fstat(fd, &above) < 0 ||
	    below.st_dev == above.st_dev)
		return err_code(err, r < 0 ? r : -EXDEV, "open the new tmpfs on %s", dir);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Write the file into the tmpfs @dir_fd, and bind it at @target_fd. */
static int bind_new_file(int target_fd, int dir_fd, const struct ldso_merged *merged,
			 struct err *err)
{
	static const struct mount_flags flags = { .bind = true };
	cleanup_close int fd = openat(dir_fd, "ld.so.cache",
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_errno(err, "create the private copy");
	r = fd_write_all(fd, merged->data, merged->len);
	if (r < 0)
		return err_code(err, r, "write the private copy");
	return mount_bind(target_fd, fd, &flags, err);
}

static int uncover(int dir_fd, const char *dir, struct err *err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
	return umount2(path, MNT_DETACH) < 0 ? err_errno(err, "unmount the tmpfs on %s", dir) : 0;
}

/* Only now that nothing covers it: before Linux 5.12 a mount is found by its path. */
static int seal(int root_fd, const char *path, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r = path_open_in(root_fd, path, O_PATH, &fd);

	if (r < 0)
		return err_code(err, r, "open the private copy");
	r = mount_set_propagation(fd, MS_PRIVATE, err);
	return r == 0 ? mount_set_attr(fd, MOUNT_ATTR_RDONLY, 0, false, err) : r;
}

/*
 * A file system must be mounted somewhere before one of its files can be bound elsewhere: for that moment the new
 * tmpfs covers the directory of the cache. What is bound keeps it alive.
 */
static int bind_copy(int root_fd, const struct rootfs_op *op, const struct ldso_merged *merged,
		     struct arena *arena, struct err *err)
{
	const char *dir =
		arena_strndup(arena, op->dest, (size_t)(strrchr(op->dest, '/') - op->dest));
	cleanup_close int target_fd = -EBADF, dir_fd = -EBADF;
	int bound, r;

	r = path_make_target_in(root_fd, op->dest, true, &target_fd);
	if (r < 0)
		return err_code(err, r, "make the mount point %s", op->dest);
	r = refuse_proc(target_fd, op->dest, err);
	if (r < 0)
		return r;
	r = cover(root_fd, op, dir, arena, &dir_fd, err);
	if (r < 0)
		return r;
	bound = bind_new_file(target_fd, dir_fd, merged, err);
	r = uncover(dir_fd, dir, bound < 0 ? NULL : err);
	if (bound < 0 || r < 0)
		return bound < 0 ? bound : r;
	return seal(root_fd, op->dest, err);
}

/* The directory of @path: a volume there is not ours to change, nor is what a link leads to outside of the image. */
static bool is_of_image(int root_fd, const char *path, struct arena *arena)
{
	return path_is_on_root_mount(
		root_fd, arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path)));
}

static int place(int root_fd, const struct rootfs_op *op, const struct ldso_merged *merged,
		 struct arena *arena, struct err *err)
{
	int r = -EROFS;

	if (!op->private_copy && is_of_image(root_fd, op->dest, arena))
		r = replace_file(root_fd, op->dest, merged, arena);
	/* Read-only, a mount point itself, of a user unknown here … */
	return r < 0 ? bind_copy(root_fd, op, merged, arena, err) : 0;
}

static int update(int root_fd, const struct rootfs_op *op, const struct ldso_libraries *libraries,
		  struct arena *arena, struct err *err)
{
	struct ldso_cache cache;
	struct ldso_merged merged;
	char *data = NULL;
	size_t len;
	int r;

	r = read_cache(root_fd, op->dest, arena, &data, &len, err);
	if (r == 0 && len)
		r = ldso_cache_parse(data, len, &cache, err);
	if (r == 0)
		r = ldso_cache_merge(len ? &cache : NULL, libraries, arena, &merged, err);
	if (r < 0 || !merged.changed)
		return r;
	if (!merged.replaced && !op->loader_cache->always &&
	    all_are_searched(root_fd, libraries, arena))
		return 0;
	return place(root_fd, op, &merged, arena, err);
}

int loader_cache_update(int root_fd, const struct rootfs_op *op, struct arena *arena,
			struct err *err)
{
	const struct ldso_libraries libraries =
		loadable(root_fd, &op->loader_cache->libraries, arena);
	int r;

	if (!libraries.count && exists(root_fd, LDSO_MUSL_LOADER))
		return err_set(err, ENOEXEC,
			       "the C library of the image is musl, the libraries need glibc: take "
			       "another image, or install gcompat");
	if (!libraries.count)
		return 0;
	r = update(root_fd, op, &libraries, arena, err);
	if (r < 0)
		return err_prefix(err, "left as it is, so libraries of the image may be loaded "
				       "instead of the driver's, run ldconfig in the image");
	return 0;
}
