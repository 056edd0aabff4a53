/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for the processes of a cgroup. */
#pragma once

#include <stdint.h>

#include "base/arena.h"

/*
 * Wait until cgroup.events, opened as @events_fd, has the line @event (man 7 cgroups).
 *
 * @deadline_ms: as cg_now_ms()
 * Returns 0, -ETIMEDOUT, -ENODEV when the cgroup vanishes, or -errno; no words.
 */
int cg_wait_event(int events_fd, const char *event, int64_t deadline_ms);

/*
 * Wait until nobody is in @dir_fd and below: by cgroup.events (v2) or by looking again (v1).
 *
 * @deadline_ms: as cg_now_ms()
 * Returns 0 (also when it vanishes), -ETIMEDOUT, or -errno; no words.
 */
int cg_wait_empty(int dir_fd, int64_t deadline_ms);

/* "3 process(es): 12 13 …" for errors about those that stay. */
const char *cg_pids_words(int dir_fd, struct arena *arena);
