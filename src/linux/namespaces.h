/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: new ones as flags, existing ones as descriptors to join. man 7 namespaces. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "oci/config.h"

/* Namespaces to join. Storage of the caller; init with namespaces_none(), release with namespaces_close(). */
struct namespace_set {
	int fd[OCI_NS_COUNT]; /* owned; -EBADF: not joined */
};

struct namespace_set namespaces_none(void);
void namespaces_close(struct namespace_set *set);
bool namespaces_any(const struct namespace_set *set);

/* CLONE_NEW* of the namespaces that are new (no path). */
uint64_t namespaces_new(const struct oci_linux *linux);

/*
 * Open the namespaces that have a path. Each must be a namespace of its type:
 * `linux.namespaces: network: /run/x is not a network namespace`.
 */
int namespaces_open(const struct oci_linux *linux, struct namespace_set *ret, struct err *err);

/* Open those namespaces of a process that differ from our own. @pid: in our pid namespace */
int namespaces_open_of(pid_t pid, struct namespace_set *ret, struct err *err);

/*
 * Enter them all: what may be entered before the user namespace first (host root enters a host's network
 * namespace), then the user namespace, then the rest (their rights come from it).
 */
int namespaces_join(const struct namespace_set *set, struct err *err);
