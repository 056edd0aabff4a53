/* SPDX-License-Identifier: Apache-2.0 */
/* The device program as instructions, for its test. */
#pragma once

#include <linux/bpf.h>

#include "base/arena.h"
#include "base/vec.h"
#include "cgroups/devices.h"

struct cg_program {
	struct bpf_insn *items;
	size_t count;
	size_t capacity;
};

/*
 * A program that returns 1 when struct bpf_cgroup_dev_ctx asks for something the rules allow, else 0.
 * Empty when everything is allowed. Returns 0, or -E2BIG when a jump would be longer than the format
 * has room for (about ten thousand rules).
 */
int cg_device_program(const struct cg_device_rules *rules, struct arena *arena,
		      struct cg_program *ret);
