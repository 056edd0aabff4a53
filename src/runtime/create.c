/* SPDX-License-Identifier: Apache-2.0 */
/* The step table: the whole order of `create` and `run` on one page. The walker: runtime/walk.c. */
#include "runtime/create.h"

#include <errno.h>

#include "base/fd.h"
#include "runtime/steps.h"

static bool is_created_only(const struct create *c)
{
	return !c->options->run;
}

/*
 * Why this order: the id is reserved and the cgroup's place noted before anything is made, so that a killed
 * runtime can be cleaned up after. Edits come before the plan and before device rules are built. Init enters
 * its cgroup before its cgroup namespace is made. The program is looked for after lock-down, as the user, and
 * before `created` is recorded: "not found" is an error of create. Init stops depending on the host
 * (report-ready) only when the record says all that start, kill and delete need.
 */
static const struct step steps[] = {
	{ "read-config", HOST, NULL, step_read_config, undo_read_config },
	{ "reserve-id", HOST, NULL, step_reserve_id, undo_reserve_id },
	{ "inject-nvidia", HOST, wants_nvidia, step_inject_nvidia, NULL },
	{ "apply-edits", HOST, wants_nvidia, step_apply_edits, NULL },
	{ "plan-rootfs", HOST, NULL, step_plan_rootfs, NULL },
	{ "note-residue", HOST, wants_nvidia, step_note_residue, undo_note_residue },
	{ "compile-seccomp", HOST, wants_seccomp, step_compile_seccomp, NULL },
	{ "create-cgroup", HOST, NULL, step_create_cgroup, undo_create_cgroup },
	{ "open-namespaces", HOST, wants_namespace_paths, step_open_namespaces, NULL },
	{ "open-sources", HOST, wants_host_sources, step_open_sources, NULL },
	{ "open-start-channel", HOST, is_created_only, step_open_start_channel,
	  undo_open_start_channel },
	{ "clone", HOST, NULL, step_clone, undo_clone },
	{ "note-init", HOST, NULL, step_note_init, NULL },
	{ "map-ids", HOST, wants_id_maps, step_map_ids, NULL },
	{ "enter-cgroup", HOST, NULL, step_enter_cgroup, NULL },
	{ "limit-process", HOST, wants_host_limits, step_limit_process, NULL },
	{ "tune-process", HOST, NULL, step_tune_process, NULL },
	{ "become-init", INIT, NULL, step_become_init, NULL },
	{ "open-lsm", INIT, wants_lsm, step_open_lsm, NULL },
	{ "mount-rootfs", INIT, NULL, step_mount_rootfs, NULL },
	{ "runtime-hooks", HOST, wants_runtime_hooks, step_runtime_hooks, NULL },
	{ "container-hooks", INIT, wants_container_hooks, step_container_hooks, NULL },
	{ "pivot", INIT, NULL, step_pivot, NULL },
	{ "console", INIT, wants_console, step_console, NULL },
	{ "seal-rootfs", INIT, NULL, step_seal_rootfs, NULL },
	{ "lock-down", INIT, NULL, step_lock_down, NULL },
	{ "find-program", INIT, NULL, step_find_program, NULL },
	{ "schedule", HOST, wants_schedule, step_schedule, NULL },
	{ "take-console", HOST, wants_console, step_take_console, NULL },
	{ "record", HOST, NULL, step_record, undo_record },
	{ "report-ready", INIT, NULL, step_report_ready, NULL },
	{ "wait-start", INIT, is_created_only, step_wait_start, NULL },
	{ "start-hooks", INIT, wants_start_hooks, step_start_hooks, NULL },
	{ "exec", INIT, NULL, step_exec, NULL },
};
const struct step_table create_table = { steps, ARRAY_SIZE(steps) };

void create_init(struct create *c, const struct create_options *options, struct arena *arena)
{
	*c = (struct create){
		.options = options,
		.arena = arena,
		.me = HOST,
		.rootfs_fd = -EBADF,
		.root_dir_fd = -EBADF,
		.record_fd = -EBADF,
		.joins = namespaces_none(),
		.tree_fd = -EBADF,
		.cgroup_fd = -EBADF,
		.sync = SYNC_NONE,
		.start = START_CHANNEL_NONE,
		.lsm = LSM_NONE,
		.new_root_fd = -EBADF,
	};
}

void create_done(struct create *c)
{
	fd_close(c->rootfs_fd);
	fd_close(c->root_dir_fd);
	fd_close(c->record_fd);
	namespaces_close(&c->joins);
	rootfs_sources_close(&c->plan);
	fd_close(c->tree_fd);
	fd_close(c->cgroup_fd);
	fd_close(c->new_root_fd);
	sync_close(&c->sync);
	start_channel_close(&c->start);
}

int runtime_create(const struct create_options *options, struct arena *arena, struct err *err)
{
	struct create c;
	int r;

	create_init(&c, options, arena);
	r = create_walk(&c, &create_table, err);
	create_done(&c);
	return r;
}
