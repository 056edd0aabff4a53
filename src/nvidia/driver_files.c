/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: files and sockets of the driver that programs open by path. */
#include "nvidia/driver_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "nvidia/libraries.h"

/* Files of fixed names, found in the first of the directories that has them. */
static const struct config_file {
	unsigned int capabilities;
	const char *destination; /* directory in the container */
	const char *name;	 /* below that, and below the directories of the search */
	bool in_root;		 /* driver containers have it below their root, too */
} config_files[] = {
	{ NV_FOR_GRAPHICS, "/usr/share", "glvnd/egl_vendor.d/10_nvidia.json", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "egl/egl_external_platform.d/09_nvidia_wayland2.json",
	  false },
	{ NV_FOR_GRAPHICS, "/usr/share", "egl/egl_external_platform.d/10_nvidia_wayland.json",
	  false },
	{ NV_FOR_GRAPHICS, "/usr/share", "egl/egl_external_platform.d/15_nvidia_gbm.json", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "egl/egl_external_platform.d/20_nvidia_xcb.json", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "egl/egl_external_platform.d/20_nvidia_xlib.json", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "nvidia/nvoptix.bin", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "X11/xorg.conf.d/10-nvidia.conf", false },
	{ NV_FOR_GRAPHICS, "/usr/share", "X11/xorg.conf.d/nvidia-drm-outputclass.conf", false },
	{ NV_FOR_GRAPHICS, "/etc", "vulkan/icd.d/nvidia_icd.json", true },
	{ NV_FOR_GRAPHICS, "/etc", "vulkan/icd.d/nvidia_icd.x86_64.json", true },
	{ NV_FOR_GRAPHICS, "/etc", "vulkan/icd.d/nvidia_icd.aarch64.json", true },
	{ NV_FOR_GRAPHICS, "/etc", "vulkan/icd.d/nvidia_layers.json", true },
	{ NV_FOR_GRAPHICS, "/etc", "vulkan/implicit_layer.d/nvidia_layers.json", true },
	/* Of no use without its library, which is one of CUDA. */
	{ NV_FOR_CUDA, "/etc", "OpenCL/vendors/nvidia.icd", false },
};

static const char *const usual_config_dirs[] = { "/etc", "/usr/local/share", "/usr/share" };

/* The kernel's own search, in its order. */
static const struct {
	const char *dir;
	bool of_release; /* with the kernel's release below it */
} usual_firmware_dirs[] = {
	{ "/lib/firmware/updates", true },
	{ "/lib/firmware/updates", false },
	{ "/lib/firmware", true },
	{ "/lib/firmware", false },
};

/* Modules of the X server. */
static const struct xorg_module {
	const char *name;
	bool versioned; /* .<driver version> is behind it, and a link without */
	const char *kind;
} xorg_modules[] = {
	{ "nvidia_drv.so", false, "drivers" },
	{ "libglxserver_nvidia.so", true, "extensions" },
};

static const char *const xorg_usual_places[] = {
	"/usr/lib/xorg/modules",    "/usr/lib/xorg/modules/updates",
	"/usr/lib64/xorg/modules",  "/usr/lib64/xorg/modules/updates",
	"/usr/X11R6/lib/modules",   "/usr/X11R6/lib/modules/updates",
	"/usr/X11R6/lib64/modules", "/usr/X11R6/lib64/modules/updates",
};

/* What services of the host listen at. */
static const struct endpoint {
	unsigned int capabilities;
	const char *paths[2]; /* where it may be, and is then; NULL: no second one */
	mode_t type;
} endpoints[] = {
	{ NV_CAP_UTILITY,
	  { "/run/nvidia-persistenced/socket", "/var/run/nvidia-persistenced/socket" },
	  S_IFSOCK },
	{ NV_CAP_UTILITY,
	  { "/run/nvidia-fabricmanager/socket", "/var/run/nvidia-fabricmanager/socket" },
	  S_IFSOCK },
	{ NV_FOR_CUDA, { "/tmp/nvidia-mps", NULL }, S_IFDIR },
};

/* Settings first, the directories beside the libraries last. */
static struct strings search_config(const struct nv_job *job)
{
	struct strings dirs = { 0 };

	VEC_EACH(dir, &job->settings->config_dirs)
		VEC_PUSH(&dirs, job->arena, *dir);
	for (size_t i = 0; i < ARRAY_SIZE(usual_config_dirs); i++)
		VEC_PUSH(&dirs, job->arena, usual_config_dirs[i]);
	VEC_EACH(dir, &job->driver->library_dirs)
		VEC_PUSH(&dirs, job->arena, arena_printf(job->arena, "%s/../share", *dir));
	return dirs;
}

/* The directory that the kernel was told to look in first; NULL: none. */
static const char *kernel_firmware_dir(const struct nv_job *job)
{
	const char *path = arena_printf(job->arena, "%s/module/firmware_class/parameters/path",
					job->settings->testing.sys_root);
	const char *dir;
	size_t len;
	char *text;

	if (fd_read_file(AT_FDCWD, path, PATH_MAX, job->arena, &text, &len) < 0)
		return NULL;
	dir = str_trim(job->arena, text);
	return dir[0] == '/' ? dir : NULL;
}

static struct strings search_firmware(const struct nv_job *job)
{
	const char *dir = kernel_firmware_dir(job);
	struct strings dirs = { 0 };
	struct utsname uts;

