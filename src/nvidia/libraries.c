/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's libraries. */
#include "nvidia/libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/ldso_cache.h"
#include "base/path.h"
#include "base/str.h"
#include "nvidia/elf.h"
#include "nvidia/loader_cache.h"

enum library_flags {
	EXPECTED = 1,	      /* warn when it is missing */
	DEVELOPMENT_LINK = 2, /* make <name>.so even if the host has none */
	OWN_VERSION = 4,      /* the file is <name>.so.<a version of its own> */
	WITHOUT_GLVND =
		8, /* only one that depends on the driver's core: glvnd has this name, too */
};

static const struct library {
	const char *name; /* the file is <name>.so.<driver version> */
	unsigned int capabilities;
	unsigned int flags;
	const char *subdir; /* where it lies in some packages, and is looked for first */
} libraries[] = {
	{ "libnvidia-ml", NV_CAP_UTILITY, EXPECTED, NULL },
	{ "libnvidia-cfg", NV_CAP_UTILITY, 0, NULL },
	{ "libnvidia-nscq", NV_CAP_UTILITY, 0, NULL },
	{ "libnvidia-sandboxutils", NV_CAP_UTILITY, 0, NULL },

	{ "libcuda", NV_FOR_CUDA, EXPECTED | DEVELOPMENT_LINK, NULL },
	{ "libcudadebugger", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-opencl", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-gpucomp", NV_FOR_CUDA | NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-ptxjitcompiler", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-fatbinaryloader", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-allocator", NV_FOR_CUDA | NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-compiler", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-pkcs11", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-pkcs11-openssl3", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-nvvm", NV_FOR_CUDA, 0, NULL },
	{ "libnvidia-nvvm70", NV_FOR_CUDA, OWN_VERSION, NULL },
	{ "libnvidia-tileiras", NV_FOR_CUDA, 0, NULL },

	{ "libvdpau_nvidia", NV_CAP_VIDEO, 0, "vdpau" },
	{ "libnvidia-encode", NV_CAP_VIDEO, 0, NULL },
	{ "libnvidia-opticalflow", NV_CAP_VIDEO, DEVELOPMENT_LINK, NULL },
	{ "libnvcuvid", NV_CAP_VIDEO, EXPECTED, NULL },

	{ "libnvidia-eglcore", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-glcore", NV_FOR_GRAPHICS, EXPECTED, NULL },
	{ "libnvidia-tls", NV_FOR_GRAPHICS, 0, "tls" },
	{ "libnvidia-glsi", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-fbc", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-ifr", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-rtcore", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvoptix", NV_FOR_GRAPHICS, 0, NULL },
	{ "libGLX_nvidia", NV_FOR_GRAPHICS, 0, NULL },
	{ "libEGL_nvidia", NV_FOR_GRAPHICS, 0, NULL },
	{ "libGLESv2_nvidia", NV_FOR_GRAPHICS, 0, NULL },
	{ "libGLESv1_CM_nvidia", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-glvkspirv", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-cbl", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-present", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-vksc-core", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-vulkan-producer", NV_FOR_GRAPHICS, DEVELOPMENT_LINK, NULL },
	{ "libnvidia-wayland-client", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-gtk2", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-gtk3", NV_FOR_GRAPHICS, 0, NULL },
	{ "libnvidia-egl-gbm", NV_FOR_GRAPHICS, OWN_VERSION, NULL },
	{ "libnvidia-egl-wayland", NV_FOR_GRAPHICS, OWN_VERSION, NULL },
	{ "libnvidia-egl-wayland2", NV_FOR_GRAPHICS, OWN_VERSION, NULL },
	{ "libnvidia-egl-xcb", NV_FOR_GRAPHICS, OWN_VERSION, NULL },
	{ "libnvidia-egl-xlib", NV_FOR_GRAPHICS, OWN_VERSION, NULL },
	{ "libGL", NV_FOR_GRAPHICS, WITHOUT_GLVND, NULL },
	{ "libEGL", NV_FOR_GRAPHICS, WITHOUT_GLVND, NULL },
	{ "libGLESv1_CM", NV_FOR_GRAPHICS, WITHOUT_GLVND, NULL },
	{ "libGLESv2", NV_FOR_GRAPHICS, WITHOUT_GLVND, NULL },

	{ "libnvidia-ngx", NV_CAP_NGX, EXPECTED, NULL },

	/* A module of the X server: nvidia/driver_files places it. */
	{ "libglxserver_nvidia", 0, 0, NULL },
};

/* Links besides SONAME and .so. */
static const struct extra_link {
	const char *library;
	unsigned int capabilities;
	const char *path; /* beside the library */
	const char *up;	  /* from there to the library's directory */
	bool by_soname;	  /* leads to the SONAME, else to the file */
	const char *reason;
} extra_links[] = {
	{ "libGLX_nvidia", NV_FOR_GRAPHICS, "libGLX_indirect.so.0", "", false,
	  "by which libGLX finds a vendor for indirect rendering" },
	{ "libnvidia-allocator", NV_FOR_GRAPHICS, "gbm/nvidia-drm_gbm.so", "../", true,
	  "by which libgbm finds its backend" },
};

/* What tells Debian's layout; an image without a distribution may still have the directories. */
static const char *const debian_marks[] = {
	"/etc/debian_version",
	"/usr/lib/" NV_TRIPLET,
	"/lib/" NV_TRIPLET,
};

/* On which a library of OpenGL depends that comes from the driver, not from glvnd. */
static const char *const driver_cores[] = { "libnvidia-glcore.so", "libnvidia-eglcore.so" };

/* The directory itself, so that two names of it compare equal. Returns whether it is there. */
static bool find_directory(int root_fd, const char *path, struct stat *ret)
{
	cleanup_close int fd = -EBADF;

	return path_open_in(root_fd, path, O_PATH | O_DIRECTORY, &fd) == 0 && fstat(fd, ret) == 0;
}

static bool exists(int root_fd, const char *path)
{
	cleanup_close int fd = -EBADF;

	return path_open_in(root_fd, path, O_PATH, &fd) == 0;
}

bool nv_is_debian_layout(int root_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(debian_marks); i++) {
		if (exists(root_fd, debian_marks[i]))
			return true;
	}
	return false;
}

const char *nv_library_destination(int root_fd)
{
	if (nv_is_debian_layout(root_fd))
		return "/usr/lib/" NV_TRIPLET;
	/* Where musl runs programs of glibc (gcompat) it searches no other directory. */
	if (exists(root_fd, LDSO_MUSL_LOADER) && !exists(root_fd, "/usr/lib64/libc.so.6") &&
	    !exists(root_fd, "/lib64/libc.so.6"))
		return "/usr/lib";
	return "/usr/lib64";
}

const char *nv_library_destination32(int root_fd)
{
	struct stat lib, lib64, lib32;

	if (nv_is_debian_layout(root_fd))
		return "/usr/lib/" NV_TRIPLET32;
	if (find_directory(root_fd, "/usr/lib32", &lib32) ||
	    !find_directory(root_fd, "/usr/lib", &lib))
		return "/usr/lib32";
	if (find_directory(root_fd, "/usr/lib64", &lib64) && lib.st_dev == lib64.st_dev &&
	    lib.st_ino == lib64.st_ino)
		return "/usr/lib32";
	return "/usr/lib";
}

/* The libraries of one ABI: from where to where. */
struct set {
	const struct nv_job *job;
	int bits;
	uint32_t cache_flags;	 /* LDSO_FLAGS_* */
	struct strings dirs;	 /* in the driver's root, those that hold the main libraries */
	struct strings further;	 /* where the others may be, too */
	const char *destination; /* in the container */
	struct oci_edits *edits;
};

/* Where one library comes from. */
struct source {
	const char *dir;       /* in the driver's root */
	const char *file;      /* libcuda.so.580.159.04 */
	const char *host_path; /* of the file, without links */
	struct nv_elf elf;
};

/*
 * Read <@dir>/<@subdir>/<@file>. -ENOENT without words when there is none of our ABI.
 *
 * @subdir: NULL: none
 */
static int read_library(const struct set *set, const char *dir, const char *subdir,
			const char *file, struct source *ret, struct err *err)
{
	struct arena *arena = set->job->arena;
	struct source source = { .dir = dir, .file = file };
	cleanup_close int fd = -EBADF;
	const char *path;
	int r;

	if (subdir)
		source.dir = arena_printf(arena, "%s/%s", dir, subdir);
	path = arena_printf(arena, "%s/%s", source.dir, file);
	r = nv_driver_open_file(set->job->driver, path, arena, &fd, &source.host_path);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err_code(err, r, "open %s%s", set->job->driver->root, path);
	r = nv_elf_read(fd, arena, &source.elf);
	if (r == -ENOEXEC)
		return err_set(err, ENOEXEC,
			       "%s: no ELF library, or a damaged one: reinstall the driver",
			       source.host_path);
	if (r < 0)
		return err_code(err, r, "read %s", source.host_path);
	if (source.elf.bits != set->bits)
		return -ENOENT;
	*ret = source;
	return 0;
}

/* Find it in the first of @dirs that has it. -ENOENT without words when none has. */
static int find_in(const struct set *set, const struct strings *dirs, const struct library *library,
		   struct source *ret, struct err *err)
{
	const char *file =
		arena_printf(set->job->arena, "%s.so.%s", library->name, set->job->driver->version);
	int r = -ENOENT;

	VEC_EACH(dir, dirs) {
		if (library->subdir)
			r = read_library(set, *dir, library->subdir, file, ret, err);
		if (r == -ENOENT)
			r = read_library(set, *dir, NULL, file, ret, err);
		if (r != -ENOENT)
			break;
	}
	return r;
}

static int find_library(const struct set *set, const struct library *library, struct source *ret,
			struct err *err)
{
	int r = find_in(set, &set->dirs, library, ret, err);

	return r == -ENOENT ? find_in(set, &set->further, library, ret, err) : r;
}

/* Whether to make <name>.so: the host's driver package decides, by having it or not. */
static bool has_development_link(const struct set *set, const struct library *library,
				 const struct source *source)
{
	cleanup_close int fd = -EBADF;
	const char *path;

	if (library->flags & DEVELOPMENT_LINK)
		return true;
	path = arena_printf(set->job->arena, "%s/%s.so", source->dir, library->name);
	return path_open_in(set->job->driver->root_fd, path, O_PATH | O_NOFOLLOW, &fd) == 0;
}

static void add_extra_links(const struct set *set, const struct library *library,
			    const struct source *source, const char *soname)
{
	struct arena *arena = set->job->arena;

	for (size_t i = 0; i < ARRAY_SIZE(extra_links); i++) {
		const struct extra_link *link = &extra_links[i];

		if (!str_eq(link->library, library->name) ||
		    !nv_job_wants(set->job, link->capabilities))
			continue;
		nv_job_link(set->job, set->edits,
			    arena_printf(arena, "%s/%s", set->destination, link->path),
			    arena_printf(arena, "%s%s", link->up,
					 link->by_soname ? soname : source->file),
			    link->reason);
	}
}

static void add_library(const struct set *set, const struct library *library,
			const struct source *source)
{
	const char *soname = source->elf.soname ? source->elf.soname : source->file;
	const char *destination = set->destination;
	const struct nv_job *job = set->job;
	struct arena *arena = job->arena;
	const char *path = arena_printf(arena, "%s/%s", destination, soname);
	const struct nv_file file = {
		.host_path = source->host_path,
		.destination = arena_printf(arena, "%s/%s", destination, source->file),
		.name = soname,
		.reason = nv_job_reason(job, library->capabilities),
	};

	nv_job_mount(job, set->edits, &file);
	if (!str_eq(soname, source->file))
		nv_job_link(job, set->edits, path, source->file,
			    "SONAME, by which programs find it");
	nv_loader_cache_add(job, set->edits, path, set->cache_flags);
	if (has_development_link(set, library, source)) {
		path = arena_printf(arena, "%s/%s.so", destination, library->name);
		nv_job_link(job, set->edits, path, soname,
			    "name without version, by which programs may open it");
		nv_loader_cache_add(job, set->edits, path, set->cache_flags);
	}
	add_extra_links(set, library, source, soname);
}

static bool is_of_the_driver(const struct source *source)
{
	VEC_EACH(name, &source->elf.needed) {
		for (size_t i = 0; i < ARRAY_SIZE(driver_cores); i++) {
			if (str_has_prefix(*name, driver_cores[i]))
				return true;
		}
	}
	return false;
}

/* What is missing of another version is an error: the container would fail with less words. */
static int miss_library(const struct set *set, const struct library *library, struct err *err)
{
	const struct nv_job *job = set->job;
	const struct nv_driver *driver = job->driver;
	unsigned int capabilities = library->capabilities & ~job->request->implied;
	struct strbuf dirs = { .arena = job->arena };

	if (!(library->flags & EXPECTED) || set->bits == 32 || !nv_job_wants(job, capabilities))
		return 0;
	VEC_EACH(dir, &set->dirs)
		strbuf_addf(&dirs, "%s%s%s", dirs.len ? ", " : "", driver->root, *dir);
	nv_job_warn(job, "nvidia: %s: no %s.so.%s beside the driver's other libraries in %s",
		    nv_job_reason(job, capabilities), library->name, driver->version,
		    strbuf_text(&dirs));
	return nv_driver_check_version(driver, library->name, job->arena, err);
}

/*
 * Files of other versions than the driver's. Each is taken by its own name: the others are links to it, as
 * are those of its SONAME, which are made anew. The newest first, so that the SONAME leads to it.
 */
static int add_files_of(const struct set *set, const struct library *library, const char *dir,
			struct err *err)
{
	struct arena *arena = set->job->arena;
	const char *prefix = arena_printf(arena, "%s.so.", library->name);
	struct strings files = nv_driver_list(set->job->driver, dir, prefix, "", arena);

	for (size_t i = files.count; i > 0; i--) {
		const char *file = files.items[i - 1];
		struct source source;
		int r;

		if (file[strspn(file + strlen(prefix), "0123456789.") + strlen(prefix)])
			continue;
		r = read_library(set, dir, NULL, file, &source, err);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		if (str_eq(strrchr(source.host_path, '/') + 1, file))
			add_library(set, library, &source);
	}
	return files.count ? 0 : -ENOENT;
}

/* From the first directory that has some. */
static int add_own_versions(const struct set *set, const struct library *library, struct err *err)
{
	const struct strings *const lists[] = { &set->dirs, &set->further };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (size_t k = 0; r == -ENOENT && k < lists[i]->count; k++)
			r = add_files_of(set, library, lists[i]->items[k], err);
	}
	return r == -ENOENT ? 0 : r;
}

static int add_listed(const struct set *set, const struct library *library, struct err *err)
{
	struct source source = { 0 };
	int r;

	if (library->flags & OWN_VERSION)
		return add_own_versions(set, library, err);
	r = find_library(set, library, &source, err);
	if (r == -ENOENT)
		return miss_library(set, library, err);
	if (r < 0)
		return r;
	if (!(library->flags & WITHOUT_GLVND) || is_of_the_driver(&source))
		add_library(set, library, &source);
	return 0;
}

static bool is_listed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		if (str_eq(libraries[i].name, name))
			return true;
	}
	return false;
}

