/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of the create table share. Private to create.c, steps_host.c, steps_init.c and run.c.
 */
#pragma once

#include "cgroups/cgroup.h"
#include "linux/clone.h"
#include "linux/lsm.h"
#include "linux/rootfs_plan.h"
#include "linux/seccomp.h"
#include "nvidia/inject.h"
#include "oci/config.h"
#include "oci/edits.h"
#include "runtime/create.h"
#include "runtime/record.h"
#include "runtime/start.h"
#include "runtime/sync.h"

enum side { HOST, INIT };

struct step;

/* A table of rows: create's and run's in create.c, exec's in exec.c. */
struct step_table {
	const struct step *rows;
	size_t count;
};

/*
 * Everything that one create knows. Made on the host; clone gives init its own copy, so nothing is
 * serialised. Rows write the part that they are about and read the others.
 */
struct create {
	const struct create_options *options;
	struct arena *arena;
	struct strings warnings; /* texts for people, in the arena; init's are sent to the host */
	const struct step_table *table;
	bool exec; /* another process in a container that is there, not its init */
	enum side me;

	struct oci_config *config;
	int rootfs_fd;	   /* O_PATH of root.path as the host sees it, owned */
	bool needs_nvidia; /* something is asked for, or to be hidden; then these two are read */
	struct nv_settings settings;
	struct nv_request request;
	struct nv_injection nvidia;
	struct cg_layout layout;
	struct rootfs_plan plan;

	int root_dir_fd; /* of all records, owned */
	int record_fd;	 /* directory of this record, with its lock; owned, closed in init */
	struct record record;
	struct namespace_set joins; /* existing namespaces, owned */
	int tree_fd;   /* user namespace: the root file system as a detached tree, owned */
	int cgroup_fd; /* v2 cgroup to be born in, owned; -EBADF: none */
	struct clone_result clone;
	struct sync sync;
	struct start_channel start;
	bool wrote_pid_file;
	struct seccomp_program filter;
	bool filter_loaded;  /* init: it is under the filter */
	struct lsm lsm;	     /* init: owned until lock-down */
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
int check_terminal(const struct create *c, bool terminal, struct err *err);
int write_pid_file(struct create *c, struct err *err);
int step_read_config(struct create *c, struct err *err);
int step_reserve_id(struct create *c, struct err *err);
void undo_reserve_id(struct create *c);
bool wants_nvidia(const struct create *c);
int step_inject_nvidia(struct create *c, struct err *err);
int step_apply_edits(struct create *c, struct err *err);
int step_plan_rootfs(struct create *c, struct err *err);
int step_note_residue(struct create *c, struct err *err);
void undo_note_residue(struct create *c);
int step_open_start_channel(struct create *c, struct err *err);
void undo_open_start_channel(struct create *c);
bool wants_namespace_paths(const struct create *c);
int step_open_namespaces(struct create *c, struct err *err);
bool wants_host_sources(const struct create *c);
int step_open_sources(struct create *c, struct err *err);
int step_clone(struct create *c, struct err *err);
void undo_clone(struct create *c);
int step_note_init(struct create *c, struct err *err);
bool wants_id_maps(const struct create *c);
int step_map_ids(struct create *c, struct err *err);
int step_tune_process(struct create *c, struct err *err);
bool wants_host_limits(const struct create *c);
int step_limit_process(struct create *c, struct err *err);
bool wants_console_socket(const struct create *c);
int step_take_console(struct create *c, struct err *err);
bool wants_schedule(const struct create *c);
int step_schedule(struct create *c, struct err *err);
int step_record(struct create *c, struct err *err);
void undo_record(struct create *c);

/* runtime/steps_cgroup.c */
int choose_cgroup(struct create *c, struct err *err); /* part of reserve-id */
int step_create_cgroup(struct create *c, struct err *err);
void undo_create_cgroup(struct create *c);
int step_enter_cgroup(struct create *c, struct err *err);

/* runtime/steps_seccomp.c */
bool wants_seccomp(const struct create *c);
int step_compile_seccomp(struct create *c, struct err *err);
/* Init: come under the filter, once; nothing without one. */
int load_seccomp(struct create *c, struct err *err);

/* runtime/steps_init.c */
int step_become_init(struct create *c, struct err *err);
int step_become_member(struct create *c, struct err *err); /* exec */
bool wants_lsm(const struct create *c);
int step_open_lsm(struct create *c, struct err *err);
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

/* runtime/steps_hooks.c */
void undo_read_config(struct create *c);
bool wants_runtime_hooks(const struct create *c);
int step_runtime_hooks(struct create *c, struct err *err);
bool wants_container_hooks(const struct create *c);
int step_container_hooks(struct create *c, struct err *err);
bool wants_start_hooks(const struct create *c);
int step_start_hooks(struct create *c, struct err *err);

/*
 * Walk the table as far as this side goes: the host until init is ready (or, with options->run, runs its
 * program); init until execve(2). On failure everything done is undone. runtime/walk.c.
 */
int create_walk(struct create *c, const struct step_table *table, struct err *err);

extern const struct step_table create_table;

/* An empty create, and the end of one on the host: closes what it owns, undoes nothing. */
void create_init(struct create *c, const struct create_options *options, struct arena *arena);
void create_done(struct create *c);
