/* SPDX-License-Identifier: Apache-2.0 */
/* The host's rows of the create table: adapters from the model to the rooms that do the work. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "linux/affinity.h"
#include "linux/capabilities.h"
#include "linux/console.h"
#include "linux/idmap.h"
#include "linux/rootfs_pivot.h"
#include "linux/scheduler.h"
#include "linux/sysctl.h"
#include "linux/user.h"
#include "oci/config_io.h"
#include "runtime/residue.h"
#include "runtime/steps.h"
#include "runtime/tty_relay.h"

/* Where the root file system is; a link is followed once, here, and pinned by the descriptor. */
static int open_rootfs(struct create *c, struct err *err)
{
	const char *path = c->config->root.path;

	if (path[0] != '/')
		path = arena_printf(c->arena, "%s/%s", c->config->bundle, path);
	c->record.rootfs = path_real(c->arena, path);
	if (!c->record.rootfs)
		return err_errno(err, "config.json: root.path: %s", path);
	if (str_eq(c->record.rootfs, "/"))
		return err_set(err, EINVAL,
			       "config.json: root.path: the host's root directory cannot be a "
			       "container's");
	c->rootfs_fd = open(c->record.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->rootfs_fd < 0)
		return err_errno(err, "config.json: root.path: %s", c->record.rootfs);
	return 0;
}

/* Who has the other end of the terminal: this process in the foreground, else the caller's socket. */
int check_terminal(const struct create *c, bool terminal, struct err *err)
{
	bool detaches = !c->options->run || c->options->detach;

	if (terminal && detaches && !c->options->console_socket)
		return err_set(err, EINVAL,
			       "process.terminal: cannot allocate tty if nvcrun will detach "
			       "without setting console socket");
	if (c->options->console_socket && (!terminal || !detaches))
		return err_set(err, EINVAL,
			       "--console-socket: cannot use console socket if nvcrun will not "
			       "detach or allocate tty");
	return 0;
}

/* What no single field can say: how the options and the config go together. */
static int check_options(const struct create *c, struct err *err)
{
	const struct oci_config *config = c->config;
	int r;

	if (!config->process.present)
		return err_set(err, EINVAL, "config.json: process is missing");
	if (!config->linux.namespaces[OCI_NS_MOUNT].present)
		return err_set(err, ENOTSUP,
			       "config.json: linux.namespaces: a mount namespace is needed");
	r = sysctl_check(&config->linux, err);
	if (r == 0)
		r = lsm_check(&config->process, config->linux.mount_label, err);
	return r < 0 ? r : check_terminal(c, config->process.terminal, err);
}

/* Without a driver, containers that ask for nothing pay nothing: no settings file is opened for them. */
static int read_request(struct create *c, struct err *err)
{
	int r;

	c->needs_nvidia =
		nv_may_be_requested(c->config, c->options->gpus, c->arena) || nv_is_driver_shown();
	if (!c->needs_nvidia)
		return 0;
	r = nv_settings_read(c->options->settings, c->arena, &c->settings, err);
	if (r == 0)
		r = nv_request_read(c->config, c->options->gpus, &c->settings, c->arena,
				    &c->request, err);
	if (r < 0)
		return r;
	VEC_EACH(warning, &c->request.warnings)
		VEC_PUSH(&c->warnings, c->arena, *warning);
	return 0;
}

int step_read_config(struct create *c, struct err *err)
{
	const char *bundle = path_real(c->arena, c->options->bundle);
	struct oci_notes notes = { 0 };
	int r;

	if (!bundle)
		return err_errno(err, "--bundle %s", c->options->bundle);
	r = oci_config_read(bundle, c->arena, &notes, &c->config, err);
	VEC_EACH(warning, &notes.warnings)
		VEC_PUSH(&c->warnings, c->arena, *warning);
	if (r == 0)
		r = check_options(c, err);
	if (r == 0)
		r = open_rootfs(c, err);
	if (r < 0)
		return r;
	capabilities_limit(&c->config->process.capabilities, c->arena, &c->warnings);
	return read_request(c, err);
}

static bool is_new(const struct create *c, enum oci_namespace_type type)
{
	const struct oci_namespace *namespace = &c->config->linux.namespaces[type];

	return namespace->present && !namespace->path;
}

static const char *now_text(struct arena *arena)
{
	struct timespec now;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(arena, "%s.%09ldZ", date, now.tv_nsec);
}

