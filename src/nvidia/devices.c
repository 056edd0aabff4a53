/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the device nodes of the driver. */
#include "nvidia/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#define PROC_DEVICES_MAX (256 * 1024)

/* Minor of /dev/nvidiactl; GPUs count from 0. */
#define CONTROL_MINOR 255

struct node {
	const char *name;	/* below /dev */
	const char *drivers[2]; /* names in /proc/devices, newest first; NULL: no second one */
	unsigned int minor;
	const char *reason;
	const char *remedy; /* command that makes the node */
};

static const struct node control_node = { "nvidiactl",
					  { "nvidia", "nvidia-frontend" },
					  CONTROL_MINOR,
					  "every container with the driver",
					  "nvidia-modprobe -c255" };

static const struct node compute_nodes[] = {
	{ "nvidia-uvm", { "nvidia-uvm" }, 0, "capability compute", "nvidia-modprobe -c0 -u" },
	{ "nvidia-uvm-tools", { "nvidia-uvm" }, 1, "capability compute", "nvidia-modprobe -c0 -u" },
};

/* The host's devices: where they are looked up. */
struct table {
	const struct nv_job *job;
	const char *path; /* of /proc/devices */
	const char *text; /* its character devices */
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
	table.text = text;
	*ret = table;
	return 0;
}

/* Several names may share a major (195 nvidia, 195 nvidiactl): look for the name, line by line. */
static bool find_major(const struct table *table, const char *driver, unsigned int *ret_major)
{
	const char *line = table->text;

	while (line) {
		unsigned int major;
		char name[64];

		if (sscanf(line, "%u %63[^\n]", &major, name) == 2 && str_eq(name, driver)) {
			*ret_major = major;
			return true;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

static int check_numbers(const struct table *table, const struct node *node, const char *host_path,
			 const struct stat *st, struct err *err)
{
	unsigned int major;

	if (!S_ISCHR(st->st_mode))
		return err_set(err, ENODEV, "%s: not a character device", host_path);
	if (table->job->settings->testing.fake_devices)
		return 0;
	if (!find_major(table, node->drivers[0], &major) &&
	    (!node->drivers[1] || !find_major(table, node->drivers[1], &major)))
		return err_set(err, ENODEV, "%s: no character device `%s` in %s: run `%s`",
			       host_path, node->drivers[0], table->path, node->remedy);
	if (st->st_rdev != makedev(major, node->minor))
		return err_set(err, ENODEV,
			       "%s: expected device %u:%u, found %u:%u: remove it and run `%s`",
			       host_path, major, node->minor, major(st->st_rdev),
			       minor(st->st_rdev), node->remedy);
	return 0;
}

/* For tests without root: what the node would be, with fake-devices only. */
static void add_fake_node(const struct table *table, const struct node *node, const char *path,
			  struct oci_edits *edits)
{
	struct arena *arena = table->job->arena;
	unsigned int major = 0;

	(void)find_major(table, node->drivers[0], &major);
	*VEC_ADD(&edits->devices, arena) = (struct oci_device){
		.path = path,
		.host_path = path,
		.type = 'c',
		.rdev = makedev(major, node->minor),
		.mode = 0666,
		.origin = arena_printf(arena, "nvidia %s (fake)", path),
		.reason = node->reason,
	};
}

/* -ENOENT, without words, when the host has no such node. */
static int add_node(const struct table *table, const struct node *node, struct oci_edits *edits,
		    struct err *err)
{
	const struct nv_job *job = table->job;
	const char *path = arena_printf(job->arena, "/dev/%s", node->name);
	cleanup_close int fd = -EBADF;
	struct oci_device *device;
	const char *host_path;
	struct stat st;
	int r;

	r = path_open_in(job->driver->dev_root_fd, path, O_PATH | O_NOFOLLOW, &fd);
	if (r == -ENOENT && job->settings->testing.fake_devices) {
		add_fake_node(table, node, path, edits);
		return 0;
	}
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err_code(err, r, "open %s%s", job->driver->dev_root, path);
	r = nv_host_path(fd, job->arena, &host_path);
	if (r < 0)
		return err_code(err, r, "resolve %s%s", job->driver->dev_root, path);
	if (fstat(fd, &st) < 0)
		return err_errno(err, "stat %s", host_path);
	r = check_numbers(table, node, host_path, &st, err);
	if (r < 0)
		return r;
	device = VEC_ADD(&edits->devices, job->arena);
	*device = (struct oci_device){
		.path = path,
		.host_path = host_path,
		.type = 'c',
		.rdev = st.st_rdev,
		.mode = st.st_mode & 0777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.origin = arena_printf(job->arena, "nvidia %s", path),
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

static int add_gpu(const struct table *table, const struct nv_gpu *gpu, struct oci_edits *edits,
		   struct err *err)
{
	struct arena *arena = table->job->arena;
	const struct node node = {
		.name = arena_printf(arena, "nvidia%u", gpu->minor),
		.drivers = { "nvidia", "nvidia-frontend" },
		.minor = gpu->minor,
		.reason = arena_printf(arena, "GPU %u (%s)", gpu->index,
				       gpu->uuid ? gpu->uuid : gpu->bus_id),
		.remedy = arena_printf(arena, "nvidia-modprobe -c%u", gpu->minor),
	};

	return require_node(table, &node, edits, err);
}

static int add_compute(const struct table *table, struct oci_edits *edits, struct err *err)
{
	/* Without a GPU nothing can compute: missing nodes are no failure then. */
	bool optional = table->job->request->kind == NV_NO_GPU;

	for (size_t i = 0; i < ARRAY_SIZE(compute_nodes); i++) {
		int r;

		if (optional)
			r = add_node(table, &compute_nodes[i], edits, err);
		else
			r = require_node(table, &compute_nodes[i], edits, err);
		if (r < 0 && !(optional && r == -ENOENT))
			return r;
	}
	return 0;
}

int nv_devices_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	struct table table = { 0 };
	int r;

	r = read_table(job, &table, err);
	if (r < 0)
		return r;
	r = require_node(&table, &control_node, edits, err);
	if (r < 0)
		return r;
	VEC_EACH(gpu, job->gpus) {
		r = add_gpu(&table, gpu, edits, err);
		if (r < 0)
			return r;
	}
	return nv_job_wants(job, NV_CAP_COMPUTE) ? add_compute(&table, edits, err) : 0;
}
