/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only entry of this room: what the container asked for -> edits of the model. Reads the host
 * (procfs, loader cache, driver files), makes no mount, namespace or cgroup call, runs no program.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/settings.h"
#include "oci/config.h"
#include "oci/edits.h"

/* What was asked for (nvidia/request.c). */
struct nv_request {
	enum {
		NV_NOTHING,
		NV_NO_GPU,
		NV_ALL,
		NV_COUNT,
		NV_LIST
	} kind;		    /* NV_NO_GPU: `none`, driver files only */
	struct strings ids; /* NV_LIST: as written, without duplicates */
	unsigned int count; /* NV_COUNT */
	bool compute;	    /* NVIDIA_DRIVER_CAPABILITIES */
	bool utility;
	const char *source;  /* for errors, before text: `--gpus `, `NVIDIA_VISIBLE_DEVICES=` … */
	const char *text;    /* the request in one line: `all`, `0,1`, `count=2` */
	const char *visible; /* NVIDIA_VISIBLE_DEVICES to set inside; NULL: stays as it is */
	struct strings unsupported; /* capabilities asked for that add nothing yet: a warning */
	struct strings mounts;	    /* destinations that were a request: nothing to mount */
	struct strings warnings;
};

/*
 * Whether anything looks like a request. Where nothing does, there is none under any settings, and
 * they need not be read.
 */
bool nv_may_be_requested(const struct oci_config *config, const char *gpus, struct arena *arena);

/*
 * Read the request: --gpus wins over mounts, mounts (where the settings accept them) over variables.
 *
 * @gpus: text of --gpus (all, none, 0,1, GPU-…, count=N) or NULL
 */
int nv_request_read(const struct oci_config *config, const char *gpus,
		    const struct nv_settings *settings, struct arena *arena, struct nv_request *ret,
		    struct err *err);

/* Whether the container asks for the driver. */
bool nv_is_requested(const struct nv_request *request);

/*
 * Whether procfs shows a driver, to all containers: then inject has something to do for those that ask for
 * nothing, too. One stat(2), so that on other hosts their settings need not be read.
 */
bool nv_is_driver_shown(void);

/*
 * Fill @edits for @request. Without a request: hide the driver's files in procfs (protect-proc-driver).
 *
 * @root_fd: the container's root file system, to choose library directories by what it has
 *
 * Errors say what was asked, what exists and where it was looked for; nothing is half done.
 */
int nv_inject(const struct nv_request *request, const struct nv_settings *settings, int root_fd,
	      struct arena *arena, struct oci_edits *edits, struct strings *warnings,
	      struct err *err);
