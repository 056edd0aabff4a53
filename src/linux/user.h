/* SPDX-License-Identifier: Apache-2.0 */
/* The container's user, limits and standard descriptors: what init sets shortly before exec. */
#pragma once

#include "base/err.h"
#include "oci/config.h"

/*
 * Set supplementary groups, gid and uid (numbers only; no name is looked up: CVE-2016-3697).
 * An id that the user namespace does not map gives `cannot set uid to unmapped user …`.
 */
int user_apply(const struct oci_user *user, struct err *err);

/* process.rlimits. @pid: 0 for the caller. man 2 prlimit. */
int rlimits_apply(pid_t pid, const struct oci_process *process, struct err *err);

/* oom_score_adj of init, written by the host. proc(5). */
int oom_score_apply(pid_t pid, int64_t score, struct err *err);

/*
 * Give the standard descriptors to the user, so that /dev/stderr can be opened again by name; terminals and
 * pipes only, never other devices.
 */
int stdio_give_to(uid_t uid, struct err *err);

/* A host's /dev/null on 0, 1 or 2 becomes the container's, after the pivot. */
int stdio_reopen_null(struct err *err);
