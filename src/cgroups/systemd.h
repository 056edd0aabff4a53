/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd as the maker of cgroups, asked by libexec/nvcrun/systemd-scope: the system's for root, else the
 * user's own.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cgroups/cgroup.h"

/* Whether it runs here. -ENOTSUP says what to do where not. man 3 sd_booted */
int cg_systemd_check(struct err *err);

/* Whether the user's own systemd is asked. */
bool cg_systemd_is_user(void);

/* The cgroup that all of its slices are below: "", or a path where it does not run at the top. */
int cg_systemd_top(struct arena *arena, const char **ret, struct err *err);

/* Change properties of the unit until its end. */
int cg_unit_set(const struct cg_place *place, const struct strings *properties, struct arena *arena,
		struct err *err);

/* Stop and forget the unit. One that is not there is success, and so is a systemd that is not. */
int cg_unit_stop(const struct cg_place *place, struct err *err);
