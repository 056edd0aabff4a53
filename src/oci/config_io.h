/* SPDX-License-Identifier: Apache-2.0 */
/* config.json <-> the model, its rules, and the default that `spec` prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
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
 * Parse a process object alone, as `exec --process FILE` gets it, with the checks of config.json's.
 * @name: what to call it in errors
 */
int oci_process_parse(const char *text, size_t len, const char *name, struct arena *arena,
		      struct oci_notes *notes, struct oci_process *ret, struct err *err);

/*
 * Parse what stands in config.json as linux.resources, alone. Known parts that this version cannot apply are
 * refused here, too.
 *
 * @name: what to call the document in errors
 */
int oci_resources_parse(const char *text, size_t len, const char *name, struct arena *arena,
			struct oci_resources *ret, struct err *err);

/*
 * Rules that need two fields, one function each (oci/config_check.c); part of oci_config_parse.
 */
int oci_config_check(const struct oci_config *config, struct err *err);

/* The rules of a process alone. */
int oci_process_check(const struct oci_process *process, struct err *err);

/*
 * One hook as config.json has it, into struct oci_hook, and a list of them as an array of that form: for
 * those who keep some (oci/config_hooks.c). @key as in base/json.h.
 */
extern const struct fields oci_hook_fields;
void oci_hooks_write(const struct oci_hook_list *list, struct json_writer *w, const char *key);

/* What the default depends on. */
struct oci_default {
	struct strings env; /* appended to process.env */
	/*
	 * For a user without rights: a user namespace in which @uid and @gid are root, the host's network, its
	 * /sys bound, and nothing that needs cgroups.
	 */
	bool rootless;
	uid_t uid;
	gid_t gid;
};

/* What `spec` starts from: tab-indented JSON with a final newline. */
int oci_config_default(const struct oci_default *wish, struct arena *arena, char **ret_text,
		       size_t *ret_len);
