/* SPDX-License-Identifier: Apache-2.0 */
/* The user mode driver on the host. */
#include "nvidia/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/ldso_cache.h"
#include "base/path.h"
#include "nvidia/elf.h"

#define VERSION_FILE_MAX (64 * 1024)

/* Either of them marks a directory as one of the driver's. */
static const char *const main_libraries[] = { "libcuda.so", "libnvidia-ml.so" };

/* Where distributions, the GPU operator, WSL and NixOS put the driver, after settings and cache. */
static const char *const usual_dirs64[] = {
	"/usr/lib64",
	"/usr/lib/" NV_TRIPLET,
	"/usr/lib/" NV_TRIPLET "/nvidia/current",
	"/usr/lib/" NV_TRIPLET "/nvidia",
	"/lib64",
	"/lib/" NV_TRIPLET,
	"/lib/" NV_TRIPLET "/nvidia/current",
	"/usr/lib",
	"/lib",
	"/usr/local/nvidia/lib64",
	"/usr/lib/wsl/lib",
	"/run/opengl-driver/lib",
	"/usr/lib/nvidia",
};

static const char *const usual_dirs32[] = {
	"/usr/lib/" NV_TRIPLET32,
	"/usr/lib/" NV_TRIPLET32 "/nvidia/current",
	"/usr/lib/" NV_TRIPLET32 "/nvidia",
	"/lib/" NV_TRIPLET32,
	"/usr/lib32",
	"/lib32",
	"/usr/lib",
	"/lib",
	"/run/opengl-driver-32/lib",
};

/* Those which hold the whole driver, so that nothing of it is anywhere else. */
static const char *const whole_dirs[] = {
	"/usr/local/nvidia/lib64",
	"/usr/lib/wsl/lib",
	"/run/opengl-driver/lib",
	"/run/opengl-driver-32/lib",
};

/* What tells the libraries of 64-bit programs from those of 32-bit ones. */
static const struct abi {
	int bits;
	uint32_t cache_flags;
	const char *const *usual_dirs;
	size_t usual_count;
} abi64 = { 64, LDSO_FLAGS_OWN, usual_dirs64, ARRAY_SIZE(usual_dirs64) },
  abi32 = { 32, LDSO_FLAGS_32, usual_dirs32, ARRAY_SIZE(usual_dirs32) };

/* The search for the main libraries. */
struct search {
	const struct nv_driver *driver;
	const struct abi *abi;
	struct arena *arena;
	struct strings dirs;   /* those that have one */
	struct strings looked; /* directories tried, for the error */
	bool found[ARRAY_SIZE(main_libraries)];
	const char *stale; /* host path of a main library of another version */
};

/* Digits with dots between them. @len: how much of @text is it. */
static bool is_version(const char *text, size_t len)
{
	bool dot = false;

	for (size_t i = 0; i < len; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (!digit && (text[i] != '.' || i == 0 || i == len - 1 || text[i - 1] == '.'))
			return false;
		dot |= !digit;
	}
	return dot;
}

/*
 * `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (…)`, or
 * `… Kernel Module  550.54.14  Thu …`: the first word behind `Kernel Module` that is a version.
 */
static const char *version_of_line(const char *text, struct arena *arena)
{
	const char *at = strstr(text, "Kernel Module");

	while (at && *at && *at != '\n') {
		size_t len = strcspn(at, " \t\n");

		if (is_version(at, len))
			return arena_strndup(arena, at, len);
		at += len;
		at += strspn(at, " \t");
	}
	return NULL;
}

static const char *version_of_file(const char *text, struct arena *arena)
{
	const char *version = str_trim(arena, text);

	return is_version(version, strlen(version)) ? version : NULL;
}

int nv_driver_version(const struct nv_settings *settings, struct arena *arena,
		      const char **ret_version, struct err *err)
{
	const struct {
		const char *path;
		const char *(*parse)(const char *text, struct arena *arena);
	} sources[] = {
		{ arena_printf(arena, "%s/module/nvidia/version", settings->testing.sys_root),
		  version_of_file },
		{ arena_printf(arena, "%s/driver/nvidia/version", settings->testing.proc_root),
		  version_of_line },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const char *version;
		size_t len;
		char *text;
		int r;

		r = fd_read_file(AT_FDCWD, sources[i].path, VERSION_FILE_MAX, arena, &text, &len);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r < 0)
			return err_code(err, r, "read driver version from %s", sources[i].path);
		version = sources[i].parse(text, arena);
		if (!version)
			return err_set(err, EINVAL, "%s: no driver version in it", sources[i].path);
		*ret_version = version;
		return 0;
	}
	return -ENODEV;
}

