/* SPDX-License-Identifier: Apache-2.0 */
/* A session keyring of the container's own. man 7 session-keyring. */
#pragma once

#include "base/err.h"

/*
 * Join a new, anonymous session keyring, so that keys of the caller's session are out of reach. (A named one
 * could have been prepared by another user.) Kernels and outer containers without keyrings (ENOSYS, EPERM)
 * are fine.
 */
int keyring_join_new(struct err *err);
