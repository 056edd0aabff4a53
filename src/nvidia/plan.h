/* SPDX-License-Identifier: Apache-2.0 */
/* What a container would get and why, for `nvcrun nvidia plan`: data of a request and its injection as JSON. */
#pragma once

#include "base/arena.h"
#include "nvidia/inject.h"
#include "nvidia/request.h"
#include "nvidia/settings.h"

/* All in one arena. Without a request for GPUs settings and injection may be empty: nobody read them. */
struct nv_plan {
	struct nv_request request;
	struct nv_settings settings;
	struct nv_injection injection;
	struct strings dropped_hooks; /* paths of those of config.json that are not run */
	struct strings warnings;      /* of both, those of the request first */
};

/* As JSON with a final newline, in @arena. The same plan always gives the same bytes. */
char *nv_plan_json(const struct nv_plan *plan, struct arena *arena);

/* When /etc/ld.so.cache of the container is replaced: `never`, or under which condition. */
const char *nv_plan_loader_cache(const struct nv_plan *plan);

/* Who asked: `--gpus`, `NVIDIA_VISIBLE_DEVICES`, or NULL when nobody did. */
const char *nv_plan_source(const struct nv_request *request, struct arena *arena);

/* Why there is no request: what says so, or where none was found. */
const char *nv_plan_nothing(const struct nv_plan *plan, struct arena *arena);
