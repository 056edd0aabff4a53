/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses as bits, numbered as the v2 program sees them (linux/bpf.h, BPF_DEVCG_ACC_*). */
#pragma once

#include "oci/config.h"

#define CG_MKNOD      1U
#define CG_READ	      2U
#define CG_WRITE      4U
#define CG_ACCESS_ALL 7U

unsigned int cg_device_access(const struct oci_device_rule *rule);
