/* SPDX-License-Identifier: Apache-2.0 */
/* What the host has for GPU containers. */
#include "nvidia/info.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "nvidia/capabilities.h"
#include "nvidia/driver.h"
#include "nvidia/inject.h"

const char *const nv_file_kind_names[NV_FILE_KINDS] = {
	[NV_FILE_LIBRARY] = "libraries", [NV_FILE_PROGRAM] = "programs",
	[NV_FILE_FIRMWARE] = "firmware", [NV_FILE_SOCKET] = "sockets",
	[NV_FILE_OTHER] = "others",
};

struct reader {
	const struct nv_settings *settings;
	int root_fd;
	struct arena *arena;
	struct nv_info *info;
};

static enum nv_file_kind kind_of(const struct oci_mount *mount)
{
	if (mount->source_type == S_IFSOCK)
		return NV_FILE_SOCKET;
	if (strstr(strrchr(mount->destination, '/'), ".so"))
		return NV_FILE_LIBRARY;
	if (strstr(mount->destination, "/firmware/"))
		return NV_FILE_FIRMWARE;
	return strstr(mount->destination, "/bin/") ? NV_FILE_PROGRAM : NV_FILE_OTHER;
}

static int inject(const struct reader *reader, unsigned int capabilities, bool with_nodes,
		  struct nv_injection *ret, struct err *err)
{
	const struct nv_request everything = {
		.kind = NV_ALL,
		.capabilities = capabilities,
		/* As with `all`: what a host lacks of the others is shown as none, and needs no warning. */
		.implied = NV_CAP_EVERY & ~(NV_CAP_COMPUTE | NV_CAP_UTILITY),
		.source = "",
		.text = "this host",
	};
	struct nv_settings settings = *reader->settings;

	settings.missing_driver_is_error = true;
	/* Nodes that are missing must not hide the rest. */
	settings.testing.fake_devices |= !with_nodes;
	return nv_inject(&everything, &settings, reader->root_fd, reader->arena, ret, err);
}

/* The directory of @mount's source among those met; a new one if need be. */
static struct nv_files *directory_of(const struct reader *reader, const struct oci_mount *mount)
{
	const char *slash = strrchr(mount->source, '/');
	const char *name =
		arena_strndup(reader->arena, mount->source, (size_t)(slash - mount->source));
	struct nv_files *added;

	VEC_EACH(directory, &reader->info->directories) {
		if (str_eq(directory->name, name))
			return directory;
	}
	added = VEC_ADD(&reader->info->directories, reader->arena);
	added->name = name;
	return added;
}

/* All files, by where they are. */
static void add_directories(const struct reader *reader, const struct nv_injection *injection)
{
	VEC_EACH(mount, &injection->edits.mounts) {
		directory_of(reader, mount)->counts[kind_of(mount)]++;
		if (str_has_suffix(mount->source, "/nvidia-persistenced/socket"))
			reader->info->persistence = mount->source;
	}
}

static bool has_mount(const struct nv_injection *injection, const struct oci_mount *wanted)
{
	VEC_EACH(mount, &injection->edits.mounts) {
		if (str_eq(mount->destination, wanted->destination))
			return true;
	}
	return false;
}

/* compat32 is about what the others bring, so it is what all bring more with it than without. */
static void add_capability(const struct reader *reader, unsigned int capability)
{
	unsigned int others = capability == NV_CAP_COMPAT32 ? NV_CAP_EVERY & ~NV_CAP_COMPAT32 : 0;
	struct nv_files *files = VEC_ADD(&reader->info->capabilities, reader->arena);
	struct nv_injection with = { 0 }, without = { 0 };
	struct err ignored;

	files->name = nv_capabilities_text(capability, "", reader->arena);
	(void)inject(reader, capability | others, false, &with, &ignored);
	if (others)
		(void)inject(reader, others, false, &without, &ignored);
	VEC_EACH(mount, &with.edits.mounts) {
		if (!has_mount(&without, mount))
			files->counts[kind_of(mount)]++;
	}
}

static void add_problem(const struct reader *reader, const struct err *err)
{
	if (!strings_have(&reader->info->problems, err->text))
		VEC_PUSH(&reader->info->problems, reader->arena,
			 arena_strdup(reader->arena, err->text));
}

static void add_node(const struct reader *reader, const struct nv_driver *driver, const char *path)
{
	struct nv_node *node = VEC_ADD(&reader->info->nodes, reader->arena);
	cleanup_close int fd = -EBADF;

	node->path = path;
	node->present = reader->settings->testing.fake_devices ||
			path_open_in(driver->dev_root_fd, path, O_PATH | O_NOFOLLOW, &fd) == 0;
}

/* The nodes of everything, whether they are there or not. */
static void add_nodes(const struct reader *reader, const struct nv_injection *injection)
{
	struct nv_driver driver;
	struct err ignored;

	if (nv_driver_open(reader->settings, injection->driver_version, reader->arena, &driver,
			   &ignored) < 0)
		return;
	VEC_EACH(device, &injection->edits.devices)
		add_node(reader, &driver, device->path);
	nv_driver_done(&driver);
}

/* Each capability alone, for a container may want no more: what fails then. */
static void find_problems(const struct reader *reader)
{
	for (unsigned int bit = 1; bit < NV_CAP_EVERY; bit <<= 1) {
		struct nv_injection injection;
		struct err err = { 0 };

		if (inject(reader, bit, true, &injection, &err) < 0)
			add_problem(reader, &err);
	}
}

static void read_files(const struct reader *reader)
{
	struct nv_info *info = reader->info;
	struct nv_injection injection;
	struct err err = { 0 };

	find_problems(reader);
	if (inject(reader, NV_CAP_EVERY, false, &injection, &err) < 0) {
		add_problem(reader, &err);
		return;
	}
	VEC_EACH(warning, &injection.warnings)
		VEC_PUSH(&info->warnings, reader->arena, *warning);
	info->driver_root = *injection.driver_root ? injection.driver_root : "/";
	info->library_dirs = injection.library_dirs;
	add_nodes(reader, &injection);
	add_directories(reader, &injection);
	for (unsigned int bit = 1; bit < NV_CAP_EVERY; bit <<= 1)
		add_capability(reader, bit);
}

int nv_info_read(const struct nv_settings *settings, int root_fd, struct arena *arena,
		 struct nv_info *ret, struct err *err)
{
	const char *proc_root = settings->testing.proc_root;
	struct nv_info info = { 0 };
	const struct reader reader = { settings, root_fd, arena, &info };
	struct nv_injection none;
	int r;

	r = nv_driver_version(settings, arena, &info.driver_version, err);
	/* An injection has the words for it. */
	if (r == -ENODEV)
		return inject(&reader, NV_CAP_EVERY, true, &none, err);
	if (r == 0)
		r = nv_inventory_read(proc_root, arena, &info.gpus, err);
	if (r == 0)
		r = nv_inventory_read_left_out(proc_root, arena, &info.left_out, err);
	if (r < 0)
		return r;
	read_files(&reader);
	*ret = info;
	return 0;
}
