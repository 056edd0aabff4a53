/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's libraries. */
#include "nvidia/libraries.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "nvidia/elf.h"

enum library_flags {
	EXPECTED = 1,	      /* warn when it is missing */
	DEVELOPMENT_LINK = 2, /* make <name>.so even if the host has none */
};

static const struct library {
	const char *name; /* the file is <name>.so.<driver version> */
	unsigned int capabilities;
	unsigned int flags;
} libraries[] = {
	{ "libnvidia-ml", NV_CAP_UTILITY, EXPECTED },
	{ "libnvidia-cfg", NV_CAP_UTILITY, 0 },
	{ "libnvidia-nscq", NV_CAP_UTILITY, 0 },
	{ "libcuda", NV_CAP_COMPUTE, EXPECTED | DEVELOPMENT_LINK },
	{ "libcudadebugger", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-opencl", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-gpucomp", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-ptxjitcompiler", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-fatbinaryloader", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-allocator", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-compiler", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-pkcs11", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-pkcs11-openssl3", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-nvvm", NV_CAP_COMPUTE, 0 },
	{ "libnvidia-tileiras", NV_CAP_COMPUTE, 0 },
};

/* What tells Debian's layout; an image without a distribution may still have the directories. */
static const char *const debian_marks[] = {
	"/etc/debian_version",
	"/usr/lib/" NV_TRIPLET,
	"/lib/" NV_TRIPLET,
};

const char *nv_library_destination(int root_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(debian_marks); i++) {
		cleanup_close int fd = -EBADF;

		if (path_open_in(root_fd, debian_marks[i], O_PATH, &fd) == 0)
			return "/usr/lib/" NV_TRIPLET;
	}
	return "/usr/lib64";
}

/* Where one library comes from. */
struct source {
	const char *dir;       /* in the driver's root */
	const char *file;      /* libcuda.so.580.159.04 */
	const char *host_path; /* of the file, without links */
	const char *soname;    /* NULL: it has none */
};

/* Find it in the first of the directories that has it. -ENOENT without words when none has. */
static int find_library(const struct nv_job *job, const char *name, struct source *ret,
			struct err *err)
{
	const struct nv_driver *driver = job->driver;
	struct source source = { 0 };
	int r = -ENOENT;

	source.file = arena_printf(job->arena, "%s.so.%s", name, driver->version);
	VEC_EACH(dir, &driver->library_dirs) {
		cleanup_close int fd = -EBADF;
		const char *path = arena_printf(job->arena, "%s/%s", *dir, source.file);

		r = nv_driver_open_file(driver, path, job->arena, &fd, &source.host_path);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return err_code(err, r, "open %s%s", driver->root, path);
		r = nv_elf_soname(fd, job->arena, &source.soname);
		if (r == -ENOEXEC)
			return err_set(err, ENOEXEC,
				       "%s: no 64-bit ELF library, or a damaged one: reinstall the "
				       "driver",
				       source.host_path);
		if (r < 0 && r != -ENOENT)
			return err_code(err, r, "read %s", source.host_path);
		source.dir = *dir;
		*ret = source;
		return 0;
	}
	return r;
}

static void add_link(const struct nv_job *job, struct oci_edits *edits, const char *path,
		     const char *target, const char *reason)
{
	struct oci_link *link = VEC_ADD(&edits->links, job->arena);

	link->path = path;
	link->target = target;
	link->origin = arena_printf(job->arena, "nvidia %s", strrchr(path, '/') + 1);
	link->reason = reason;
}

/* Whether to make <name>.so: the host's driver package decides, by having it or not. */
static bool has_development_link(const struct nv_job *job, const struct library *library,
				 const struct source *source)
{
	cleanup_close int fd = -EBADF;
	const char *path;

	if (library->flags & DEVELOPMENT_LINK)
		return true;
	path = arena_printf(job->arena, "%s/%s.so", source->dir, library->name);
	return path_open_in(job->driver->root_fd, path, O_PATH | O_NOFOLLOW, &fd) == 0;
}

static void add_library(const struct nv_job *job, const struct library *library,
			const struct source *source, const char *destination,
			struct oci_edits *edits)
{
	const char *soname = source->soname ? source->soname : source->file;
	struct arena *arena = job->arena;

	const struct nv_file file = {
		.host_path = source->host_path,
		.destination = arena_printf(arena, "%s/%s", destination, source->file),
		.name = soname,
		.reason = nv_job_reason(job, library->capabilities),
	};

	nv_job_mount(job, edits, &file);
	if (!str_eq(soname, source->file))
		add_link(job, edits, arena_printf(arena, "%s/%s", destination, soname),
			 source->file, "SONAME, by which programs find it");
	if (has_development_link(job, library, source))
		add_link(job, edits, arena_printf(arena, "%s/%s.so", destination, library->name),
			 soname, "name without version, by which programs may open it");
}

int nv_libraries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	const char *destination = nv_library_destination(job->root_fd);

	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		const struct library *library = &libraries[i];
		struct source source = { 0 };
		int r;

		if (!nv_job_wants(job, library->capabilities))
			continue;
		r = find_library(job, library->name, &source, err);
		if (r == -ENOENT && (library->flags & EXPECTED))
			nv_job_warn(job, "nvidia: no %s.so.%s beside the driver's other libraries",
				    library->name, job->driver->version);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		add_library(job, library, &source, destination, edits);
	}
	return 0;
}
