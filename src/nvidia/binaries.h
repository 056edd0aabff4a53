/* SPDX-License-Identifier: Apache-2.0 */
/* Producer: the driver's programs. */
#pragma once

#include "nvidia/job.h"

/*
 * Add the programs of the wanted classes to /usr/bin: nvidia-smi and companions. Those that the
 * host lacks are skipped. $PATH is not looked at: it is the engine's, and differs between engines.
 */
int nv_binaries_add(const struct nv_job *job, struct oci_edits *edits, struct err *err);
