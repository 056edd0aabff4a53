/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's programs. */
#include "nvidia/binaries.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/fd.h"

static const struct binary {
	const char *name;
	unsigned int capabilities;
} binaries[] = {
	{ "nvidia-smi", NV_CAP_UTILITY },
	{ "nvidia-debugdump", NV_CAP_UTILITY },
	{ "nvidia-persistenced", NV_CAP_UTILITY },
	{ "nv-fabricmanager", NV_CAP_UTILITY },
	{ "nvidia-imex", NV_CAP_UTILITY },
	{ "nvidia-imex-ctl", NV_CAP_UTILITY },
	{ "nvidia-cuda-mps-control", NV_CAP_COMPUTE },
	{ "nvidia-cuda-mps-server", NV_CAP_COMPUTE },
	{ "nvidia-xconfig", NV_FOR_GRAPHICS },
};

static const char *const usual_dirs[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
};

/* The host path of an executable file; NULL when there is none. */
static const char *find_binary(const struct nv_job *job, const char *dir, const char *name)
{
	const char *path = arena_printf(job->arena, "%s/%s", dir, name);
	cleanup_close int fd = -EBADF;
	const char *host_path;
	struct stat st;

	if (nv_driver_open_file(job->driver, path, job->arena, &fd, &host_path) < 0 ||
	    fstat(fd, &st) < 0 || !(st.st_mode & S_IXUSR))
		return NULL;
	return host_path;
}

/* Add those of @dir that were not found before. Returns whether there was one. */
static bool add_directory(const struct nv_job *job, const char *dir, bool *found,
			  struct oci_edits *edits)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		const struct binary *binary = &binaries[i];
		struct nv_file file = { .name = binary->name };

		if (found[i] || !nv_job_wants(job, binary->capabilities))
			continue;
		file.host_path = find_binary(job, dir, binary->name);
		if (!file.host_path)
			continue;
		file.destination = arena_printf(job->arena, "/usr/bin/%s", binary->name);
		file.reason = nv_job_reason(job, binary->capabilities);
		nv_job_mount(job, edits, &file);
		found[i] = any = true;
	}
	return any;
}

int nv_binaries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	bool found[ARRAY_SIZE(binaries)] = { false };
	bool beside = false;

	(void)err; /* a missing program is no failure */
	VEC_EACH(dir, &job->settings->binary_dirs)
		(void)add_directory(job, *dir, found, edits);
	VEC_EACH(dir, &job->driver->library_dirs)
		beside |= add_directory(job, arena_printf(job->arena, "%s/../bin", *dir), found,
					edits);
	/* A driver in a directory of its own: programs elsewhere are another's, perhaps of another version. */
	for (size_t i = 0; !beside && i < ARRAY_SIZE(usual_dirs); i++)
		(void)add_directory(job, usual_dirs[i], found, edits);
	return 0;
}
