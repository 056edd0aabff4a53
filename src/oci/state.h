/* SPDX-License-Identifier: Apache-2.0 */
/* The state object: what `state` prints and hooks get on stdin. runtime.md § State. */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/json.h"
#include "oci/config.h"

struct oci_state {
	const char *version; /* of the bundle's config.json */
	const char *id;
	const char *status; /* creating, created, running, stopped, paused */
	pid_t pid;	    /* 0 when stopped */
	const char *bundle;
	const char *rootfs;  /* absolute host path */
	const char *created; /* RFC 3339, UTC, nanoseconds */
	const char *owner;   /* of the state directory, "" when not asked for */
	const struct oci_annotation *annotations;
	size_t n_annotations;
};

/*
 * Write it as an object, in runc's order of keys (ociVersion, id, pid, status, bundle, rootfs, created,
 * annotations, owner). @key as in base/json.h.
 */
void oci_state_write(const struct oci_state *state, struct json_writer *w, const char *key);
