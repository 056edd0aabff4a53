/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the runtime specification that this build speaks. */
#pragma once

/* The newest one: what `spec` and `features` write. */
#define OCI_VERSION "1.3.0"

/* The oldest one whose config.json is understood: everything of major 1 is compatible. */
#define OCI_VERSION_MIN "1.0.0"
