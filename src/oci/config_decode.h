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

/* Whether a namespace of this type can be made; the others are refused and not in `features`. */
bool oci_namespace_is_supported(enum oci_namespace_type type);

/*
 * Set the access of @rule from letters of `rwm`. Returns 0, or -EINVAL for any other letter; no words.
 * Spec: config-linux.md § Allowed Device list
 */
int oci_access_parse(const char *letters, struct oci_device_rule *rule);
