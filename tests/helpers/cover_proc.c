/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cover_proc SETTINGS GPUS DIRECTORY PROGRAM ARG…`: run a program that sees, over a directory of procfs, what a
 * container that asks for GPUS (a value of NVIDIA_VISIBLE_DEVICES) sees over /proc/driver/nvidia. For machines
 * without a driver, whose procfs has no such directory. Made by the same functions; needs root.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/rootfs_plan.h"
#include "nvidia/inject.h"
#include "nvidia/inventory.h"
#include "nvidia/procfs.h"

/* The one edit of nvidia/procfs, moved to @dest. */
static int produce(const char *file, const struct oci_config *config, const char *dest,
		   struct arena *arena, struct oci_edits *edits, struct err *err)
{
	struct nv_gpus all = { 0 }, gpus = { 0 };
	struct nv_settings settings;
	struct nv_request request = { 0 };
	const struct nv_job job = {
		.request = &request, .settings = &settings, .gpus = &gpus, .arena = arena
	};
	int r;

	r = nv_settings_read(file, arena, &settings, err);
	if (r == 0)
		r = nv_request_read(config, NULL, &settings, arena, &request, err);
	if (r == 0)
		r = nv_inventory_read(settings.testing.proc_root, arena, &all, err);
	if (r == 0)
		r = nv_inventory_select(&all, &request, arena, &gpus, err);
	if (r < 0)
		return r;
	if (!nv_is_requested(&request))
		nv_procfs_hide(&job, edits);
	else
		r = nv_procfs_add(&job, edits, err);
	VEC_EACH(tmpfs, &edits->tmpfs)
		tmpfs->dest = dest;
	return r;
}

/* Of the whole plan only this: the rest is of a container. */
static void keep_tmpfs(struct rootfs_plan *plan)
{
	size_t kept = 0;

	VEC_EACH(op, &plan->ops) {
		if (op->kind == OP_TMPFS)
			plan->ops.items[kept++] = *op;
	}
	plan->ops.count = kept;
}

static int cover(struct oci_config *config, const struct oci_edits *edits, struct arena *arena,
		 struct err *err)
{
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct rootfs_cgroups cgroups = { 0 };
	struct strings warnings = { 0 };
	struct rootfs_plan plan;
	int r;

	r = oci_edits_apply(config, edits, arena, err);
	if (r == 0)
		r = rootfs_plan_build(config, &cgroups, arena, &plan, err);
	if (r < 0)
		return r;
	keep_tmpfs(&plan);
	return rootfs_plan_apply(&plan, PHASE_BEFORE_PIVOT, root_fd, arena, &warnings, err);
}

int main(int argc, char *argv[])
{
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };
	struct arena arena = { 0 };
	struct err err = { 0 };
	int r;

	if (argc < 5)
		return 2;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0) {
		perror("cover_proc");
		return 1;
	}
	VEC_PUSH(&config.process.env, &arena,
		 arena_printf(&arena, "NVIDIA_VISIBLE_DEVICES=%s", argv[2]));
	r = produce(argv[1], &config, argv[3], &arena, &edits, &err);
	if (r == 0)
		r = cover(&config, &edits, &arena, &err);
	arena_done(&arena);
	if (r < 0) {
		fprintf(stderr, "cover_proc: %s\n", err.text);
		return 1;
	}
	execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 1;
}
