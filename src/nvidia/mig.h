/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MIG devices: compute instances of a partitioned GPU, from the driver's capabilities in procfs. What procfs does not
 * show is their UUIDs: nvidia/nvml.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/inventory.h"
#include "nvidia/job.h"

/*
 * The live instances of the GPU with this minor: the directories <@proc_root>/driver/nvidia/capabilities/
 * gpu<minor>/mig/gi<I>/ci<C>, in order of both ids. None where the driver shows none.
 */
int nv_mig_read(const char *proc_root, unsigned int minor, struct arena *arena, struct nv_migs *ret,
		struct err *err);

/* Whether @id is written as the name of a MIG device: `1:0`, `MIG-GPU-<uuid>/1/0` or `MIG-<uuid>`. */
bool nv_mig_is_name(const char *id);

/* Whether @request names a device `MIG-<uuid>`: nv_nvml_read_mig_uuids() is needed before nv_mig_find(). */
bool nv_mig_needs_nvml(const struct nv_request *request);

struct nv_mig_found {
	const struct nv_gpu *gpu;
	const struct nv_mig *mig;
};

/*
 * The device of @all that @id, a name by nv_mig_is_name(), means; as much of a UUID as no other device has is enough.
 * An unknown one is -ENODEV; the words list what there is.
 */
int nv_mig_find(const struct nv_gpus *all, const struct nv_request *request, const char *id,
		struct arena *arena, struct nv_mig_found *ret, struct err *err);

/* What opens an instance: a file of procfs that names a device node. */
struct nv_mig_access {
	const char *name; /* below /proc/driver/nvidia: `capabilities/gpu0/mig/gi1/access` */
	const char *path; /* on the host, for errors */
	const char *text;
	unsigned int minor; /* of the driver `nvidia-caps` */
	mode_t mode;	    /* of the node, permission bits */
	const char *reason; /* the devices that need it: `MIG device 1:0, 1:1` */
};

struct nv_mig_accesses {
	struct nv_mig_access *items;
	size_t count;
	size_t capacity;
};

/*
 * What the MIG devices of the job's GPUs need: for each the access of its GPU instance and its own, each once.
 *
 * A minor that differs from that in <proc>/driver/nvidia-caps/mig-minors, where this can be read, is -ENODEV.
 */
int nv_mig_accesses(const struct nv_job *job, struct nv_mig_accesses *ret, struct err *err);
