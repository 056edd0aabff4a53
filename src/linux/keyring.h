/* SPDX-License-Identifier: Apache-2.0 */
/* A session keyring of the container's own. man 7 session-keyring. */
#pragma once

#include "base/err.h"

/*
 * Join a new session keyring `_ses.<id>`, so that keys of the caller's session are out of reach. Kernels and
 * outer containers without keyrings (ENOSYS, EPERM) are fine.
 */
int keyring_join_new(const char *id, struct err *err);
