/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a second, shorter table of steps. Rows that create has too are the same functions. */
#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "linux/affinity.h"
#include "linux/capabilities.h"
#include "runtime/container.h"
#include "runtime/exec_process.h"
#include "runtime/steps.h"
#include "runtime/tty_relay.h"

static const struct exec_options *exec_of(const struct create *c)
{
	/* launch is the first member: what rows shared with create see. */
	return (const struct exec_options *)c->options;
}

static int check_status(const struct container *container, const struct create *c, struct err *err)
{
	switch (container->status) {
	case CONTAINER_STOPPED:
		return err_set(err, ESRCH, "cannot exec in a stopped container");
	case CONTAINER_CREATING:
		return err_set(err, EBUSY, "cannot exec in a container that is being created");
	case CONTAINER_PAUSED:
		if (!exec_of(c)->ignore_paused)
			return err_set(err, EBUSY,
				       "cannot exec in a paused container (use --ignore-paused to "
				       "override)");
		return 0;
	case CONTAINER_CREATED:
	case CONTAINER_RUNNING:
		return 0;
	}
	return -EINVAL;
}

static int step_open_container(struct create *c, struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct oci_notes notes = { 0 };
	char *text;
	size_t len;
	int r;

	r = container_open(c->options->root, c->options->id, c->arena, &container, err);
	if (r == 0)
		r = check_status(&container, c, err);
	if (r < 0)
		return r;
	c->record = container.record;
	r = fd_read_file(container.dir_fd, RECORD_CONFIG, VALUE_SIZE_MAX, c->arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "read the container's copy of config.json");
	r = oci_config_parse(text, len, c->record.bundle, c->arena, &notes, &c->config, err);
	if (r == 0)
		r = exec_process_read(exec_of(c), &c->config->process, &notes, c->arena, err);
	if (r < 0)
		return r;
	VEC_EACH(warning, &notes.warnings)
		VEC_PUSH(&c->warnings, c->arena, *warning);
	capabilities_limit(&c->config->process.capabilities, c->arena, &c->warnings);
	return check_terminal(c, c->config->process.terminal, err);
}

/* Of init, which must be the same process before and after its namespaces are opened. */
static int step_open_joins(struct create *c, struct err *err)
{
	int r = namespaces_open_of(c->record.init.pid, &c->joins, err);

	if (r == 0 && !proc_is_alive(&c->record.init))
		r = err_set(err, ESRCH, "cannot exec in a stopped container");
	return r;
}

static int step_open_cgroup(struct create *c, struct err *err)
{
	int r;

	/* The host may have no cgroups at all then. */
	if (c->record.cgroup.manager == CG_DISABLED)
		return 0;
	r = cg_layout_read(c->arena, &c->layout, err);
	return r < 0 ? r : cg_open(&c->layout, &c->record.cgroup, &c->cgroup_fd, err);
}

/* Before it is in the container's cgroup. Spec: config.md § Process, execCPUAffinity */
static int step_initial_cpus(struct create *c, struct err *err)
{
	return affinity_apply(c->clone.pid, &c->config->process.exec_cpus_initial,
			      "process.execCPUAffinity.initial", err);
}

static int step_join_cgroup(struct create *c, struct err *err)
{
	return cg_join(&c->layout, &c->record.cgroup, c->clone.pid, c->record.init.pid,
		       c->clone.in_cgroup, err);
}

static int step_write_pid_file(struct create *c, struct err *err)
{
	return c->options->pid_file ? write_pid_file(c, err) : 0;
}

/* Instead of tune-process' "all that the cpuset allows", where one was given. */
static bool wants_final_cpus(const struct create *c)
{
	return c->config->process.exec_cpus_final.words;
}

static int step_final_cpus(struct create *c, struct err *err)
{
	return affinity_apply(c->clone.pid, &c->config->process.exec_cpus_final,
			      "process.execCPUAffinity.final", err);
}

static const struct step rows[] = {
	{ "open-container", HOST, NULL, step_open_container, NULL },
	{ "compile-seccomp", HOST, wants_seccomp, step_compile_seccomp, NULL },
	{ "open-joins", HOST, NULL, step_open_joins, NULL },
	{ "open-cgroup", HOST, NULL, step_open_cgroup, NULL },
	{ "clone", HOST, NULL, step_clone, undo_clone },
	{ "initial-cpus", HOST, NULL, step_initial_cpus, NULL },
	{ "join-cgroup", HOST, NULL, step_join_cgroup, NULL },
	{ "limit-process", HOST, wants_host_limits, step_limit_process, NULL },
	{ "tune-process", HOST, NULL, step_tune_process, NULL },
	{ "final-cpus", HOST, wants_final_cpus, step_final_cpus, NULL },
	{ "become-member", INIT, NULL, step_become_member, NULL },
	{ "open-lsm", INIT, wants_lsm, step_open_lsm, NULL },
	{ "console", INIT, wants_console, step_console, NULL },
	{ "lock-down", INIT, NULL, step_lock_down, NULL },
	{ "find-program", INIT, NULL, step_find_program, NULL },
	{ "schedule", HOST, wants_schedule, step_schedule, NULL },
	{ "take-console", HOST, wants_console, step_take_console, NULL },
	{ "pid-file", HOST, NULL, step_write_pid_file, undo_record },
	{ "report-ready", INIT, NULL, step_report_ready, NULL },
	{ "exec", INIT, NULL, step_exec, NULL },
};
static const struct step_table table = { rows, ARRAY_SIZE(rows) };

static int stay(struct create *c, int *ret_code, struct err *err)
{
	struct proc_id process = { .pid = c->clone.pid };
	int status, r;
	char state;

	r = proc_read(process.pid, &process.start, &state);
	if (r < 0)
		return err_code(err, r, "read /proc/%d/stat", process.pid);
	r = tty_relay_wait(&process, c->sync.passed_fd, &status, err);
	if (r == 0)
		*ret_code = proc_exit_code(status);
	return r;
}

int runtime_exec(const struct exec_options *options, struct arena *arena, int *ret_code,
		 struct err *err)
{
	struct exec_options own = *options;
	struct create c;
	int r;

	own.launch.run = true;
	create_init(&c, &own.launch, arena);
	c.exec = true;
	r = create_walk(&c, &table, err);
	if (r == 0 && options->launch.detach)
		*ret_code = 0;
	else if (r == 0)
		r = stay(&c, ret_code, err);
	create_done(&c);
	return r;
}
