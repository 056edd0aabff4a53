/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the device nodes of the driver. */
#include "nvidia/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "nvidia/mig.h"

#define PROC_DEVICES_MAX (256 * 1024)
#define DEV_FILE_MAX	 4096

/* Minors of the driver's major that are no GPUs: those count from 0. */
#define MODESET_MINOR 254
#define CONTROL_MINOR 255

struct node {
	const char *name;	/* below /dev */
	const char *drivers[2]; /* names in /proc/devices, newest first; NULL: no second one */
	unsigned int minor;
	const char *reason;
	const char *remedy;  /* command that makes the node */
	const dev_t *number; /* what sysfs says; NULL: drivers and minor decide */
	mode_t mode;	     /* of one to be made where the host lacks it; 0: it may not lack it */
};

static const struct node control_node = { .name = "nvidiactl",
					  .drivers = { "nvidia", "nvidia-frontend" },
					  .minor = CONTROL_MINOR,
					  .reason = "every container with the driver",
					  .remedy = "nvidia-modprobe -c255" };

/* Nodes that belong to no GPU. */
static const struct shared_node {
	unsigned int capabilities;
	bool required; /* where a GPU is asked for; else hosts may lack it */
	struct node node;
} shared_nodes[] = {
	{ NV_FOR_CUDA,
	  true,
	  { .name = "nvidia-uvm",
	    .drivers = { "nvidia-uvm" },
	    .minor = 0,
	    .remedy = "nvidia-modprobe -c0 -u" } },
	{ NV_FOR_CUDA,
	  true,
	  { .name = "nvidia-uvm-tools",
	    .drivers = { "nvidia-uvm" },
	    .minor = 1,
	    .remedy = "nvidia-modprobe -c0 -u" } },
	{ NV_CAP_DISPLAY,
	  false,
	  { .name = "nvidia-modeset",
	    .drivers = { "nvidia-modeset", "nvidia" },
	    .minor = MODESET_MINOR,
	    .remedy = "nvidia-modprobe -m" } },
};

/* The DRM nodes of a GPU: their names in sysfs, and what they are called below /dev/dri/by-path. */
static const struct drm_kind {
	const char *prefix; /* a number is behind it */
	const char *alias;
} drm_kinds[] = {
	{ "card", "card" },
	{ "renderD", "render" },
};

/* The host's devices: where they are looked up. */
struct table {
	const struct nv_job *job;
	const char *path;     /* of /proc/devices */
	struct strings lines; /* its character devices */
};

static int read_table(const struct nv_job *job, struct table *ret, struct err *err)
{
	struct table table = { .job = job };
	char *text, *end;
	size_t len;
	int r;

	table.path = arena_printf(job->arena, "%s/devices", job->settings->testing.proc_root);
	r = fd_read_file(AT_FDCWD, table.path, PROC_DEVICES_MAX, job->arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "read %s", table.path);
	end = strstr(text, "Block devices:");
	if (end)
		*end = '\0';
	table.lines = str_split(job->arena, text, '\n', false);
	*ret = table;
	return 0;
}

/* Several names may share a major (195 nvidia, 195 nvidiactl): look for the name, line by line. */
static bool find_major(const struct table *table, const char *driver, unsigned int *ret_major)
{
	VEC_EACH(line, &table->lines) {
		unsigned int major;
		char name[64];

		if (sscanf(*line, "%u %63[^\n]", &major, name) == 2 && str_eq(name, driver)) {
			*ret_major = major;
			return true;
		}
	}
	return false;
}

/* The numbers that @node must have. Returns whether the host's kernel knows them. */
static bool find_number(const struct table *table, const struct node *node, dev_t *ret)
{
	unsigned int major;

	if (node->number) {
		*ret = *node->number;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(node->drivers) && node->drivers[i]; i++) {
		if (!find_major(table, node->drivers[i], &major))
			continue;
		*ret = makedev(major, node->minor);
		return true;
	}
	return false;
}

