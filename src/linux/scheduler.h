/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel runs the process: CPU scheduler, I/O priority, execution domain. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "oci/config.h"

/*
 * process.scheduler for @pid. Most policies need the rights of the host's root, so this is the host's to do.
 * man 2 sched_setattr.
 *
 * @cpus: linux.resources.cpu.cpus or NULL, for the words of the error: SCHED_DEADLINE and a cpuset exclude
 *        each other
 */
int scheduler_apply(pid_t pid, const struct oci_scheduler *scheduler, const char *cpus,
		    struct err *err);

/* process.ioPriority for @pid, the only one of its group. man 2 ioprio_set. */
int io_priority_apply(pid_t pid, const struct oci_io_priority *priority, struct err *err);

/* linux.personality for the caller. man 2 personality; before a seccomp filter, which may refuse it. */
int personality_apply(const struct opt_u64 *personality, struct err *err);
