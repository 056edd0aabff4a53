/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as texts for files: one table for both versions of cgroups. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "oci/config.h"

/* One file to write. */
struct cg_setting {
	const char *field;	/* `linux.resources.memory.limit` */
	const char *controller; /* `memory` */
	const char *file;	/* `memory.max` */
	const char *text;	/* `max` */
	const char *other_file; /* where the kernel does not have @file; NULL: none */
	const char *other_text;
	bool per_device; /* sets one device's line of the file */
	bool harmless;	 /* means no limit: nothing is lost when the file is absent */
};

struct cg_settings {
	struct cg_setting *items;
	size_t count;
	size_t capacity;
};

/*
 * What the limits ask for, in the order of writing.
 *
 * @resources: NULL: nothing
 * @v2:        the vocabulary wanted
 *
 * -EINVAL for limits that contradict each other. Spec: config-linux.md § Control groups.
 */
int cg_limits_build(const struct oci_resources *resources, bool v2, struct arena *arena,
		    struct cg_settings *ret, struct err *err);

/*
 * Write those settings whose controller this hierarchy has (@controllers).
 *
 * @dir: host path of the cgroup, for errors
 */
int cg_limits_write(int dir_fd, const char *dir, const struct strings *controllers,
		    const struct cg_settings *settings, struct err *err);

/*
 * Add what linux.resources.blockIO asks for to @ret (a part of cg_limits_build()).
 *
 * Weights are the I/O scheduler BFQ's where the kernel has it, else v2's own io.weight.
 */
void cg_limits_block_io(const struct oci_block_io *block_io, bool v2, struct arena *arena,
			struct cg_settings *ret);

/*
 * cpu.shares (2 to 262144, default 1024) as cpu.weight (1 to 10000, default 100):
 * 10^((l^2 + 125 l) / 612 - 7/34) rounded up, l = log2(shares). The ends and the defaults meet, and
 * values in between keep about their ratio.
 */
uint64_t cg_cpu_weight(uint64_t shares);
