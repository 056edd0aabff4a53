/* SPDX-License-Identifier: Apache-2.0 */
/* The GPUs of the host, from procfs: no library of the driver is loaded, no GPU is initialised. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "nvidia/request.h"

/* A MIG device: a compute instance of a partitioned GPU. */
struct nv_mig {
	unsigned int number; /* rank on its GPU by gi, then ci: M of the name G:M */
	unsigned int gi;     /* id of the GPU instance */
	unsigned int ci;     /* id of the compute instance in it */
	const char *uuid;    /* `MIG-<uuid>`; NULL: not asked for (nv_nvml_read_mig_uuids()) */
};

struct nv_migs {
	struct nv_mig *items;
	size_t count;
	size_t capacity;
};

struct nv_gpu {
	const char *bus_id;  /* `0000:06:00.0`, the name of its directory in procfs */
	uint64_t bus_number; /* domain, bus, device, function: what the order goes by */
	const char *uuid;    /* NULL while the driver has not read it (GPU never used since load) */
	unsigned int minor;  /* of /dev/nvidia<minor>; not the index */
	unsigned int index;  /* rank by PCI bus id among GPUs that are not excluded, as in NVML */
	const char *model;   /* as the driver names it; NULL: it does not */
	const char *left_out; /* why it does not count, and has no index; NULL: it does */
	struct nv_migs mig;   /* the live ones; of a selected GPU: the selected ones */
	bool only_mig;	      /* selected for these, not as a whole */
};

struct nv_gpus {
	struct nv_gpu *items;
	size_t count;
	size_t capacity;
};

/*
 * Read <@proc_root>/driver/nvidia/gpus, sorted by index, with their MIG devices. Excluded GPUs, and those which tell no
 * minor (they could not be powered up), are left out.
 *
 * Reading `information` wakes a GPU from runtime suspend, so do it only when GPUs are asked for.
 * Source: nv-procfs.c of the open kernel module; a missing directory is an empty list.
 */
int nv_inventory_read(const char *proc_root, struct arena *arena, struct nv_gpus *ret,
		      struct err *err);

/* The others: those that the list of nv_inventory_read() lacks, and why; minor and UUID may be missing. */
int nv_inventory_read_left_out(const char *proc_root, struct arena *arena, struct nv_gpus *ret,
			       struct err *err);

/*
 * Read a PCI bus id: `dddddddd:bb:dd.f`, hexadecimal, the domain of up to eight digits. The function
 * may be left out, and with a function the domain; both are 0 then.
 *
 * @ret: domain, bus, device and function in one number
 *
 * Returns whether it is one.
 */
bool nv_bus_id_parse(const char *text, uint64_t *ret);

/*
 * The GPUs of @all that @request means, in order of index, each once. The beginning of a UUID is
 * enough where it means one GPU. Only `all` and names of MIG devices select these.
 * An id that is no GPU, or too large a count, is -ENODEV with words that list what there is.
 */
int nv_inventory_select(const struct nv_gpus *all, const struct nv_request *request,
			struct arena *arena, struct nv_gpus *ret, struct err *err);

/*
 * Whether a UUID that @request asks for may be one that the driver has not read yet, so that it is
 * worth to wake those GPUs (nv_devices_wake()) and to read the inventory again.
 */
bool nv_inventory_may_miss(const struct nv_gpus *all, const struct nv_request *request);
