/* SPDX-License-Identifier: Apache-2.0 */
/* config.json <-> the model, its rules, and the default that `spec` prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "oci/config.h"

/* Warnings found on the way (unknown capability …); texts in the arena. */
struct oci_notes {
	struct strings warnings;
};

/*
 * Parse and check config.json.
 *
 * @text, @len: the file
 * @bundle:     absolute host path of the bundle, kept by reference
 *
 * Errors name the field: `config.json:12: linux.resources.memory.limit: expected an integer`.
 * Unknown properties are allowed (config.md § Extensibility); known ones that this version cannot
 * apply are refused, not ignored.
 */
int oci_config_parse(const char *text, size_t len, const char *bundle, struct arena *arena,
		     struct oci_notes *notes, struct oci_config **ret, struct err *err);

/* Read <bundle>/config.json and parse it. */
int oci_config_read(const char *bundle, struct arena *arena, struct oci_notes *notes,
		    struct oci_config **ret, struct err *err);

/*
 * Rules that need two fields, one function each (oci/config_check.c); part of oci_config_parse.
 */
int oci_config_check(const struct oci_config *config, struct err *err);

/* What `spec` starts from; @env is appended to process.env. Tab-indented JSON with a final newline. */
int oci_config_default(struct arena *arena, const struct strings *env, char **ret_text,
		       size_t *ret_len);
