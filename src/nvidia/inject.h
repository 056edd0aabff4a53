/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only entry of this room: what the container asked for -> edits of the model. Reads the host
 * (procfs, loader cache, driver files), makes no mount, namespace or cgroup call, runs no program.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "nvidia/inventory.h"
#include "nvidia/request.h"
#include "nvidia/settings.h"
#include "oci/edits.h"

/* What was decided, and what of the host it was decided by. All in the arena. */
struct nv_injection {
	struct oci_edits edits;
	struct strings warnings;
	const char *driver_version; /* NULL: nothing is injected, and so are the next three empty */
	const char *driver_root;    /* host path, empty for / */
	struct strings library_dirs; /* below the root */
	struct nv_gpus gpus;	     /* the selected ones */
};

/*
 * Whether procfs shows a driver, to all containers: then inject has something to do for those that ask for
 * nothing, too. One stat(2), so that on other hosts their settings need not be read.
 */
bool nv_is_driver_shown(void);

/*
 * The edits for @request. Without a request: hide the driver's files in procfs (protect-proc-driver).
 *
 * @root_fd: the container's root file system, to choose library directories by what it has
 *
 * Errors say what was asked, what exists and where it was looked for; nothing is half done.
 */
int nv_inject(const struct nv_request *request, const struct nv_settings *settings, int root_fd,
	      struct arena *arena, struct nv_injection *ret, struct err *err);
