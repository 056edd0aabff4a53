/* SPDX-License-Identifier: Apache-2.0 */
/* The process that exec runs: from a file, or from the container's with the command line's changes. */
#pragma once

#include "oci/config_io.h"
#include "runtime/exec.h"

/*
 * @process: the container's own, changed in place
 */
int exec_process_read(const struct exec_options *options, struct oci_process *process,
		      struct oci_notes *notes, struct arena *arena, struct err *err);
