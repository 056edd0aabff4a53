/* SPDX-License-Identifier: Apache-2.0 */
/* One injection: what the producers (devices, libraries, binaries, driver files) are given. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/capabilities.h"
#include "nvidia/driver.h"
#include "nvidia/inventory.h"
#include "nvidia/request.h"
#include "nvidia/settings.h"
#include "oci/edits.h"

/* Groups that get the same: video is built on CUDA, and display is graphics with a screen. */
enum {
	NV_FOR_CUDA = NV_CAP_COMPUTE | NV_CAP_VIDEO,
	NV_FOR_GRAPHICS = NV_CAP_GRAPHICS | NV_CAP_DISPLAY,
};

struct nv_job {
	const struct nv_request *request;
	const struct nv_settings *settings;
	const struct nv_driver *driver;
	const struct nv_gpus *gpus; /* the selected ones */
	int root_fd;		    /* the container's root file system; the caller's */
	struct arena *arena;
	struct strings *warnings;
};

/* Whether the request wants what is for @capabilities (NV_CAP_*): any of them. */
static inline bool nv_job_wants(const struct nv_job *job, unsigned int capabilities)
{
	return (job->request->capabilities & capabilities) != 0;
}

/* Why the request gets what is for @capabilities: `capability compute`. */
const char *nv_job_reason(const struct nv_job *job, unsigned int capabilities);

/* A file of the driver in the container. */
struct nv_file {
	const char *host_path;	 /* absolute, without links (nv_driver_open_file()) */
	mode_t type;		 /* 0: a regular file, read-only; S_IFSOCK, S_IFDIR: to write to */
	const char *destination; /* absolute, in the container */
	const char *name;	 /* for errors at mount time: `nvidia <name>` */
	const char *reason;
};

/* Add a bind mount of @file. */
void nv_job_mount(const struct nv_job *job, struct oci_edits *edits, const struct nv_file *file);

/* Add a symbolic link. Of two of the same path the first stays; one that leads to itself is none. */
void nv_job_link(const struct nv_job *job, struct oci_edits *edits, const char *path,
		 const char *target, const char *reason);

/* Add a warning. */
void nv_job_warn(const struct nv_job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