static int unknown_driver(const struct table *table, const struct node *node, const char *path,
			  struct err *err)
{
	return err_set(err, ENODEV, "%s: no character device `%s` in %s: run `%s`", path,
		       node->drivers[0], table->path, node->remedy);
}

static int check_numbers(const struct table *table, const struct node *node, const char *host_path,
			 const struct stat *st, struct err *err)
{
	dev_t number;

	if (!S_ISCHR(st->st_mode))
		return err_set(err, ENODEV, "%s: not a character device", host_path);
	if (table->job->settings->testing.fake_devices)
		return 0;
	if (!find_number(table, node, &number))
		return unknown_driver(table, node, host_path, err);
	if (st->st_rdev != number)
		return err_set(err, ENODEV,
			       "%s: expected device %u:%u, found %u:%u: remove it and run `%s`",
			       host_path, major(number), minor(number), major(st->st_rdev),
			       minor(st->st_rdev), node->remedy);
	return 0;
}

/*
 * A node that the host lacks: what its numbers are says the kernel. With fake-devices, for tests without root, all
 * may be lacking.
 */
static int add_missing_node(const struct table *table, const struct node *node, const char *path,
			    struct oci_edits *edits, struct err *err)
{
	bool is_fake = table->job->settings->testing.fake_devices;
	struct arena *arena = table->job->arena;
	dev_t number = makedev(0, node->minor);

	if (!is_fake && !node->mode)
		return -ENOENT;
	if (!find_number(table, node, &number) && !is_fake)
		return unknown_driver(table, node, path, err);
	*VEC_ADD(&edits->devices, arena) = (struct oci_device){
		.path = path,
		.host_path = arena_printf(arena, "%s%s",
					  is_fake ? "" : table->job->driver->dev_root, path),
		.type = 'c',
		.rdev = number,
		.mode = node->mode ? node->mode : 0666,
		.remedy = node->remedy,
		.origin = arena_printf(arena, "nvidia %s%s", path, is_fake ? " (fake)" : ""),
		.reason = node->reason,
	};
	return 0;
}

/*
 * Find and check a node. -ENOENT, without words, when the host has none.
 *
 * @ret_fd: O_PATH, owned by the caller
 */
