/* SPDX-License-Identifier: Apache-2.0 */
/* Init's rows of the create table. Each runs inside the container as far as it is built. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/passwd.h"
#include "base/path.h"
#include "linux/capabilities.h"
#include "linux/console.h"
#include "linux/idmap.h"
#include "linux/keyring.h"
#include "linux/loopback.h"
#include "linux/program.h"
#include "linux/rootfs_pivot.h"
#include "linux/scheduler.h"
#include "linux/sysctl.h"
#include "linux/user.h"
#include "oci/env.h"
#include "runtime/steps.h"

/* Dispositions and mask of the caller mean nothing in the container. */
static void reset_signals(void)
{
	static const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Until report-ready init dies with the host. The host may have died before this was asked for: then its end
 * of the socket is closed.
 */
static int die_with_host(struct create *c, struct err *err)
{
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_errno(err, "ask to die with the runtime");
	if (recv(c->sync.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		_exit(255);
	return 0;
}

static int set_names(const struct oci_config *config, struct err *err)
{
	if (config->hostname && sethostname(config->hostname, strlen(config->hostname)) < 0)
		return err_errno(err, "hostname: set `%s`", config->hostname);
	if (config->domainname && setdomainname(config->domainname, strlen(config->domainname)) < 0)
		return err_errno(err, "domainname: set `%s`", config->domainname);
	return 0;
}

/* What init and a process of exec have in common. */
static int become(struct create *c, struct err *err)
{
	const struct oci_linux *linux = &c->config->linux;
	int r;

	/* Becoming another user clears the parent-death signal: first things first. */
	r = linux->namespaces[OCI_NS_USER].present ? idmap_become_root(linux, err) : 0;
	if (r == 0)
		r = die_with_host(c, err);
	if (r < 0)
		return r;
	/* Nobody in the container may trace us or look at our descriptors (CVE-2016-9962); execve(2) ends it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(err, "become untraceable");
	reset_signals();
	/* Modes of nodes and mount points are exact until lock-down sets the program's umask. */
	umask(0);
	if (setsid() < 0)
		return err_errno(err, "start a session");
	return c->options->no_new_keyring ? 0 : keyring_join_new(err);
}

int step_become_init(struct create *c, struct err *err)
{
	const struct oci_namespace *network = &c->config->linux.namespaces[OCI_NS_NETWORK];
	int r;

	r = become(c, err);
	if (r == 0)
		r = clone_finish_namespaces(c->clone.pending, err);
	if (r == 0)
		r = set_names(c->config, err);
	if (r == 0 && network->present && !network->path)
		r = loopback_up(err);
	return r;
}

int step_become_member(struct create *c, struct err *err)
{
	return become(c, err);
}

bool wants_lsm(const struct create *c)
{
	return c->config->process.apparmor_profile || c->config->process.selinux_label;
}

/* While /proc is not the container's. */
int step_open_lsm(struct create *c, struct err *err)
{
	return lsm_open(&c->config->process, &c->lsm, err);
}

int step_mount_rootfs(struct create *c, struct err *err)
{
	int r;

	if (c->tree_fd >= 0) {
		r = rootfs_enter_copy(c->tree_fd, c->plan.propagation, err);
		c->new_root_fd = steal_fd(&c->tree_fd);
	} else {
		r = rootfs_enter(c->record.rootfs, c->rootfs_fd, c->plan.propagation,
				 &c->new_root_fd, err);
	}
	if (r == 0)
		r = rootfs_plan_apply(&c->plan, PHASE_BEFORE_PIVOT, c->new_root_fd, c->arena,
				      &c->warnings, err);
	if (r < 0)
		return r;
	/* Now, because the root may become read-only later. */
	program_make_cwd(c->new_root_fd, c->config->process.cwd);
	return 0;
}

int step_pivot(struct create *c, struct err *err)
{
	int (*enter)(int, uint64_t, struct err *) =
		c->options->no_pivot ? rootfs_move : rootfs_pivot;
	int r = enter(c->new_root_fd, c->plan.final_propagation, err);

	/* A directory outside of the container must not stay open (CVE-2024-21626). */
	fd_close(steal_fd(&c->rootfs_fd));
	fd_close(steal_fd(&c->new_root_fd));
	return r < 0 ? r : stdio_reopen_null(err);
}

bool wants_console(const struct create *c)
{
	return c->config->process.terminal;
}

int step_console(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;
	cleanup_close int master_fd = -EBADF, peer_fd = -EBADF;
	int r;

	r = console_open(process->console_size.height, process->console_size.width, &master_fd,
			 &peer_fd, err);
	if (r == 0 && !wants_console_socket(c))
		r = console_pass_newlines(peer_fd, err);
	/* /dev/console is the terminal of the container's init. */
	if (r == 0 && !c->exec)
		r = console_bind(peer_fd, err);
	if (r == 0)
		r = console_attach(peer_fd, err);
	return r < 0 ? r : sync_send_fd(&c->sync, master_fd, err);
}

int step_seal_rootfs(struct create *c, struct err *err)
{
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root_fd < 0)
		return err_errno(err, "open the root directory");
	/* Before linux.readonlyPaths seals /proc/sys. */
	r = sysctl_apply(&c->config->linux, err);
	if (r < 0)
		return r;
	return rootfs_plan_apply(&c->plan, PHASE_AFTER_PIVOT, root_fd, c->arena, &c->warnings, err);
}

/* HOME as login(1) would set it, when the config has none. The image's passwd is read with bounds. */
static void set_home(struct create *c)
{
	struct oci_process *process = &c->config->process;
	const char *home = oci_env_get(&process->env, "HOME");
	cleanup_close int fd = -EBADF;
	struct passwd_entry entry;

	if (home && *home)
		return;
	home = "/";
	fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && passwd_find_uid(fd, process->user.uid, c->arena, &entry) == 0 && *entry.home)
		home = entry.home;
	oci_env_set(&process->env, c->arena, arena_printf(c->arena, "HOME=%s", home));
}

/*
 * Limits while raising them is still allowed; the bounding set while CAP_SETPCAP is there; the user with
 * capabilities kept over the change; the final sets last. The working directory is entered with root's rights
 * (it may be below a directory that the user cannot search), or else as the user (a file system that refuses
 * root).
 */
int step_lock_down(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;
	int cwd, r;

	umask(process->user.umask.set ? (mode_t)process->user.umask.v : 022);
	set_home(c);
	r = personality_apply(&c->config->linux.personality, err);
	if (r == 0)
		r = lsm_apply(process, &c->lsm, err);
	/* RLIMIT_NOFILE may allow no descriptor more: none is opened from here on. */
	if (r == 0 && !wants_host_limits(c))
		r = rlimits_apply(0, process, err);
	if (r == 0)
		r = capabilities_drop_bounding(&process->capabilities, err);
	if (r == 0)
		r = stdio_give_to(process->user.uid, err);
	if (r < 0)
		return r;
	if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, "process.noNewPrivileges");
	cwd = program_enter_cwd(process->cwd, err);
	if (cwd < 0 && cwd != -EACCES)
		return cwd;
	/* From here on as little as possible: without no_new_privs it is under the filter. */
	r = process->no_new_privileges ? 0 : load_seccomp(c, err);
	if (r == 0)
		r = capabilities_keep(err);
	if (r == 0)
		r = user_apply(&process->user, err);
	if (r == 0)
		r = capabilities_apply(&process->capabilities, err);
	if (r == 0 && cwd < 0)
		r = program_enter_cwd(process->cwd, err);
	return r;
}

