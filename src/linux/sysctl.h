/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: kernel parameters that a container has of its own. */
#pragma once

#include "base/err.h"
#include "oci/config.h"

/*
 * On the host, at create: a network namespace that is joined must not be the runtime's own, or `net.*` would
 * be the host's. Which names are allowed at all: oci/config_sysctl.c.
 */
int sysctl_check(const struct oci_linux *config, struct err *err);

/*
 * In init, in the finished container: write them below /proc/sys, before linux.readonlyPaths seals it.
 * man 5 proc, /proc/sys; the namespaces that count are those of the writer.
 */
int sysctl_apply(const struct oci_linux *config, struct err *err);
