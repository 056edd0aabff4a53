/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits of the model: the hub between whoever knows devices (nvidia/, later CDI files) and the runtime.
 * A producer fills struct oci_edits and touches nothing else; oci_edits_apply() is the only way in.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "oci/config.h"

struct oci_edits {
	struct strings env;		/* NAME=value, replaces an earlier NAME */
	VEC(struct oci_device) devices; /* nodes; each gets an allow rule with @access */
	const char *device_access;	/* "rw" unless set: never `m` for GPUs (CVE-2021-1056) */
	struct strings dropped_mounts;	/* destinations in config.json, as written */
	struct strings dropped_hooks;	/* file names of prestart hooks */
	VEC(struct oci_mount) mounts;	/* done after the mounts of config.json and /dev */
	VEC(struct oci_link) links;	/* done after the mounts */
	VEC(struct oci_tmpfs) tmpfs;	/* done after the links */
	struct oci_loader_cache loader_cache; /* done last, before config.json's own seals */
};

/* What the rules of its devices allow: letters of r, w, m. */
const char *oci_edits_access(const struct oci_edits *edits);

/* Whether a prestart hook is to be dropped. */
bool oci_edits_drops_hook(const struct oci_edits *edits, const struct oci_hook *hook);

/*
 * Apply to the model, in place, before anything reads it: env, devices with their cgroup rules, mounts,
 * links, private file systems; what is to be dropped goes first. A device of the same path is replaced. Strings
 * are shared with @edits.
 */
int oci_edits_apply(struct oci_config *config, const struct oci_edits *edits, struct arena *arena,
		    struct err *err);
