/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` would do for GPUs. */
#pragma once

#include "nvidia/plan.h"
#include "runtime/create.h"

/*
 * Read config.json and settings as create does, and plan its GPUs; nothing is made, no device is opened.
 *
 * Errors are those of create, in the same words. No warning is logged: those about GPUs are in the plan.
 */
int runtime_nvidia_plan(const struct create_options *options, struct arena *arena,
			struct nv_plan *ret, struct err *err);
