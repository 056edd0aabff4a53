/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs that a process may run on. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "oci/config.h"

/*
 * Let @pid (0: the caller) run on the CPUs of @mask only; nothing when none was given.
 * @field: for the error, `process.execCPUAffinity.initial`
 *
 * -EINVAL: none of them is one of the machine and of the process's cpuset. man 2 sched_setaffinity.
 */
int affinity_apply(pid_t pid, const struct oci_cpu_mask *mask, const char *field, struct err *err);

/*
 * Let @pid run on every CPU that its cpuset allows: what the runtime's own caller was pinned to is not the
 * container's concern. Best effort.
 */
void affinity_reset(pid_t pid);
