/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the device nodes of the driver. */
#pragma once

#include "nvidia/job.h"

/*
 * Add nvidiactl, a node for each selected GPU and, for compute, the nodes of unified memory.
 *
 * Each host node must be a character device with the numbers that /proc/devices promises, so that a
 * stale or forged node never reaches a container. The major of unified memory is dynamic: it
 * differs from boot to boot, and after each load of the module.
 *
 * Errors name the node, what was expected and found, and the command that makes it.
 */
int nv_devices_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);