	VEC_EACH(it, &job->settings->firmware_dirs)
		VEC_PUSH(&dirs, job->arena, *it);
	if (dir)
		VEC_PUSH(&dirs, job->arena, dir);
	uname(&uts);
	for (size_t i = 0; i < ARRAY_SIZE(usual_firmware_dirs); i++) {
		dir = usual_firmware_dirs[i].dir;
		if (usual_firmware_dirs[i].of_release)
			dir = arena_printf(job->arena, "%s/%s", dir, uts.release);
		VEC_PUSH(&dirs, job->arena, dir);
	}
	VEC_EACH(it, &job->driver->library_dirs)
		VEC_PUSH(&dirs, job->arena, arena_printf(job->arena, "%s/../firmware", *it));
	return dirs;
}

/* Bind <@dir>/<@name>. Returns whether it is there. */
static bool add_file(const struct nv_job *job, const char *dir, const char *name,
		     const char *destination, const char *reason, struct oci_edits *edits)
{
	const char *path = arena_printf(job->arena, "%s/%s", dir, name), *base = strrchr(path, '/');
	cleanup_close int fd = -EBADF;
	struct nv_file file = {
		.destination = arena_printf(job->arena, "%s/%s", destination, name),
		.name = base + 1,
		.reason = reason,
	};

	if (nv_driver_open_file(job->driver, path, job->arena, &fd, &file.host_path) < 0)
		return false;
	nv_job_mount(job, edits, &file);
	return true;
}

static void add_config(const struct nv_job *job, struct oci_edits *edits)
{
	const struct strings dirs = search_config(job);

	for (size_t i = 0; i < ARRAY_SIZE(config_files); i++) {
		const struct config_file *file = &config_files[i];
		const char *reason = nv_job_reason(job, file->capabilities);
		bool found = false;

		if (!nv_job_wants(job, file->capabilities))
			continue;
		for (size_t k = 0; !found && k < dirs.count; k++)
			found = add_file(job, dirs.items[k], file->name, file->destination, reason,
					 edits);
		if (!found && file->in_root)
			(void)add_file(job, "", file->name, file->destination, reason, edits);
	}
}

static void add_firmware(const struct nv_job *job, struct oci_edits *edits)
{
	const char *below = arena_printf(job->arena, "nvidia/%s", job->driver->version);
	const char *destination = arena_printf(job->arena, "/lib/firmware/%s", below);
	const struct strings dirs = search_firmware(job);

	VEC_EACH(it, &dirs) {
		const char *dir = arena_printf(job->arena, "%s/%s", *it, below);
		struct strings names = nv_driver_list(job->driver, dir, "gsp", ".bin", job->arena);

		VEC_EACH(name, &names)
			(void)add_file(job, dir, *name, destination,
				       "firmware, for every container with the driver", edits);
		if (names.count)
			return;
	}
}

static struct strings search_xorg(const struct nv_job *job, const char *kind)
{
	struct strings dirs = { 0 };

	VEC_EACH(dir, &job->driver->library_dirs) {
		VEC_PUSH(&dirs, job->arena, arena_printf(job->arena, "%s/nvidia/xorg", *dir));
		VEC_PUSH(&dirs, job->arena,
			 arena_printf(job->arena, "%s/xorg/modules/%s", *dir, kind));
		VEC_PUSH(&dirs, job->arena,
			 arena_printf(job->arena, "%s/xorg/modules/updates/%s", *dir, kind));
	}
	for (size_t i = 0; i < ARRAY_SIZE(xorg_usual_places); i++)
		VEC_PUSH(&dirs, job->arena,
			 arena_printf(job->arena, "%s/%s", xorg_usual_places[i], kind));
	return dirs;
}

/* Where X servers of the image's distribution look for modules. */
static const char *xorg_destination(const struct nv_job *job)
{
	return nv_is_debian_layout(job->root_fd) ? "/usr/lib/xorg/modules"
						 : "/usr/lib64/xorg/modules";
}

static void add_xorg(const struct nv_job *job, struct oci_edits *edits)
{
	const char *reason = nv_job_reason(job, NV_FOR_GRAPHICS);

	for (size_t i = 0; i < ARRAY_SIZE(xorg_modules); i++) {
		const struct xorg_module *module = &xorg_modules[i];
		const struct strings dirs = search_xorg(job, module->kind);
		const char *name = module->name, *destination;
		bool found = false;

		if (module->versioned)
			name = arena_printf(job->arena, "%s.%s", name, job->driver->version);
		destination =
			arena_printf(job->arena, "%s/%s", xorg_destination(job), module->kind);
		for (size_t k = 0; !found && k < dirs.count; k++)
			found = add_file(job, dirs.items[k], name, destination, reason, edits);
		if (found && module->versioned)
			nv_job_link(job, edits,
				    arena_printf(job->arena, "%s/%s", destination, module->name),
				    name, "name without version, by which X servers load it");
	}
}

static void add_endpoints(const struct nv_job *job, struct oci_edits *edits)
{
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		const struct endpoint *endpoint = &endpoints[i];
		struct nv_file file = { .type = endpoint->type };

		if (!nv_job_wants(job, endpoint->capabilities))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(endpoint->paths); k++) {
			file.name = file.destination = endpoint->paths[k];
			if (!file.name || nv_driver_find_endpoint(job->driver, file.name, file.type,
								  job->arena, &file.host_path) < 0)
				continue;
			file.reason = nv_job_reason(job, endpoint->capabilities);
			nv_job_mount(job, edits, &file);
			break;
		}
	}
}

int nv_driver_files_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	(void)err; /* what is missing is no failure */
	add_firmware(job, edits);
	add_config(job, edits);
	if (nv_job_wants(job, NV_FOR_GRAPHICS))
		add_xorg(job, edits);
	add_endpoints(job, edits);
	return 0;
}
