/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: a normalised list, and how each hierarchy is told (v1 files, v2 eBPF program). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "oci/config.h"

/*
 * What the container may do, in the order of evaluation: config's rules in their order, then the defaults
 * that no container may lose (mknod of anything, null zero full random urandom tty, pts, ptmx, tun).
 * Rules that a later one makes pointless are dropped. No rules at all: deny (GHSA-g54h-m393-cpwq).
 */
struct cg_device_rules {
	bool allow_by_default;
	VEC(struct oci_device_rule) rules; /* the last that matches decides */
};

void cg_device_rules_build(const struct oci_resources *resources, struct arena *arena,
			   struct cg_device_rules *ret);

/* v2: load and attach a BPF_CGROUP_DEVICE program to @cgroup_fd (Linux 4.15). */
int cg_devices_attach(int cgroup_fd, const struct cg_device_rules *rules, struct arena *arena,
		      struct err *err);

/* v1: write devices.deny and devices.allow. */
int cg_devices_write_v1(int cgroup_fd, const struct cg_device_rules *rules, struct arena *arena,
			struct err *err);