int step_reserve_id(struct create *c, struct err *err)
{
	struct record *record = &c->record;
	int r;

	r = record_check_id(c->options->id, err);
	if (r == 0)
		r = record_open_root(c->options->root, true, c->arena, &c->root_dir_fd, err);
	if (r == 0)
		r = record_make(c->root_dir_fd, c->options->id, &c->record_fd, err);
	if (r == 0)
		r = choose_cgroup(c, err);
	if (r < 0)
		return r;
	record->id = c->options->id;
	record->oci_version = c->config->version;
	record->bundle = c->config->bundle;
	record->created = now_text(c->arena);
	record->creating = true;
	record->shares_pid_namespace = !is_new(c, OCI_NS_PID);
	record->annotations = c->config->annotations.items;
	record->n_annotations = c->config->annotations.count;
	r = fd_replace_file(c->record_fd, RECORD_CONFIG, 0600, c->config->text,
			    c->config->text_len);
	if (r < 0)
		return err_code(err, r, "write the copy of config.json");
	return record_write(c->record_fd, record, err);
}

void undo_reserve_id(struct create *c)
{
	struct err ignored;

	/* Without the descriptor the directory was never ours: it may be another container's. */
	if (c->record_fd >= 0)
		(void)record_remove(c->root_dir_fd, c->options->id, &ignored);
}

bool wants_nvidia(const struct create *c)
{
	return c->needs_nvidia;
}

int step_inject_nvidia(struct create *c, struct err *err)
{
	int r;

	c->settings.may_open_gpus = true;
	r = nv_inject(&c->request, &c->settings, c->rootfs_fd, c->arena, &c->nvidia, err);
	if (r < 0)
		return r;
	VEC_EACH(warning, &c->nvidia.warnings)
		VEC_PUSH(&c->warnings, c->arena, *warning);
	return 0;
}

int step_apply_edits(struct create *c, struct err *err)
{
	return oci_edits_apply(c->config, &c->nvidia.edits, c->arena, err);
}

/*
 * What a mount of type `cgroup` shows. v2: the container's own cgroup in a cgroup namespace, else the whole
 * tree, as the engines expect. v1: its own directory of each hierarchy. Nothing when it has none.
 */
static void collect_cgroups(struct create *c, struct rootfs_cgroups *ret)
{
	const char *place = c->record.cgroup.path;
	bool own = c->config->linux.namespaces[OCI_NS_CGROUP].present;

	if (!place)
		return;
	VEC_EACH(hierarchy, &c->layout.hierarchies) {
		struct rootfs_cgroup *group = VEC_ADD(&ret->items, c->arena);
		const char *mount = hierarchy->mount;

		if (c->layout.mode == CG_V2) {
			group->name = "";
			group->host_dir =
				own ? arena_printf(c->arena, "%s%s", mount, place) : mount;
			continue;
		}
		group->name = strrchr(mount, '/') + 1;
		group->host_dir = arena_printf(c->arena, "%s%s", mount, place);
		if (strchr(group->name, ','))
			group->aliases = str_split(c->arena, group->name, ',', false);
	}
}

int step_plan_rootfs(struct create *c, struct err *err)
{
	struct rootfs_cgroups cgroups = { 0 };
	int r;

	collect_cgroups(c, &cgroups);
	r = rootfs_plan_build(c->config, &cgroups, c->arena, &c->plan, err);
	if (r == 0)
		rootfs_sources_find_inside(&c->plan, c->record.rootfs);
	return r;
}

int step_note_residue(struct create *c, struct err *err)
{
	struct residue residue = { 0 };

	residue_note(&c->plan, c->rootfs_fd, c->arena, &residue);
	return residue_write(&residue, c->record_fd, err);
}

void undo_note_residue(struct create *c)
{
	residue_remove(&c->record, c->options->root, c->record_fd, c->arena);
}

int step_open_start_channel(struct create *c, struct err *err)
{
	return start_channel_make(c->record_fd, &c->start, err);
}

void undo_open_start_channel(struct create *c)
{
	start_channel_close(&c->start);
}

/* Init must not keep what only the host may have: above all the lock on the record. */
static void become_init_side(struct create *c)
{
	c->me = INIT;
	sync_become_init(&c->sync);
	fd_close(steal_fd(&c->record_fd));
	fd_close(steal_fd(&c->root_dir_fd));
	fd_close(steal_fd(&c->cgroup_fd));
	namespaces_close(&c->joins);
}

bool wants_namespace_paths(const struct create *c)
{
	for (int type = 0; type < OCI_NS_COUNT; type++) {
		if (c->config->linux.namespaces[type].path)
			return true;
	}
	return false;
}

int step_open_namespaces(struct create *c, struct err *err)
{
	return namespaces_open(&c->config->linux, &c->joins, err);
}

/* Root of another user namespace has no rights over the host's directories. */
bool wants_host_sources(const struct create *c)
{
	return c->config->linux.namespaces[OCI_NS_USER].present;
}

int step_open_sources(struct create *c, struct err *err)
{
	int r = rootfs_copy(c->rootfs_fd, &c->tree_fd, err);

	/* Without rights of our own: init, root in its namespace, reaches as much as we do. */
	if (r == -EPERM)
		return 0;
	return r < 0 ? r : rootfs_sources_open(&c->plan, err);
}