int nv_host_path(int fd, struct arena *arena, const char **ret_path)
{
	char self[64], path[PATH_MAX];
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	len = readlink(self, path, sizeof(path));
	if (len < 0)
		return -errno;
	if (len == sizeof(path) || path[0] != '/')
		return -ENAMETOOLONG;
	*ret_path = arena_strndup(arena, path, (size_t)len);
	return 0;
}

static int open_kind(const struct nv_driver *driver, const char *path, int flags, mode_t type,
		     int *ret_fd)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = path_open_in(driver->root_fd, path, flags, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & S_IFMT) != type)
		return -ENOENT;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int nv_driver_open_file(const struct nv_driver *driver, const char *path, struct arena *arena,
			int *ret_fd, const char **ret_host_path)
{
	cleanup_close int fd = -EBADF;
	int r;

	/* O_NONBLOCK: a FIFO must not hang us before fstat tells. */
	r = open_kind(driver, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, S_IFREG, &fd);
	if (r == 0)
		r = nv_host_path(fd, arena, ret_host_path);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int nv_driver_find_endpoint(const struct nv_driver *driver, const char *path, mode_t type,
			    struct arena *arena, const char **ret_host_path)
{
	cleanup_close int fd = -EBADF;
	struct stat st;
	int r;

	r = open_kind(driver, path, O_PATH | O_NOFOLLOW, type, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (type == S_IFDIR && st.st_uid != 0 && st.st_uid != geteuid())
		return -EPERM;
	return nv_host_path(fd, arena, ret_host_path);
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

struct strings nv_driver_list(const struct nv_driver *driver, const char *dir, const char *prefix,
			      const char *suffix, struct arena *arena)
{
	struct strings names = { 0 };
	cleanup_close int fd = -EBADF;
	cleanup_dir DIR *stream = NULL;
	const struct dirent *entry;

	if (path_open_in(driver->root_fd, dir, O_RDONLY | O_DIRECTORY, &fd) < 0)
		return names;
	stream = fdopendir(fd);
	if (!stream)
		return names;
	(void)steal_fd(&fd);
	while ((entry = readdir(stream))) {
		if (str_has_prefix(entry->d_name, prefix) && str_has_suffix(entry->d_name, suffix))
			VEC_PUSH(&names, arena, arena_strdup(arena, entry->d_name));
	}
	if (names.count)
		qsort(names.items, names.count, sizeof(names.items[0]), compare_names);
	return names;
}

static bool has_all(const struct search *search)
{
	for (size_t i = 0; i < ARRAY_SIZE(main_libraries); i++) {
		if (!search->found[i])
			return false;
	}
	return true;
}

/* What is no ELF file at all counts: that it is damaged is said when it is to be mounted. */
static bool is_library(const struct search *search, const char *path)
{
	cleanup_close int fd = -EBADF;
	const char *host_path;
	int bits;

	if (nv_driver_open_file(search->driver, path, search->arena, &fd, &host_path) < 0)
		return false;
	bits = nv_elf_bits(fd);
	return bits == search->abi->bits || (bits < 0 && search->abi == &abi64);
}

/* Take @dir, a path in the driver's root, when it has a main library that was not found before. */
static void try_directory(struct search *search, const char *dir)
{
	const struct nv_driver *driver = search->driver;
	bool useful = false;

	if (has_all(search) || strings_have(&search->looked, dir))
		return;
	VEC_PUSH(&search->looked, search->arena, dir);
	for (size_t i = 0; i < ARRAY_SIZE(main_libraries); i++) {
		const char *file;

		if (search->found[i])
			continue;
		file = arena_printf(search->arena, "%s/%s.%s", dir, main_libraries[i],
				    driver->version);
		if (is_library(search, file))
			search->found[i] = useful = true;
	}
	if (useful)
		VEC_PUSH(&search->dirs, search->arena, dir);
}

static void try_directories(struct search *search, const char *const *dirs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		try_directory(search, dirs[i]);
}

/* The version that a library's file name ends with, NULL when it has none. */
static const char *version_of_name(const char *path)
{
	const char *suffix = strstr(strrchr(path, '/'), ".so.");

	if (!suffix)
		return NULL;
	suffix += strlen(".so.");
	return is_version(suffix, strlen(suffix)) ? suffix : NULL;
}

/* The host path of the library that `libcuda.so.1` at @path leads to, if its version is not the driver's. */
static const char *stale_behind(const struct nv_driver *driver, const char *path,
				struct arena *arena)
{
	cleanup_close int fd = -EBADF;
	const char *host_path, *version;

	if (nv_driver_open_file(driver, path, arena, &fd, &host_path) < 0)
		return NULL;
	version = version_of_name(host_path);
	return version && !str_eq(version, driver->version) ? host_path : NULL;
}

static int version_mismatch(const struct nv_driver *driver, const char *stale, struct err *err)
{
	return err_set(err, ENOENT,
		       "driver version mismatch: the kernel module is %s, the library %s is %s: "
		       "reload the module or reboot",
		       driver->version, stale, version_of_name(stale));
}

/*
 * The directory of the file that `libcuda.so.1` at @path leads to, in the driver's root; a file of
 * another version is remembered for the error.
 */
static const char *directory_behind(struct search *search, const char *path)
{
	const struct nv_driver *driver = search->driver;
	cleanup_close int fd = -EBADF;
	const char *host_path = NULL, *inside, *stale;

	if (nv_driver_open_file(driver, path, search->arena, &fd, &host_path) < 0)
		return NULL;
	stale = stale_behind(driver, path, search->arena);
	if (stale)
		search->stale = stale;
	inside = str_after(host_path, driver->root);
	if (!inside || inside[0] != '/')
		return NULL;
	return arena_strndup(search->arena, inside, (size_t)(strrchr(inside, '/') - inside));
}

static int open_cache(const struct nv_settings *settings, const struct nv_driver *driver,
		      int *ret_fd)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	if (!settings->ldcache)
		return path_open_in(driver->root_fd, "/etc/ld.so.cache", flags, ret_fd);
	*ret_fd = open(settings->ldcache, flags);
	return *ret_fd < 0 ? -errno : 0;
}

/* As ldso_cache_find(), for either ABI. */
static const char *find_in_cache(const struct ldso_cache *cache, const char *name, uint32_t flags)
{
	for (size_t i = 0; i < cache->count; i++) {
		struct ldso_entry entry = ldso_cache_entry(cache, i);

		if (entry.flags == flags && str_eq(entry.name, name))
			return entry.path;
	}
	return NULL;
}

/*
 * Directories that the driver root's loader cache names. No cache is no error (NixOS has none); nor
 * is a malformed one, unless the settings name it: the usual places remain.
 */
static int try_cache(struct search *search, const struct nv_settings *settings, struct err *err)
{
	struct arena *arena = search->arena;
	cleanup_close int fd = -EBADF;
	struct ldso_cache cache;
	size_t len;
	char *data;
	int r;

	r = open_cache(settings, search->driver, &fd);
	if (r >= 0)
		r = fd_read_all(fd, LDSO_CACHE_SIZE_MAX, arena, &data, &len);
	if (r < 0 && settings->ldcache)
		return err_code(err, r, "read %s", settings->ldcache);
	if (r >= 0) {
		r = ldso_cache_parse(data, len, &cache, settings->ldcache ? err : NULL);
		if (r < 0 && settings->ldcache)
			return err_prefix(err, "%s", settings->ldcache);
	}
	if (r < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(main_libraries); i++) {
		const char *soname = arena_printf(arena, "%s.1", main_libraries[i]);
		const char *path = find_in_cache(&cache, soname, search->abi->cache_flags);
		const char *dir = path ? directory_behind(search, path) : NULL;

		if (dir)
			try_directory(search, dir);
	}
	return 0;
}

static int not_found(struct search *search, struct err *err)
{
	const struct nv_driver *driver = search->driver;
	struct arena *arena = search->arena;
	struct strbuf list = { .arena = arena };

	VEC_EACH(dir, &search->looked) {
		directory_behind(search, arena_printf(arena, "%s/%s.1", *dir, main_libraries[0]));
		strbuf_addf(&list, "%s%s", list.len ? ", " : "", *dir);
	}
	if (search->stale)
		return version_mismatch(driver, search->stale, err);
	return err_set(err, ENOENT,
		       "no libcuda.so.%s or libnvidia-ml.so.%s below driver root %s/: looked in %s",
		       driver->version, driver->version, driver->root, strbuf_text(&list));
}

static int search_libraries(const struct nv_settings *settings, struct search *search,
			    struct err *err)
{
	int r;

	try_directories(search, settings->library_dirs.items, settings->library_dirs.count);
	if (!has_all(search)) {
		r = try_cache(search, settings, err);
		if (r < 0)
			return r;
	}
	try_directories(search, search->abi->usual_dirs, search->abi->usual_count);
	return 0;
}

/* The same directory by another name: /lib is /usr/lib in most distributions. */
struct place {
	dev_t dev;
	ino_t ino;
};
struct places {
	VEC(struct place) items;
};

/* Whether @dir is there, and new to @places; it is noted then. */
static bool note_place(const struct search *search, const char *dir, struct places *places)
{
	cleanup_close int fd = -EBADF;
	struct stat st;

	if (path_open_in(search->driver->root_fd, dir, O_PATH | O_DIRECTORY, &fd) < 0 ||
	    fstat(fd, &st) < 0)
		return false;
	VEC_EACH(place, &places->items) {
		if (place->dev == st.st_dev && place->ino == st.st_ino)
			return false;
	}
	*VEC_ADD(&places->items, search->arena) = (struct place){ st.st_dev, st.st_ino };
	return true;
}

static bool is_whole(const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole_dirs); i++) {
		if (str_eq(dir, whole_dirs[i]))
			return true;
	}
	return false;
}