static int open_node(const struct table *table, const struct node *node, int *ret_fd,
		     const char **ret_host_path, struct stat *ret_st, struct err *err)
{
	const struct nv_job *job = table->job;
	const char *path = arena_printf(job->arena, "/dev/%s", node->name);
	cleanup_close int fd = -EBADF;
	int r;

	r = path_open_in(job->driver->dev_root_fd, path, O_PATH | O_NOFOLLOW, &fd);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err_code(err, r, "open %s%s", job->driver->dev_root, path);
	r = nv_host_path(fd, job->arena, ret_host_path);
	if (r < 0)
		return err_code(err, r, "resolve %s%s", job->driver->dev_root, path);
	if (fstat(fd, ret_st) < 0)
		return err_errno(err, "stat %s", *ret_host_path);
	r = check_numbers(table, node, *ret_host_path, ret_st, err);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* -ENOENT, without words, when the host has no such node. */
static int add_node(const struct table *table, const struct node *node, struct oci_edits *edits,
		    struct err *err)
{
	struct arena *arena = table->job->arena;
	const char *path = arena_printf(arena, "/dev/%s", node->name);
	cleanup_close int fd = -EBADF;
	const char *host_path;
	struct stat st;
	int r;

	r = open_node(table, node, &fd, &host_path, &st, err);
	if (r == -ENOENT)
		return add_missing_node(table, node, path, edits, err);
	if (r < 0)
		return r;
	*VEC_ADD(&edits->devices, arena) = (struct oci_device){
		.path = path,
		.host_path = host_path,
		.type = 'c',
		.rdev = st.st_rdev,
		.mode = st.st_mode & 0777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.origin = arena_printf(arena, "nvidia %s", path),
		.reason = node->reason,
	};
	return 0;
}

static int require_node(const struct table *table, const struct node *node, struct oci_edits *edits,
			struct err *err)
{
	int r;

	r = add_node(table, node, edits, err);
	if (r == -ENOENT)
		return err_set(err, ENOENT, "no device node %s/dev/%s: run `%s` on the host",
			       table->job->driver->dev_root, node->name, node->remedy);
	return r;
}

/* As require_node(), for what the host may lack. */
static int add_optional_node(const struct table *table, const struct node *node,
			     struct oci_edits *edits, struct err *err)
{
	int r = add_node(table, node, edits, err);

	return r == -ENOENT ? 0 : r;
}

static const char *gpu_reason(const struct nv_gpu *gpu, struct arena *arena)
{
	return arena_printf(arena, "GPU %u (%s)", gpu->index, gpu->uuid ? gpu->uuid : gpu->bus_id);
}

static struct node gpu_node(const struct nv_gpu *gpu, struct arena *arena)
{
	return (struct node){
		.name = arena_printf(arena, "nvidia%u", gpu->minor),
		.drivers = { "nvidia", "nvidia-frontend" },
		.minor = gpu->minor,
		.reason = gpu_reason(gpu, arena),
		.remedy = arena_printf(arena, "nvidia-modprobe -c%u", gpu->minor),
	};
}

static int add_gpus(const struct table *table, struct oci_edits *edits, struct err *err)
{
	VEC_EACH(gpu, table->job->gpus) {
		const struct node node = gpu_node(gpu, table->job->arena);
		int r = require_node(table, &node, edits, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The driver asks for no more than a node of the right numbers: who has it open may use the instance. */
static int add_mig(const struct table *table, struct oci_edits *edits, struct err *err)
{
	struct arena *arena = table->job->arena;
	struct nv_mig_accesses accesses;
	int r;

	r = nv_mig_accesses(table->job, &accesses, err);
	if (r < 0)
		return r;
	VEC_EACH(access, &accesses) {
		const struct node node = {
			.name = arena_printf(arena, "nvidia-caps/nvidia-cap%u", access->minor),
			.drivers = { "nvidia-caps" },
			.minor = access->minor,
			.reason = access->reason,
			.remedy = arena_printf(arena, "nvidia-modprobe -f %s", access->path),
			.mode = access->mode,
		};

		r = require_node(table, &node, edits, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_shared(const struct table *table, struct oci_edits *edits, struct err *err)
{
	const struct nv_job *job = table->job;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(shared_nodes); i++) {
		const struct shared_node *shared = &shared_nodes[i];
		struct node node = shared->node;

		if (!nv_job_wants(job, shared->capabilities))
			continue;
		node.reason = nv_job_reason(job, shared->capabilities);
		/* Without a GPU nothing can compute: missing nodes are no failure then. */
		if (shared->required && job->request->kind != NV_NO_GPU)
			r = require_node(table, &node, edits, err);
		else
			r = add_optional_node(table, &node, edits, err);
	}
	return r;
}

/* The number in <@dir>/<@name>/dev. Returns whether it is there. */
static bool read_number(const char *dir, const char *name, struct arena *arena, dev_t *ret)
{
	const char *path = arena_printf(arena, "%s/%s/dev", dir, name);
	unsigned int major, minor;
	size_t len;
	char *text;

	if (fd_read_file(AT_FDCWD, path, DEV_FILE_MAX, arena, &text, &len) < 0 ||
	    sscanf(text, "%u:%u", &major, &minor) != 2)
		return false;
	*ret = makedev(major, minor);
	return true;
}

/* `card0`: a DRM node of the kind `card`. */
static const struct drm_kind *find_drm_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drm_kinds); i++) {
		const char *number = str_after(name, drm_kinds[i].prefix);

		if (number && *number && !number[strspn(number, "0123456789")])
			return &drm_kinds[i];
	}
	return NULL;
}

/*
 * @bus: the GPU's name in sysfs
 * @dir: its directory drm there
 */
static int add_drm_node(const struct table *table, const struct nv_gpu *gpu, const char *bus,
			const char *dir, const char *name, struct oci_edits *edits, struct err *err)
{
	const struct drm_kind *kind = find_drm_kind(name);
	struct arena *arena = table->job->arena;
	struct node node = { .reason = gpu_reason(gpu, arena) };
	dev_t number;
	int r;

	if (!kind || !read_number(dir, name, arena, &number))
		return 0;
	node.name = arena_printf(arena, "dri/%s", name);
	node.number = &number;
	node.remedy = "udevadm trigger --subsystem-match=drm";
	r = add_node(table, &node, edits, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r; /* no link to what is not there */
	nv_job_link(table->job, edits,
		    arena_printf(arena, "/dev/dri/by-path/pci-%s-%s", bus, kind->alias),
		    arena_printf(arena, "../%s", name), node.reason);
	return 0;
}

/* Sysfs writes domains with four digits, procfs of some drivers with eight. */
static const char *sysfs_name(const struct nv_gpu *gpu, struct arena *arena)
{
	uint64_t n = gpu->bus_number;

	return arena_printf(arena, "%04x:%02x:%02x.%x", (unsigned int)(n >> 24),
			    (unsigned int)(n >> 16 & 0xff), (unsigned int)(n >> 8 & 0xff),
			    (unsigned int)(n & 0xff));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without the driver's DRM module there are none, which is no failure. */
static int add_drm(const struct table *table, const struct nv_gpu *gpu, struct oci_edits *edits,
		   struct err *err)
{
	const struct nv_job *job = table->job;
	const char *bus = sysfs_name(gpu, job->arena);
	const char *path = arena_printf(job->arena, "%s/bus/pci/devices/%s/drm",
					job->settings->testing.sys_root, bus);
	cleanup_dir DIR *dir = opendir(path);
	const struct dirent *entry;
	struct strings names = { 0 };
	int r = 0;

	while (dir && (entry = readdir(dir)))
		VEC_PUSH(&names, job->arena, arena_strdup(job->arena, entry->d_name));
	if (names.count)
		qsort(names.items, names.count, sizeof(names.items[0]), compare_names);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = add_drm_node(table, gpu, bus, path, names.items[i], edits, err);
	return r;
}

int nv_devices_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	struct table table = { 0 };
	int r;

	r = read_table(job, &table, err);
	if (r == 0)
		r = require_node(&table, &control_node, edits, err);
	if (r == 0)
		r = add_gpus(&table, edits, err);
	if (r == 0)
		r = add_mig(&table, edits, err);
	if (r == 0)
		r = add_shared(&table, edits, err);
	if (r < 0 || !nv_job_wants(job, NV_FOR_GRAPHICS))
		return r;
	VEC_EACH(gpu, job->gpus) {
		/* They are of the whole GPU, and only NVML knows which instances can draw. */
		r = gpu->only_mig ? 0 : add_drm(&table, gpu, edits, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What was checked is opened: by its descriptor, not by its name again. */
static void wake(const struct table *table, const struct node *node)
{
	cleanup_close int node_fd = -EBADF, fd = -EBADF;
	const char *host_path;
	struct stat st;
	char self[64];

	if (open_node(table, node, &node_fd, &host_path, &st, NULL) < 0)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", node_fd);
	fd = open(self, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

void nv_devices_wake(const struct nv_job *job, const struct nv_gpus *gpus)
{
	struct table table = { 0 };

	/* A fake node may be any device. */
	if (job->settings->testing.fake_devices || read_table(job, &table, NULL) < 0)
		return;
	wake(&table, &control_node);
	VEC_EACH(gpu, gpus) {
		const struct node node = gpu_node(gpu, job->arena);

		if (!gpu->uuid)
			wake(&table, &node);
	}
}