int step_clone(struct create *c, struct err *err)
{
	const struct clone_request request = {
		.flags = c->exec ? 0 : namespaces_new(&c->config->linux),
		.cgroup_fd = &c->cgroup_fd,
		.joins = &c->joins,
		.time_offsets = c->exec ? NULL : c->config->linux.time_offsets,
	};
	int r = sync_open(&c->sync, c->arena, err);

	/* From now on a signal is for the program: tty_relay_wait() passes it on. Until now one ends us. */
	if (r == 0 && c->options->run)
		tty_relay_block_signals();
	if (r == 0)
		r = clone_init(&request, &c->clone, err);
	/* Its pid namespace is dead with it, and the kernel's word for that is "no memory". */
	if (r < 0 && c->exec && !proc_is_alive(&c->record.init))
		return err_set(err, ESRCH, "cannot exec in a stopped container");
	if (r < 0)
		return r;
	if (c->clone.pid == 0) {
		become_init_side(c);
		return 0;
	}
	sync_become_host(&c->sync);
	/* Init's ends: only when it has the last one does end of file on `report` mean exec. */
	start_channel_close(&c->start);
	return 0;
}

void undo_clone(struct create *c)
{
	int status;

	if (c->clone.pid <= 0)
		return;
	kill(c->clone.pid, SIGKILL);
	(void)proc_wait_child(c->clone.pid, &status);
	c->clone.pid = 0;
}

int step_note_init(struct create *c, struct err *err)
{
	char state;
	int r;

	c->record.init.pid = c->clone.pid;
	c->record.poststart = c->config->hooks[OCI_HOOK_POSTSTART];
	c->record.poststop = c->config->hooks[OCI_HOOK_POSTSTOP];
	r = proc_read(c->clone.pid, &c->record.init.start, &state);
	if (r < 0)
		return err_code(err, r, "read /proc/%d/stat", c->clone.pid);
	return record_write(c->record_fd, &c->record, err);
}

bool wants_id_maps(const struct create *c)
{
	return is_new(c, OCI_NS_USER);
}

int step_map_ids(struct create *c, struct err *err)
{
	return idmap_write(c->clone.pid, &c->config->linux, c->arena, err);
}

int step_tune_process(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;

	/* After it entered its cgroup: its cpuset limits what it gets. An exec with an initial mask keeps that. */
	if (!c->exec || !process->exec_cpus_initial.words)
		affinity_reset(c->clone.pid);
	return process->oom_score_adj.set
		       ? oom_score_apply(c->clone.pid, process->oom_score_adj.v, err)
		       : 0;
}

/*
 * Root of another user namespace may not raise limits: the host does it, as long as init still is the same user.
 * Otherwise init does it itself (lock-down).
 */
bool wants_host_limits(const struct create *c)
{
	return c->config->linux.namespaces[OCI_NS_USER].present;
}

int step_limit_process(struct create *c, struct err *err)
{
	return rlimits_apply(c->clone.pid, &c->config->process, err);
}

bool wants_console_socket(const struct create *c)
{
	return c->options->console_socket != NULL;
}

/* Init sent its master: on to the caller, or kept for the foreground. */
int step_take_console(struct create *c, struct err *err)
{
	if (wants_console_socket(c))
		return console_send(c->options->console_socket, c->sync.passed_fd, err);
	tty_relay_copy_size(c->sync.passed_fd);
	return 0;
}

bool wants_schedule(const struct create *c)
{
	return c->config->process.scheduler.set || c->config->process.io_priority.set;
}

/* With the host's rights. Late: a process of SCHED_DEADLINE cannot fork. */
int step_schedule(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;
	int r = scheduler_apply(c->clone.pid, &process->scheduler,
				c->config->linux.resources.cpu.cpus, err);

	return r < 0 ? r : io_priority_apply(c->clone.pid, &process->io_priority, err);
}

/* --pid-file: digits only, complete at once, relative to the caller's directory. */
int write_pid_file(struct create *c, struct err *err)
{
	const char *path = c->options->pid_file;
	const char *slash = strrchr(path, '/');
	const char *dir = slash ? arena_strndup(c->arena, path, (size_t)(slash - path) + 1) : ".";
	cleanup_close int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *text = arena_printf(c->arena, "%d", c->clone.pid);
	int r;

	if (dir_fd < 0)
		return err_errno(err, "--pid-file %s", path);
	r = fd_replace_file(dir_fd, slash ? slash + 1 : path, 0644, text, strlen(text));
	if (r < 0)
		return err_code(err, r, "--pid-file %s", path);
	c->wrote_pid_file = true;
	return 0;
}

int step_record(struct create *c, struct err *err)
{
	if (c->options->pid_file) {
		int r = write_pid_file(c, err);

		if (r < 0)
			return r;
	}
	c->record.creating = false;
	return record_write(c->record_fd, &c->record, err);
}

void undo_record(struct create *c)
{
	/* Only what this create wrote: an older file is somebody's. */
	if (c->wrote_pid_file)
		unlink(c->options->pid_file);
}
