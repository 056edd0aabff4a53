/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for: by --gpus, mounts, or variables. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/settings.h"
#include "oci/config.h"

/* A mount of /dev/null on an id there asks for that GPU. */
#define NV_MOUNTS_DIR "/var/run/nvidia-container-devices"

struct nv_request {
	enum {
		NV_NOTHING,
		NV_NO_GPU,
		NV_ALL,
		NV_COUNT,
		NV_LIST
	} kind;			   /* NV_NO_GPU: `none`, driver files only */
	struct strings ids;	   /* NV_LIST: as written, without duplicates */
	unsigned int count;	   /* NV_COUNT */
	unsigned int capabilities; /* NV_CAP_*: what the driver shall do in the container */
	unsigned int implied; /* of these, those that only `all` brought: hosts may lack them */
	const char *source;  /* for errors, before text: `--gpus `, `NVIDIA_VISIBLE_DEVICES=` … */
	const char *text;    /* the request in one line: `all`, `0,1`, `count=2` */
	const char *visible; /* NVIDIA_VISIBLE_DEVICES to set inside; NULL: stays as it is */
	struct strings mounts; /* destinations that were a request: nothing to mount */
	struct strings hooks;  /* names of prestart hooks that pass a request on: nothing to run */
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
