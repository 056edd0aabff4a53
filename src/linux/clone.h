/* SPDX-License-Identifier: Apache-2.0 */
/* Making init: one clone3(2) with all new namespaces, into its cgroup where the kernel can. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "linux/namespaces.h"

struct clone_request {
	uint64_t flags; /* CLONE_NEW* */
	int *cgroup_fd; /* v2 cgroup to be born in (Linux 5.7), or -EBADF; init's copy is closed */
	struct namespace_set *joins; /* existing namespaces; init's copies are closed */
	const char *time_offsets;    /* lines for /proc/self/timens_offsets; NULL: none */
};

struct clone_result {
	pid_t pid;	  /* 0 in init */
	bool in_cgroup;	  /* it was born in request->cgroup_fd */
	uint64_t pending; /* CLONE_NEWCGROUP: to be made after entering the cgroup */
};

/*
 * Clone. Returns twice, as fork(2), and init is always a child of the caller.
 *
 * Namespaces to join, and time offsets, are the work of a short-lived process in between, so that the host
 * process itself never leaves its namespaces: it joins, then clones init with CLONE_PARENT. What runs in a joined
 * pid namespace before execve(2) cannot be traced from there, and holds no descriptor of the host's
 * (CVE-2016-9962).
 */
int clone_init(const struct clone_request *request, struct clone_result *ret, struct err *err);

/* Init, once it is in its cgroup: the rest of result->pending. man 7 cgroup_namespaces. */
int clone_finish_namespaces(uint64_t pending, struct err *err);
