/* SPDX-License-Identifier: Apache-2.0 */
/* One injection: what the producers (devices, libraries, binaries) are given. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/driver.h"
#include "nvidia/inject.h"
#include "nvidia/inventory.h"
#include "nvidia/settings.h"
#include "oci/edits.h"

struct nv_job {
	const struct nv_request *request;
	const struct nv_settings *settings;
	const struct nv_driver *driver;
	const struct nv_gpus *gpus; /* the selected ones */
	int root_fd;		    /* the container's root file system; the caller's */
	struct arena *arena;
	struct strings *warnings;
};

/* What a file belongs to: bits for the tables of the producers. */
enum nv_class { NV_UTILITY = 1, NV_COMPUTE = 2 };

/* Whether the request wants files of @classes. */
static inline bool nv_job_wants(const struct nv_job *job, unsigned int classes)
{
	return (job->request->utility && (classes & NV_UTILITY)) ||
	       (job->request->compute && (classes & NV_COMPUTE));
}

/*
 * Add a read-only bind mount of a driver file.
 *
 * @host_path:	 absolute, without links (nv_driver_open_file())
 * @destination: absolute, in the container
 * @name:	 for errors at mount time: `nvidia <name>`
 */
void nv_job_mount(const struct nv_job *job, struct oci_edits *edits, const char *host_path,
		  const char *destination, const char *name);

/* Add a warning. */
void nv_job_warn(const struct nv_job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
