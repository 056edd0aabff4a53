/* SPDX-License-Identifier: Apache-2.0 */
/* What only NVML knows, asked of the helper program nvml-probe: NVML is never loaded into this process. */
#pragma once

#include "base/err.h"
#include "nvidia/inventory.h"
#include "nvidia/job.h"

/*
 * Fill in the UUIDs of the MIG devices of @gpus; nothing is done where there are none. NVML opens the GPUs; it is given
 * up after the setting nvml-timeout (-ETIMEDOUT). A device that NVML does not show keeps none.
 *
 * Source: NVML API Reference, Multi Instance GPU Management; src/helpers/nvml_probe.c
 */
int nv_nvml_read_mig_uuids(const struct nv_job *job, struct nv_gpus *gpus, struct err *err);
