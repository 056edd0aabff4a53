/* SPDX-License-Identifier: Apache-2.0 */
/* Every closed set of words of the specification, as tables that are read both ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/decode.h"

/* enum oci_namespace_type: pid, network … */
extern const struct words oci_namespace_words;
/* RLIMIT_* by `RLIMIT_CPU` … */
extern const struct words oci_rlimit_words;
/* Capability numbers by `CAP_CHOWN` … (linux/capability.h up to CAP_CHECKPOINT_RESTORE) */
extern const struct words oci_capability_words;
/* rootfsPropagation: MS_* by `private`, `rslave` … */
extern const struct words oci_propagation_words;
/* enum oci_hook_kind: prestart, createRuntime … in the order of the specification */
extern const struct words oci_hook_words;
/* Signal numbers by `TERM`, `KILL` … without SIG. */
extern const struct words oci_signal_words;

/* linux.seccomp: SECCOMP_RET_*, AUDIT_ARCH_* (and OCI_SECCOMP_X32), SECCOMP_FILTER_FLAG_*, operators */
extern const struct words oci_seccomp_action_words;
extern const struct words oci_seccomp_arch_words;
extern const struct words oci_seccomp_flag_words;
extern const struct words oci_seccomp_op_words;

/*
 * A signal as users write it: 9, KILL, SIGKILL, kill, RTMIN+3, RTMAX-1. Returns the number, 0 (the
 * probe of man 2 kill) to 64, or -EINVAL.
 */
int oci_signal_parse(const char *text);
