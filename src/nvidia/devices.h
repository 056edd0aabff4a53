/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the device nodes of the driver. */
#pragma once

#include "nvidia/job.h"

/*
 * Add nvidiactl, a node for each selected GPU, those of its selected MIG devices, for CUDA the nodes of unified
 * memory, for display nvidia-modeset, and for graphics and display the DRM nodes of the GPUs with their links in
 * /dev/dri/by-path, but not of GPUs selected for their MIG devices only. Hosts may lack the nodes of graphics and
 * display, and those of MIG devices, which are made by the numbers that the driver says.
 *
 * Each host node must be a character device with the numbers that the kernel says (/proc/devices;
 * for DRM sysfs), so that a stale or forged node never reaches a container. The major of unified
 * memory is dynamic: it differs from boot to boot, and after each load of the module.
 *
 * Errors name the node, what was expected and found, and the command that makes it.
 */
int nv_devices_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);

/*
 * Open the nodes of those GPUs of @gpus once that have no UUID: the driver reads it when a GPU is
 * first used. A node that is not what the driver says is not opened; failures show in the inventory.
 */
void nv_devices_wake(const struct nv_job *job, const struct nv_gpus *gpus);