/*
 * The other usual places: some distributions spread the driver. A file of the driver's version is the
 * driver's wherever it lies.
 */
static struct strings further_dirs(const struct search *search)
{
	struct places places = { 0 };
	struct strings dirs = { 0 };

	if (search->dirs.count == 1 && is_whole(search->dirs.items[0]))
		return dirs;
	VEC_EACH(dir, &search->dirs)
		(void)note_place(search, *dir, &places);
	for (size_t i = 0; i < search->abi->usual_count; i++) {
		if (note_place(search, search->abi->usual_dirs[i], &places))
			VEC_PUSH(&dirs, search->arena, search->abi->usual_dirs[i]);
	}
	return dirs;
}

static int find_libraries(const struct nv_settings *settings, struct nv_driver *driver,
			  struct arena *arena, struct err *err)
{
	struct search search = { .driver = driver, .abi = &abi64, .arena = arena };
	int r;

	r = search_libraries(settings, &search, err);
	if (r < 0)
		return r;
	if (!search.dirs.count)
		return not_found(&search, err);
	driver->library_dirs = search.dirs;
	driver->further_dirs = further_dirs(&search);
	return 0;
}

int nv_driver_find_libraries32(const struct nv_driver *driver, const struct nv_settings *settings,
			       struct arena *arena, struct strings *ret_dirs,
			       struct strings *ret_further, struct err *err)
{
	struct search search = { .driver = driver, .abi = &abi32, .arena = arena };
	int r;

