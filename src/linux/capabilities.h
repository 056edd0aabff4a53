/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets of the container's process. man 7 capabilities. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "oci/config.h"

/*
 * Take out what this process cannot give: capabilities outside its own bounding set, or unknown to the
 * kernel. Each becomes a warning, not an error (config.md § Linux Process).
 */
void capabilities_limit(struct oci_capabilities *sets, struct arena *arena,
			struct strings *warnings);

/* Drop from the bounding set. Before the user changes: it needs CAP_SETPCAP. */
int capabilities_drop_bounding(const struct oci_capabilities *sets, struct err *err);

/* Keep permitted capabilities over the change of user / apply the sets after it. */
int capabilities_keep(struct err *err);
int capabilities_apply(const struct oci_capabilities *sets, struct err *err);
