/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model of linux.seccomp. Actions, architectures and flags are the kernel's own numbers, so nothing
 * translates them again. Spec: config-linux.md § Seccomp
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/decode.h"
#include "base/vec.h"

enum oci_seccomp_op {
	OCI_SECCOMP_NE,
	OCI_SECCOMP_LT,
	OCI_SECCOMP_LE,
	OCI_SECCOMP_EQ,
	OCI_SECCOMP_GE,
	OCI_SECCOMP_GT,
	OCI_SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
};

struct oci_seccomp_arg {
	uint32_t index; /* which argument of the system call, 0 to 5 */
	int op;		/* enum oci_seccomp_op */
	uint64_t value;
	uint64_t value_two;
};

struct oci_seccomp_rule {
	struct strings names; /* of system calls, at least one; unknown ones are allowed */
	uint32_t action;      /* SECCOMP_RET_*, with its error number in the low half */
	VEC(struct oci_seccomp_arg) args; /* all must hold; none: every call */
};

struct oci_seccomp {
	bool set;		 /* false: the field is absent, no filter */
	uint32_t default_action; /* as in a rule */
	VEC(uint32_t) archs; /* AUDIT_ARCH_*, OCI_SECCOMP_X32; the native one need not be listed */
	bool flags_set;	     /* false: the runtime chooses */
	uint32_t flags;	     /* SECCOMP_FILTER_FLAG_* */
	VEC(struct oci_seccomp_rule) rules;
};

/* x32 has no AUDIT_ARCH_* of its own: this is EM_X86_64 without the mark of 64 bits, as in libseccomp. */
#define OCI_SECCOMP_X32 0x4000003e
