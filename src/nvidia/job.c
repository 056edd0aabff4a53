/* SPDX-License-Identifier: Apache-2.0 */
/* What producers share. */
#include "nvidia/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

/* rprivate: an injected mount that propagates would stay on the host for ever. */
static const char *const bind_options[] = { "bind", "ro", "nosuid", "nodev", "rprivate" };

const char *nv_job_reason(const struct nv_job *job, unsigned int capabilities)
{
	unsigned int wanted = job->request->capabilities & capabilities;

	return arena_printf(job->arena, "capability %s",
			    nv_capabilities_text(wanted, ", ", job->arena));
}

void nv_job_mount(const struct nv_job *job, struct oci_edits *edits, const struct nv_file *file)
{
	struct oci_mount *mount = VEC_ADD(&edits->mounts, job->arena);

	mount->source = file->host_path;
	mount->destination = file->destination;
	mount->source_type = S_IFREG;
	mount->origin = arena_printf(job->arena, "nvidia %s", file->name);
	mount->reason = file->reason;
	for (size_t i = 0; i < ARRAY_SIZE(bind_options); i++)
		VEC_PUSH(&mount->options, job->arena, bind_options[i]);
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
