/* SPDX-License-Identifier: Apache-2.0 */
/* The step table and its walker: the whole order of `create` and `run` on one page. */
#include "runtime/create.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
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
	{ "read-config", HOST, NULL, step_read_config, NULL },
	{ "reserve-id", HOST, NULL, step_reserve_id, undo_reserve_id },
	{ "inject-nvidia", HOST, wants_nvidia, step_inject_nvidia, NULL },
	{ "apply-edits", HOST, wants_nvidia, step_apply_edits, NULL },
	{ "plan-rootfs", HOST, NULL, step_plan_rootfs, NULL },
	{ "create-cgroup", HOST, NULL, step_create_cgroup, undo_create_cgroup },
	{ "open-start-channel", HOST, is_created_only, step_open_start_channel,
	  undo_open_start_channel },
	{ "clone", HOST, NULL, step_clone, undo_clone },
	{ "note-init", HOST, NULL, step_note_init, NULL },
	{ "enter-cgroup", HOST, NULL, step_enter_cgroup, NULL },
	{ "tune-process", HOST, wants_oom_score, step_tune_process, NULL },
	{ "become-init", INIT, NULL, step_become_init, NULL },
	{ "mount-rootfs", INIT, NULL, step_mount_rootfs, NULL },
	{ "pivot", INIT, NULL, step_pivot, NULL },
	{ "console", INIT, wants_console, step_console, NULL },
	{ "seal-rootfs", INIT, NULL, step_seal_rootfs, NULL },
	{ "lock-down", INIT, NULL, step_lock_down, NULL },
	{ "find-program", INIT, NULL, step_find_program, NULL },
	{ "record", HOST, NULL, step_record, undo_record },
	{ "report-ready", INIT, NULL, step_report_ready, NULL },
	{ "wait-start", INIT, is_created_only, step_wait_start, NULL },
	{ "exec", INIT, NULL, step_exec, NULL },
};
#define N_STEPS ARRAY_SIZE(steps)

static bool is_wanted(const struct create *c, size_t row)
{
	return !steps[row].wanted || steps[row].wanted(c);
}

static int run_row(struct create *c, size_t row, struct err *err)
{
	int r;

	log_debug("%s: %s", c->me == HOST ? "host" : "init", steps[row].name);
	r = step_inject(steps[row].name, err);
	if (r == 0)
		r = steps[row].run(c, err);
	return r < 0 ? err_prefix(err, "%s", steps[row].name) : 0;
}

static void undo_from(struct create *c, size_t row)
{
	for (size_t i = row + 1; i-- > 0;) {
		if (steps[i].undo && is_wanted(c, i)) {
			log_debug("host: undo %s", steps[i].name);
			steps[i].undo(c);
		}
	}
}

/* The other side vanished without a word: say how. */
static int err_init_died(struct create *c, size_t row, struct err *err)
{
	char words[64] = "its status is unknown";
	int status;

	if (proc_wait_child(c->clone.pid, &status) == 0)
		proc_status_words(status, words, sizeof(words));
	c->clone.pid = 0; /* reaped: nothing to kill */
	return err_set(err, ESRCH, "container init died before %s: %s", steps[row].name, words);
}

/*
 * The host waits while init walks its rows. @row: the first row of init. Returns the host's next row, N_STEPS
 * when init needs the host no more, or -errno.
 */
static ssize_t host_wait(struct create *c, size_t row, struct err *err)
{
	size_t next = row;
	int r;

	while (next < N_STEPS && (steps[next].side == INIT || !is_wanted(c, next)))
		next++;
	r = sync_wait_turn(&c->sync, next < N_STEPS ? (uint32_t)next : SYNC_END, err);
	if (r < 0)
		return r;
	if (r == 0)
		return (ssize_t)next;
	/* End of file is how execve(2) succeeds; only then may it come. */
	if (next == N_STEPS && c->options->run)
		return (ssize_t)next;
	return err_init_died(c, row, err);
}

static int walk_host(struct create *c, size_t *row, struct err *err)
{
	for (*row = 0; *row < N_STEPS; ++*row) {
		ssize_t next;
		int r;

		if (!is_wanted(c, *row))
			continue;
		if (steps[*row].side == HOST) {
			r = run_row(c, *row, err);
			if (r < 0 || c->me == INIT)
				return r;
			continue;
		}
		r = sync_send_turn(&c->sync, (uint32_t)*row, err);
		if (r < 0)
			return err_init_died(c, *row, err);
		next = host_wait(c, *row, err);
		if (next < 0)
			return (int)next;
		if ((size_t)next == N_STEPS)
			return 0;
		*row = (size_t)next - 1;
	}
	return 0;
}

/*
 * Init, born in row `clone`: never returns. Any failure is told to the host, or, once that is gone, to
 * `start`; end of file from the host means that it was killed: then nothing must stay.
 */
static _Noreturn void walk_init(struct create *c, size_t row)
{
	enum side side = HOST;
	struct err err = { 0 };
	int r = 0;

	for (row++; row < N_STEPS && r == 0; row++) {
		if (!is_wanted(c, row))
			continue;
		if (steps[row].side == HOST) {
			if (side == INIT)
				r = sync_send_turn(&c->sync, (uint32_t)row, &err);
			side = HOST;
			continue;
		}
		if (side == HOST)
			r = sync_wait_turn(&c->sync, (uint32_t)row, &err);
		side = INIT;
		if (r != 0)
			_exit(255);
		r = run_row(c, row, &err);
	}
	if (c->sync.fd >= 0)
		sync_send_error(&c->sync, (uint32_t)row, &err);
	else
		start_channel_report(&c->start, &err);
	_exit(255);
}

int create_walk(struct create *c, struct err *err)
{
	size_t row;
	int r;

	r = walk_host(c, &row, err);
	if (c->me == INIT)
		walk_init(c, row);
	if (r < 0)
		undo_from(c, row < N_STEPS ? row : N_STEPS - 1);
	return r;
}

void create_init(struct create *c, const struct create_options *options, struct arena *arena,
		 struct strings *warnings)
{
	*c = (struct create){
		.options = options,
		.arena = arena,
		.warnings = warnings,
		.me = HOST,
		.rootfs_fd = -EBADF,
		.root_dir_fd = -EBADF,
		.record_fd = -EBADF,
		.cgroup_fd = -EBADF,
		.sync = SYNC_NONE,
		.start = START_CHANNEL_NONE,
		.new_root_fd = -EBADF,
	};
}

void create_done(struct create *c)
{
	fd_close(c->rootfs_fd);
	fd_close(c->root_dir_fd);
	fd_close(c->record_fd);
	fd_close(c->cgroup_fd);
	fd_close(c->new_root_fd);
	sync_close(&c->sync);
	start_channel_close(&c->start);
}

int runtime_create(const struct create_options *options, struct arena *arena,
		   struct strings *warnings, struct err *err)
{
	struct create c;
	int r;

	create_init(&c, options, arena, warnings);
	r = create_walk(&c, err);
	create_done(&c);
	return r;
}
