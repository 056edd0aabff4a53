/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of the create table share. Private to create.c, steps_host.c, steps_init.c and run.c.
 */
#pragma once

#include "cgroups/cgroup.h"
#include "linux/clone.h"
#include "linux/rootfs_plan.h"
#include "nvidia/inject.h"
#include "oci/config.h"
#include "oci/edits.h"
#include "runtime/create.h"
#include "runtime/record.h"
#include "runtime/start.h"
#include "runtime/sync.h"

enum side { HOST, INIT };

/*
 * Everything that one create knows. Made on the host; clone gives init its own copy, so nothing is
 * serialised. Rows write the part that they are about and read the others.
 */
struct create {
	const struct create_options *options;
	struct arena *arena;
	struct strings *warnings;
	enum side me;

	struct oci_config *config;
	int rootfs_fd; /* O_PATH of root.path as the host sees it, owned */
	struct nv_settings settings;
	struct nv_request request;
	struct oci_edits edits;
	struct cg_layout layout;
	struct rootfs_plan plan;

	int root_dir_fd; /* of all records, owned */
	int record_fd;	 /* directory of this record, with its lock; owned, closed in init */
	struct record record;
	int cgroup_fd; /* v2 cgroup to be born in, owned; -EBADF: none */
	struct clone_result clone;
	struct sync sync;
	struct start_channel start;
	const char *program; /* init: what args[0] was found to be */
	int new_root_fd;     /* init: the mounted root file system before the pivot, owned */
};

/*
 * One row. Both sides walk the same table and run their own rows; at a change of side one hands over and
 * the other waits.
 */
struct step {
	const char *name;
	enum side side;
	bool (*wanted)(
		const struct create *c); /* NULL: always. Reads only what is fixed before clone */
	int (*run)(struct create *c, struct err *err);
	void (*undo)(
		struct create *
			c); /* host: after a failure, also of this row itself; NULL: nothing to undo */
};

/* Called before each row; test builds link one that fails or kills on request (tests/helpers). */
int step_inject(const char *name, struct err *err);

/* runtime/steps_host.c */
int step_read_config(struct create *c, struct err *err);
int step_reserve_id(struct create *c, struct err *err);
void undo_reserve_id(struct create *c);
bool wants_nvidia(const struct create *c);
int step_inject_nvidia(struct create *c, struct err *err);
int step_apply_edits(struct create *c, struct err *err);
int step_plan_rootfs(struct create *c, struct err *err);
int step_create_cgroup(struct create *c, struct err *err);
void undo_create_cgroup(struct create *c);
int step_open_start_channel(struct create *c, struct err *err);
void undo_open_start_channel(struct create *c);
int step_clone(struct create *c, struct err *err);
void undo_clone(struct create *c);
int step_note_init(struct create *c, struct err *err);
int step_enter_cgroup(struct create *c, struct err *err);
bool wants_oom_score(const struct create *c);
int step_tune_process(struct create *c, struct err *err);
int step_record(struct create *c, struct err *err);
void undo_record(struct create *c);

/* runtime/steps_init.c */
int step_become_init(struct create *c, struct err *err);
int step_mount_rootfs(struct create *c, struct err *err);
int step_pivot(struct create *c, struct err *err);
bool wants_console(const struct create *c);
int step_console(struct create *c, struct err *err);
int step_seal_rootfs(struct create *c, struct err *err);
int step_lock_down(struct create *c, struct err *err);
int step_find_program(struct create *c, struct err *err);
int step_report_ready(struct create *c, struct err *err);
int step_wait_start(struct create *c, struct err *err);
int step_exec(struct create *c, struct err *err);

/*
 * Walk the table as far as this side goes: the host until init is ready (or, with options->run, runs its
 * program); init until execve(2). On failure everything done is undone. runtime/create.c.
 */
int create_walk(struct create *c, struct err *err);

/* An empty create, and the end of one on the host: closes what it owns, undoes nothing. */
void create_init(struct create *c, const struct create_options *options, struct arena *arena,
		 struct strings *warnings);
void create_done(struct create *c);
