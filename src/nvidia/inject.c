/* SPDX-License-Identifier: Apache-2.0 */
/* The only entry of this room: request -> edits. */
#include "nvidia/inject.h"

#include <errno.h>

#include "nvidia/binaries.h"
#include "nvidia/devices.h"
#include "nvidia/driver.h"
#include "nvidia/driver_files.h"
#include "nvidia/inventory.h"
#include "nvidia/job.h"
#include "nvidia/libraries.h"
#include "nvidia/mig.h"
#include "nvidia/nvml.h"
#include "nvidia/procfs.h"

/* Who adds what; each writes only to the edits. */
static int (*const producers[])(const struct nv_job *job, struct oci_edits *edits,
				struct err *err) = {
	nv_devices_add, nv_libraries_add, nv_binaries_add, nv_driver_files_add, nv_procfs_add,
};

/* What a request is written as is not for the container, even if it asks for nothing (`void`). */
static void drop_request(const struct nv_request *request, struct oci_edits *edits)
{
	edits->dropped_mounts = request->mounts;
	edits->dropped_hooks = request->hooks;
}

/* The driver is not loaded: an error, unless the settings say that such hosts are expected. */
static int missing_driver(const struct nv_job *job, struct err *err)
{
	const struct nv_settings *settings = job->settings;
	const char *text =
		arena_printf(job->arena,
			     "%s%.80s: no NVIDIA driver: looked at %s/module/nvidia/version and "
			     "%s/driver/nvidia/version; load it with modprobe nvidia",
			     job->request->source, job->request->text, settings->testing.sys_root,
			     settings->testing.proc_root);

	if (settings->missing_driver_is_error)
		return err_set(err, ENODEV, "%s", text);
	nv_job_warn(job, "%s", text);
	return 0;
}

static int read_gpus(const struct nv_job *job, struct nv_gpus *ret, struct err *err)
{
	int r = nv_inventory_read(job->settings->testing.proc_root, job->arena, ret, err);

	if (r == 0 && nv_mig_needs_nvml(job->request))
		r = nv_nvml_read_mig_uuids(job, ret, err);
	return r;
}

static int select_gpus(const struct nv_job *job, struct nv_gpus *ret, struct err *err)
{
	struct nv_gpus all = { 0 };
	int r;

	/* Reading the inventory wakes sleeping GPUs: not for `none`. */
	if (job->request->kind != NV_NO_GPU) {
		r = read_gpus(job, &all, err);
		if (r < 0)
			return r;
	}
	r = nv_inventory_select(&all, job->request, job->arena, ret, err);
	if (r != -ENODEV || !job->settings->may_open_gpus ||
	    !nv_inventory_may_miss(&all, job->request))
		return r;
	nv_devices_wake(job, &all);
	r = read_gpus(job, &all, err);
	return r < 0 ? r : nv_inventory_select(&all, job->request, job->arena, ret, err);
}

static int produce(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(producers); i++) {
		int r;

		r = producers[i](job, edits, err);
		if (r < 0)
			return err_prefix(err, "%s%.80s", job->request->source, job->request->text);
	}
	if (job->request->visible)
		VEC_PUSH(&edits->env, job->arena,
			 arena_printf(job->arena, "NVIDIA_VISIBLE_DEVICES=%s",
				      job->request->visible));
	return 0;
}

/* With the driver's files at hand. */
static int inject_driver(struct nv_job *job, struct nv_injection *ret, struct err *err)
{
	int r;

	r = select_gpus(job, &ret->gpus, err);
	if (r < 0)
		return r;
	job->gpus = &ret->gpus;
	return produce(job, &ret->edits, err);
}

/* With a version known: everything else. */
static int inject(const struct nv_job *base, struct nv_injection *ret, struct err *err)
{
	struct nv_driver driver;
	struct nv_job job = *base;
	int r;

	r = nv_driver_open(job.settings, ret->driver_version, job.arena, &driver, err);
	if (r < 0)
		return err_prefix(err, "%s%.80s", job.request->source, job.request->text);
	job.driver = &driver;
	ret->driver_root = driver.root;
	ret->library_dirs = driver.library_dirs;
	r = inject_driver(&job, ret, err);
	nv_driver_done(&driver);
	return r;
}

int nv_inject(const struct nv_request *request, const struct nv_settings *settings, int root_fd,
	      struct arena *arena, struct nv_injection *ret, struct err *err)
{
	struct nv_injection made = { 0 };
	const struct nv_job job = {
		.request = request,
		.settings = settings,
		.root_fd = root_fd,
		.arena = arena,
		.warnings = &made.warnings,
	};
	int r;

	drop_request(request, &made.edits);
	if (!nv_is_requested(request)) {
		nv_procfs_hide(&job, &made.edits);
		*ret = made;
		return 0;
	}
	r = nv_driver_version(settings, arena, &made.driver_version, err);
	if (r == -ENODEV)
		r = missing_driver(&job, err);
	else if (r == 0)
		r = inject(&job, &made, err);
	if (r < 0)
		return r;
	*ret = made;
	return 0;
}
