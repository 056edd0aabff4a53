/* SPDX-License-Identifier: Apache-2.0 */
/* Every closed set of words of the specification, as tables that are read both ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/names.h"

/* A table with its length, so that its users need no macro. */
struct oci_words {
	const struct name_value *items;
	size_t count;
};

/* enum oci_namespace_type: pid, network … */
extern const struct oci_words oci_namespace_words;
/* RLIMIT_* by `RLIMIT_CPU` … */
extern const struct oci_words oci_rlimit_words;
/* Capability numbers by `CAP_CHOWN` … (linux/capability.h up to CAP_CHECKPOINT_RESTORE) */
extern const struct oci_words oci_capability_words;
/* rootfsPropagation: MS_* by `private`, `rslave` … */
extern const struct oci_words oci_propagation_words;
/* Signal numbers by `TERM`, `KILL` … without SIG. */
extern const struct oci_words oci_signal_words;

/*
 * A signal as users write it: 9, KILL, SIGKILL, kill, RTMIN+3. Returns the number or -EINVAL.
 */
int oci_signal_parse(const char *text);
