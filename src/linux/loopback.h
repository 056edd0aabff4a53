/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback interface of a new network namespace. */
#pragma once

#include "base/err.h"

/* Set `lo` up, as every runtime does. man 7 netdevice. */
int loopback_up(struct err *err);
