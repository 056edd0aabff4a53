/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of a new user namespace. man 7 user_namespaces. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/config.h"

/*
 * Write the maps of the process that is in the new user namespace: directly, or, where the kernel does not
 * let us (a plain user with more than the one id of his own), by newuidmap(1) and newgidmap(1), whose own
 * words are part of the error.
 */
int idmap_write(pid_t pid, const struct oci_linux *linux, struct arena *arena, struct err *err);

/*
 * In the new user namespace, once mapped: become its root (the first mapped id where 0 is not mapped), with
 * all capabilities in it.
 */
int idmap_become_root(const struct oci_linux *linux, struct err *err);

/* The id outside of @maps' namespace of an id inside. False when it is not mapped. */
bool idmap_to_host(const struct oci_id_maps *maps, uint32_t id, uint32_t *ret_host);
