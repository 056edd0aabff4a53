/* SPDX-License-Identifier: Apache-2.0 */
/* The features document: what this build can do, whatever the host. features.md. */
#pragma once

#include "base/arena.h"

/* Indented JSON with a final newline. */
char *oci_features_text(struct arena *arena);