	r = search_libraries(settings, &search, err);
	if (r < 0)
		return r;
	*ret_dirs = search.dirs;
	*ret_further = further_dirs(&search);
	return 0;
}

int nv_driver_check_version(const struct nv_driver *driver, const char *library,
			    struct arena *arena, struct err *err)
{
	VEC_EACH(dir, &driver->library_dirs) {
		const char *stale = stale_behind(
			driver, arena_printf(arena, "%s/%s.so.1", *dir, library), arena);

		if (stale)
			return version_mismatch(driver, stale, err);
	}
	return 0;
}

static int open_directory(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(err, "open %s", path) : 0;
}

static int open_root(const struct nv_settings *settings, struct arena *arena,
		     struct nv_driver *driver, struct err *err)
{
	struct stat st;
	int r;

	r = open_directory(settings->driver_root, &driver->root_fd, err);
	if (r < 0)
		return err_prefix(err, "driver root");
	if (fstat(driver->root_fd, &st) < 0)
		return err_errno(err, "stat %s", settings->driver_root);
	if (!nv_is_trusted(&st))
		return err_set(err, EPERM,
			       "driver root %s: must be owned by root and writable by root alone",
			       settings->driver_root);
	r = nv_host_path(driver->root_fd, arena, &driver->root);
	if (r < 0)
		return err_code(err, r, "resolve driver root %s", settings->driver_root);
	if (str_eq(driver->root, "/"))
		driver->root = "";
	return 0;
}

/* The nodes are in the driver root when that has a dev/ (a driver container), else the host's. */
static int open_dev_root(const struct nv_settings *settings, struct nv_driver *driver,
			 struct err *err)
{
	const char *path = settings->dev_root;
	cleanup_close int dev_fd = -EBADF;
	int r;

	if (!path) {
		r = path_open_in(driver->root_fd, "/dev", O_PATH | O_DIRECTORY, &dev_fd);
		path = r < 0 ? "/" : settings->driver_root;
	}
	r = open_directory(path, &driver->dev_root_fd, err);
	if (r < 0)
		return err_prefix(err, "device root");
	driver->dev_root = str_eq(path, "/") ? "" : path;
	return 0;
}

int nv_driver_open(const struct nv_settings *settings, const char *version, struct arena *arena,
		   struct nv_driver *ret, struct err *err)
{
	struct nv_driver driver = {
		.version = version,
		.root_fd = -EBADF,
		.dev_root_fd = -EBADF,
	};
	int r;

	r = open_root(settings, arena, &driver, err);
	if (r >= 0)
		r = open_dev_root(settings, &driver, err);
	if (r >= 0)
		r = find_libraries(settings, &driver, arena, err);
	if (r < 0) {
		nv_driver_done(&driver);
		return r;
	}
	*ret = driver;
	return 0;
}

void nv_driver_done(const struct nv_driver *driver)
{
	fd_close(driver->root_fd);
	fd_close(driver->dev_root_fd);
}
