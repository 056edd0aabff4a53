/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nvidia plan` for people. */
#pragma once

#include "base/arena.h"
#include "nvidia/plan.h"

/* A few lines on request and driver, then a table of each kind of thing, with the reason; in @arena. */
char *nvidia_plan_text(const struct nv_plan *plan, struct arena *arena);
