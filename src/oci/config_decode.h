/* SPDX-License-Identifier: Apache-2.0 */
/* Private to oci/: the field tables of config.json, one file a part, and the decoders they share. */
#pragma once

#include <stdbool.h>

#include "base/decode.h"
#include "oci/config.h"

/* linux, into struct oci_linux (config_linux.c) */
extern const struct fields oci_linux_fields;

/* linux.resources, into struct oci_resources (config_resources.c) */
extern const struct fields oci_resources_fields;

/* hooks, into struct oci_config (config_hooks.c) */
extern const struct fields oci_hooks_fields;

/* process.scheduler, into struct oci_scheduler, and so on (config_sched.c) */
int oci_decode_scheduler(struct decode *, const struct value *, const struct field *, void *);
int oci_decode_io_priority(struct decode *, const struct value *, const struct field *, void *);
/* process.execCPUAffinity, into struct oci_process at offset 0 */
extern const struct fields oci_exec_affinity_fields;
/* linux.personality, into struct opt_u64 */
int oci_decode_personality(struct decode *, const struct value *, const struct field *, void *);

/* linux.sysctl, into struct oci_linux.sysctls; what may be in it (config_sysctl.c) */
int oci_decode_sysctls(struct decode *, const struct value *, const struct field *, void *);
int oci_check_sysctls(const struct oci_config *config, struct err *err);

/* linux.seccomp, into struct oci_seccomp; which words are more than recognised (config_seccomp.c) */
int oci_decode_seccomp(struct decode *, const struct value *, const struct field *, void *);
bool oci_seccomp_action_is_supported(uint32_t action);
bool oci_seccomp_flag_is_supported(uint32_t flag);

/*
 * Decode each element of an array by @element, which gets @out unchanged and appends to it; the place
 * in errors is that of the element.
 */
int oci_decode_each(struct decode *d, const struct value *value, decode_fn element, void *out);

/* A const char * that stays NULL for "": Go's writers mean the same by both. */
int oci_decode_text(struct decode *d, const struct value *value, const struct field *field,
		    void *out);

/* The structure that @out, decoded by @field, is a member of: for a field that fills its siblings. */
static inline void *oci_decode_owner(const struct field *field, void *out)
{
	return (char *)out - field->offset;
}

/*
 * Set the access of @rule from letters of `rwm`. Returns 0, or -EINVAL for any other letter; no words.
 * Spec: config-linux.md § Allowed Device list
 */
int oci_access_parse(const char *letters, struct oci_device_rule *rule);
