/* SPDX-License-Identifier: Apache-2.0 */
/* What `nvidia info` tells people. */
#pragma once

#include "base/arena.h"
#include "nvidia/info.h"

/* Driver, GPUs, nodes and files as tables, problems as lines; in @arena. */
char *nvidia_info_text(const struct nv_info *info, struct arena *arena);
