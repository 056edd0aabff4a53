/* SPDX-License-Identifier: Apache-2.0 */
/* Making init: one clone3(2) with all new namespaces, into its cgroup where the kernel can. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "oci/config.h"

/* CLONE_NEW* of the namespaces that are new (no path). */
uint64_t namespaces_new(const struct oci_linux *linux);

struct clone_result {
	pid_t pid;	/* 0 in init */
	bool in_cgroup; /* it was born in @cgroup_fd */
	uint64_t
		pending; /* CLONE_NEWCGROUP when that namespace must be made after entering the cgroup */
};

/*
 * Clone. Returns twice, as fork(2).
 *
 * @flags:     CLONE_NEW*
 * @cgroup_fd: v2 cgroup to be born in (Linux 5.7), or -EBADF
 */
int clone_init(uint64_t flags, int cgroup_fd, struct clone_result *ret, struct err *err);

/* Init, once it is in its cgroup: the rest of result->pending. man 7 cgroup_namespaces. */
int clone_finish_namespaces(uint64_t pending, struct err *err);
