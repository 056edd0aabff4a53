/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/driver/nvidia of a container. */
#include "nvidia/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "nvidia/inject.h"
#include "nvidia/mig.h"

#define DRIVER_DIR    "/driver/nvidia"
#define FILE_SIZE_MAX (256 * 1024)

static const char *const copied[] = { "params", "version", "registry" };

static struct oci_tmpfs *add_tmpfs(const struct nv_job *job, struct oci_edits *edits,
				   const char *reason)
{
	struct oci_tmpfs *tmpfs = VEC_ADD(&edits->tmpfs, job->arena);

	*tmpfs = (struct oci_tmpfs){
		.dest = "/proc" DRIVER_DIR,
		.mode = 0555,
		.origin = "nvidia /proc" DRIVER_DIR,
		.reason = reason,
	};
	return tmpfs;
}

/*
 * With any other value the user mode driver makes device nodes that it misses, as root or through its setuid
 * program: those of all GPUs.
 */
static const char *forbid_nodes(const char *text, struct arena *arena)
{
	struct strings lines = str_split(arena, text, '\n', true);
	struct strbuf buf = { .arena = arena };

	VEC_EACH(line, &lines) {
		if (line != lines.items)
			strbuf_addc(&buf, '\n');
		strbuf_adds(&buf, str_has_prefix(*line, "ModifyDeviceFiles:")
					  ? "ModifyDeviceFiles: 0"
					  : *line);
	}
	return strbuf_text(&buf);
}

static int add_file(const struct nv_job *job, const char *dir, const char *name,
		    struct oci_tmpfs *tmpfs, struct err *err)
{
	const char *path = arena_printf(job->arena, "%s/%s", dir, name);
	struct oci_tmpfs_file *file;
	size_t len;
	char *text;
	int r;

	r = fd_read_file(AT_FDCWD, path, FILE_SIZE_MAX, job->arena, &text, &len);
	if (r == -ENOENT || r == -EACCES)
		return 0;
	if (r < 0)
		return err_code(err, r, "read %s", path);
	file = VEC_ADD(&tmpfs->files, job->arena);
	file->name = name;
	file->mode = 0444;
	file->text = str_eq(name, "params") ? forbid_nodes(text, job->arena) : text;
	return 0;
}

/* As copies: the directory of a GPU instance would show all its compute instances. */
static int add_mig(const struct nv_job *job, struct oci_tmpfs *tmpfs, struct err *err)
{
	struct nv_mig_accesses accesses;
	int r;

	r = nv_mig_accesses(job, &accesses, err);
	if (r < 0)
		return r;
	VEC_EACH(access, &accesses)
		*VEC_ADD(&tmpfs->files, job->arena) = (struct oci_tmpfs_file){
			.name = access->name, .mode = 0444, .text = access->text
		};
	return 0;
}

int nv_procfs_add(const struct nv_job *job, struct oci_edits *edits, struct err *err)
{
	const char *dir =
		arena_printf(job->arena, "%s" DRIVER_DIR, job->settings->testing.proc_root);
	struct oci_tmpfs *tmpfs =
		add_tmpfs(job, edits, "only the container's GPUs, nothing to write");

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		int r = add_file(job, dir, copied[i], tmpfs, err);

		if (r < 0)
			return r;
	}
	VEC_EACH(gpu, job->gpus) {
		struct oci_tmpfs_bind *bind = VEC_ADD(&tmpfs->binds, job->arena);

		bind->name = arena_printf(job->arena, "gpus/%s", gpu->bus_id);
		bind->source = arena_printf(job->arena, "%s/%s", dir, bind->name);
	}
	return add_mig(job, tmpfs, err);
}

void nv_procfs_hide(const struct nv_job *job, struct oci_edits *edits)
{
	const struct nv_settings *settings = job->settings;

	if (settings->protect_proc_driver &&
	    access(arena_printf(job->arena, "%s" DRIVER_DIR, settings->testing.proc_root), F_OK) ==
		    0)
		add_tmpfs(job, edits, "protect-proc-driver: no GPU was asked for");
}

bool nv_is_driver_shown(void)
{
	return access("/proc" DRIVER_DIR, F_OK) == 0;
}
