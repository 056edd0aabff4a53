/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a process: a list of NAME=value. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* The value of NAME in a list of NAME=value; the last one wins; NULL when absent. */
const char *oci_env_get(const struct strings *env, const char *name);

/* Set or append NAME=value (kept by reference); one variable of that name is left. */
void oci_env_set(struct strings *env, struct arena *arena, const char *assignment);
