/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: what else of the driver programs open by path: firmware, files of graphics, sockets. */
#pragma once

#include "nvidia/job.h"

/*
 * Add the firmware of the driver's version, which belongs to every container with the driver; for
 * graphics and display the files by which glvnd, Vulkan and X servers find the driver, for compute
 * that of OpenCL; and the sockets of its services. What the host lacks is skipped.
 */
int nv_driver_files_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);