/*
 * Libraries of newer drivers, which the table does not know: those that lie beside the others and have their
 * version. Only there: below the directory may be anything, a C library of the driver's own, for example.
 */
static void add_unlisted(const struct set *set, const char *dir)
{
	const struct nv_job *job = set->job;
	const char *suffix = arena_printf(job->arena, ".so.%s", job->driver->version);
	struct strings files = nv_driver_list(job->driver, dir, "lib", suffix, job->arena);

	VEC_EACH(file, &files) {
		const struct library library = {
			.name = arena_strndup(job->arena, *file, strlen(*file) - strlen(suffix)),
			.capabilities = NV_CAP_COMPUTE,
		};
		struct source source;

		if (!is_listed(library.name) &&
		    read_library(set, dir, NULL, *file, &source, NULL) == 0)
			add_library(set, &library, &source);
	}
}

static int add_set(const struct set *set, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		int r;

		if (!nv_job_wants(set->job, libraries[i].capabilities))
			continue;
		r = add_listed(set, &libraries[i], err);
		if (r < 0)
			return r;
	}
	if (!nv_job_wants(set->job, NV_CAP_COMPUTE))
		return 0;
	VEC_EACH(dir, &set->dirs)
		add_unlisted(set, *dir);
	return 0;
}

/* Most hosts have none: worth a word only where they were asked for by name. */
static int add_compat32(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	struct set set = {
		.job = job,
		.bits = 32,
		.cache_flags = LDSO_FLAGS_32,
		.destination = nv_library_destination32(job->root_fd),
		.edits = edits,
	};
	size_t before = edits->mounts.count;
	int r;

	r = nv_driver_find_libraries32(job->driver, job->settings, job->arena, &set.dirs,
				       &set.further, err);
	if (r < 0)
		return r;
	r = add_set(&set, err);
	if (r == 0 && edits->mounts.count == before && !(job->request->implied & NV_CAP_COMPAT32))
		nv_job_warn(job,
			    "nvidia: capability compat32: no 32-bit library of version %s below "
			    "driver root %s/",
			    job->driver->version, job->driver->root);
	return r;
}

int nv_libraries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	const struct set set = {
		.job = job,
		.bits = 64,
		.cache_flags = LDSO_FLAGS_OWN,
		.dirs = job->driver->library_dirs,
		.further = job->driver->further_dirs,
		.destination = nv_library_destination(job->root_fd),
		.edits = edits,
	};
	int r;

	r = add_set(&set, err);
	if (r < 0 || !nv_job_wants(job, NV_CAP_COMPAT32))
		return r;
	return add_compat32(job, edits, err);
}
