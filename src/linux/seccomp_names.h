/* SPDX-License-Identifier: Apache-2.0 */
/* Private to linux/seccomp_*: architectures, and names of system calls as numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct seccomp_arch {
	uint32_t token; /* as in struct oci_seccomp: AUDIT_ARCH_*, OCI_SECCOMP_X32 */
	uint32_t audit; /* what the kernel reports: AUDIT_ARCH_* */
	bool wide;	/* arguments are compared as 64 bits, else their lower 32 */
};

/* The architecture that this program was built for. */
uint32_t seccomp_native_arch(void);

/* -EINVAL when libseccomp does not know the architecture. */
int seccomp_arch_find(uint32_t token, struct seccomp_arch *ret, struct err *err);

#define SECCOMP_NO_SUBCALL (-1)

/* One way to make a system call. */
struct seccomp_way {
	uint32_t number;
	int subcall; /* of socketcall(2) or ipc(2): what the first argument must be; else NO_SUBCALL */
};

#define SECCOMP_WAYS_MAX 2

/*
 * The ways to make the call named @name: none when the architecture does not have it, two where it has
 * a number of its own and is behind socketcall(2) or ipc(2) as well. Returns how many,
 * or -ENOENT for a name that is unknown everywhere.
 */
int seccomp_find_call(const struct seccomp_arch *arch, const char *name,
		      struct seccomp_way ret[SECCOMP_WAYS_MAX]);
