/* SPDX-License-Identifier: Apache-2.0 */
/* What producers share. */
#include "nvidia/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

/* rprivate: an injected mount that propagates would stay on the host for ever. */
static const char *const file_options[] = { "bind", "ro", "nosuid", "nodev", "rprivate" };
/* Sockets, and the directories of services. */
static const char *const endpoint_options[] = { "bind",	 "rw",	   "nosuid",
						"nodev", "noexec", "rprivate" };

const char *nv_job_reason(const struct nv_job *job, unsigned int capabilities)
{
	unsigned int wanted = job->request->capabilities & capabilities;

	return arena_printf(job->arena, "capability %s",
			    nv_capabilities_text(wanted, ", ", job->arena));
}

void nv_job_mount(const struct nv_job *job, struct oci_edits *edits, const struct nv_file *file)
{
	struct oci_mount *mount = VEC_ADD(&edits->mounts, job->arena);
	const char *const *options = file->type ? endpoint_options : file_options;
	size_t count = file->type ? ARRAY_SIZE(endpoint_options) : ARRAY_SIZE(file_options);

	mount->source = file->host_path;
	mount->destination = file->destination;
	mount->source_type = file->type ? file->type : S_IFREG;
	mount->origin = arena_printf(job->arena, "nvidia %s", file->name);
	mount->reason = file->reason;
	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&mount->options, job->arena, options[i]);
}

void nv_job_link(const struct nv_job *job, struct oci_edits *edits, const char *path,
		 const char *target, const char *reason)
{
	const char *name = strrchr(path, '/') + 1;

	if (str_eq(name, target))
		return;
	VEC_EACH(link, &edits->links) {
		if (str_eq(link->path, path))
			return;
	}
	*VEC_ADD(&edits->links, job->arena) = (struct oci_link){
		.path = path,
		.target = target,
		.origin = arena_printf(job->arena, "nvidia %s", name),
		.reason = reason,
	};
}

void nv_job_warn(const struct nv_job *job, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	VEC_PUSH(job->warnings, job->arena, arena_strdup(job->arena, text));
}
