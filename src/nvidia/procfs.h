/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/driver/nvidia of a container: what a private tmpfs over it shows. */
#pragma once

#include "base/err.h"
#include "nvidia/job.h"
#include "oci/edits.h"

/*
 * A producer: copies of `params`, `version`, `registry` and the access files of the selected MIG devices, and the
 * directories of the selected GPUs. In the copy of params the driver in the container is told to make no device
 * nodes (ModifyDeviceFiles: 0). Of the first three those that are missing or may not be read are left out.
 *
 * Why: uid 0 of a container may write the driver's registry, as these files ask for no capability; and all
 * GPUs of the host are listed. Source: nv-procfs.c of the open kernel module.
 */
int nv_procfs_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);

/* For containers that ask for nothing: an empty one, where the host has the directory and settings say so. */
void nv_procfs_hide(const struct nv_job *job, struct oci_edits *edits);