int step_find_program(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;

	return program_find(process->args.items[0], &process->env, c->arena, &c->program, err);
}

/*
 * The record says `created` now: init no longer depends on the host, and in `create` no longer talks to it.
 * In `run` the socket stays open over execve(2), whose success closes it.
 */
int step_report_ready(struct create *c, struct err *err)
{
	int r = 0;

	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return err_errno(err, "stop depending on the runtime");
	if (!c->options->run) {
		r = sync_send_turn(&c->sync, SYNC_END, err);
		if (r == 0)
			sync_close(&c->sync);
	}
	return r;
}

int step_wait_start(struct create *c, struct err *err)
{
	return start_channel_wait(&c->start, err);
}

/* 3, 4 … of the caller are the program's: --preserve-fds. All descriptors were made CLOEXEC at the start. */
static int keep_fds(unsigned int count, struct err *err)
{
	for (unsigned int i = 0; i < count; i++) {
		if (fcntl(3 + (int)i, F_SETFD, 0) < 0)
			return err_errno(err,
					 "--preserve-fds: unable to stat preserved-fd %u (of %u)",
					 3 + i, count);
	}
	return 0;
}

/*
 * Beside 0, 1, 2 and the preserved ones only that stays by which a failing execve(2) is told, where it is: a
 * low RLIMIT_NOFILE allows no new number. Closed, not only CLOEXEC: /proc/self/fd/N could be the program
 * (CVE-2024-21626).
 */
static int close_all_but(int channel_fd, unsigned int preserved, struct err *err)
{
	unsigned int first = 3 + preserved, channel = (unsigned int)channel_fd;

	if ((channel > first && fd_close_range(first, channel - 1) < 0) ||
	    fd_close_range(channel + 1, ~0U) < 0)
		return err_errno(err, "close descriptors");
	return 0;
}

int step_exec(struct create *c, struct err *err)
{
	const struct oci_process *process = &c->config->process;
	const char **argv = arena_alloc(c->arena, (process->args.count + 1) * sizeof(*argv));
	const char **envp = arena_alloc(c->arena, (process->env.count + 1) * sizeof(*envp));
	int r;

	for (size_t i = 0; i < process->args.count; i++)
		argv[i] = process->args.items[i];
	for (size_t i = 0; i < process->env.count; i++)
		envp[i] = process->env.items[i];
	r = keep_fds(c->options->preserve_fds, err);
	if (r == 0)
		r = close_all_but(c->options->run ? c->sync.fd : c->start.report_fd,
				  c->options->preserve_fds, err);
	if (r == 0)
		r = load_seccomp(c, err);
	if (r < 0)
		return r;
	r = c->options->run ? sync_send_turn(&c->sync, SYNC_END, err)
			    : start_channel_announce(&c->start, err);
	if (r < 0)
		return r;
	execve(c->program, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
	return err_errno(err, "exec %s", c->program);
}
