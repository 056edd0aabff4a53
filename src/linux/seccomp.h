/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp: a profile -> a classic BPF program of our own -> the kernel. Compiled on the host,
 * loaded by init. man 2 seccomp.
 */
#pragma once

#include <linux/filter.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "oci/seccomp.h"

struct seccomp_program {
	VEC(struct sock_filter) insns;
	uint32_t flags;	     /* SECCOMP_FILTER_FLAG_* */
	bool flags_optional; /* a kernel that lacks them gets the program without */
};

/*
 * Make the program of a profile.
 *
 * What it answers to a call: the action of the first rule for it without arguments; else of the first rule
 * whose arguments match; else the default action. For an architecture that is not listed: the thread is
 * killed. For a number beyond all that the profile names for the architecture: ENOSYS, unless the default
 * action lets calls through, so that C libraries fall back to older calls instead of failing.
 *
 * Names that no architecture knows are skipped. Errors: -EINVAL for an architecture that libseccomp does
 * not know, -E2BIG for a program longer than the kernel takes.
 */
int seccomp_program_make(const struct oci_seccomp *profile, struct arena *arena,
			 struct seccomp_program *ret, struct err *err);

/*
 * Put this process under the program, for good. It needs no_new_privs or CAP_SYS_ADMIN, and makes the one
 * system call only (a second one when the kernel lacks optional flags).
 */
int seccomp_program_load(const struct seccomp_program *program, struct err *err);
