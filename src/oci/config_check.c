/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of config.json that its field tables cannot express: one function a rule. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>

#include "oci/config_decode.h"
#include "oci/config_io.h"
#include "oci/enums.h"

/* man 2 sethostname: what struct utsname holds */
#define UTS_NAME_MAX 64

/* The end of `1.0.2` at the start of @text, NULL when there is no such thing. */
static const char *skip_version(const char *text)
{
	for (int part = 0; part < 3; part++) {
		size_t digits;

		if (part && *text++ != '.')
			return NULL;
		digits = strspn(text, "0123456789");
		if (!digits)
			return NULL;
		text += digits;
	}
	return text;
}

/* Spec: config.md § Specification version. All of major 1 is compatible in both directions. */
static int check_version(const struct oci_config *config, struct err *err)
{
	const char *end = skip_version(config->version);

	/* `-rc.1`, `+dev`, or the end: strchr() finds that too. */
	if (!end || !strchr("-+", *end))
		return err_set(err, EINVAL, "ociVersion: `%s` is no version such as 1.0.2",
			       config->version);
	if (!str_has_prefix(config->version, "1."))
		return err_set(err, EINVAL, "ociVersion: `%s` is not supported, only major 1 is",
			       config->version);
	return 0;
}

/* Spec: config.md § Root */
static int check_root(const struct oci_config *config, struct err *err)
{
	return *config->root.path ? 0 : err_set(err, EINVAL, "root.path: empty");
}

/* Spec: config.md § Mounts: a destination is a path; relative ones were made absolute. */
static int check_mounts(const struct oci_config *config, struct err *err)
{
	VEC_EACH(mount, &config->mounts) {
		if (!*mount->destination)
			return err_set(err, EINVAL, "%s.destination: empty", mount->origin);
	}
	return 0;
}

/* Spec: config.md § Process, args: one entry or more. */
static int check_args(const struct oci_process *process, struct err *err)
{
	if (process->present && !process->args.count)
		return err_set(err, EINVAL,
			       "process.args: empty, but the name of a program is required");
	return 0;
}

/* Spec: config.md § Process, cwd */
static int check_cwd(const struct oci_process *process, struct err *err)
{
	if (process->present && *process->cwd != '/')
		return err_set(err, EINVAL, "process.cwd: `%s` is not an absolute path",
			       process->cwd);
	return 0;
}

/* Spec: config.md § Process, env: as environ in IEEE 1003.1. */
static int check_env(const struct oci_process *process, struct err *err)
{
	size_t index = 0;

	VEC_EACH(variable, &process->env) {
		size_t name_len = strcspn(*variable, "=");

		if (!name_len || !(*variable)[name_len])
			return err_set(err, EINVAL, "process.env[%zu]: `%s` is not NAME=value",
				       index, *variable);
		index++;
	}
	return 0;
}

static int check_id(uint32_t id, const char *place, struct err *err)
{
	/* -1 tells setresuid(2) and chown(2) to leave the id as it is: root's. */
	if (id == UINT32_MAX)
		return err_set(err, EINVAL, "%s: %" PRIu32 " is not an id", place, id);
	return 0;
}

/* Spec: config.md § POSIX-platform User; man 7 credentials */
static int check_user(const struct oci_process *process, struct err *err)
{
	const struct oci_user *user = &process->user;
	int r;

	r = check_id(user->uid, "process.user.uid", err);
	if (r == 0)
		r = check_id(user->gid, "process.user.gid", err);
	VEC_EACH(gid, &user->additional_gids) {
		if (r == 0)
			r = check_id(*gid, "process.user.additionalGids", err);
	}
	return r;
}

/* Spec: config.md § POSIX-platform User, umask; man 2 umask */
static int check_umask(const struct oci_process *process, struct err *err)
{
	const struct opt_u64 *mask = &process->user.umask;

	if (mask->set && mask->v > 0777)
		return err_set(err, EINVAL,
			       "process.user.umask: %" PRIu64 " is out of range (0 to %d)", mask->v,
			       0777);
	return 0;
}

/* Spec: config.md § Process, consoleSize (ignored without terminal); man 2 ioctl_tty, winsize */
static int check_console_size(const struct oci_process *process, struct err *err)
{
	if (process->terminal &&
	    (process->console_size.height > UINT16_MAX || process->console_size.width > UINT16_MAX))
		return err_set(
			err, EINVAL,
			"process.consoleSize: %" PRIu64 " by %" PRIu64 " is out of range (0 to %d)",
			process->console_size.height, process->console_size.width, UINT16_MAX);
	return 0;
}

/* Spec: config.md § POSIX process, rlimits: a repeated type is an error; man 2 setrlimit. */
static int check_rlimits(const struct oci_process *process, struct err *err)
{
	uint64_t seen = 0;
	size_t index = 0;

	VEC_EACH(limit, &process->rlimits) {
		const char *name =
			names_of(oci_rlimit_words.items, oci_rlimit_words.count, limit->type);

		if (seen & UINT64_C(1) << limit->type)
			return err_set(err, EINVAL, "process.rlimits[%zu].type: duplicate `%s`",
				       index, name);
		if (limit->soft > limit->hard)
			return err_set(err, EINVAL,
				       "process.rlimits[%zu]: %s: soft limit %" PRIu64
				       " is above hard limit %" PRIu64,
				       index, name, limit->soft, limit->hard);
		seen |= UINT64_C(1) << limit->type;
		index++;
	}
	return 0;
}

static int check_uts_name(const char *name, bool private_uts, const char *what, struct err *err)
{
	if (!name)
		return 0;
	if (!private_uts)
		return err_set(err, EINVAL,
			       "linux.namespaces: %s needs a new uts namespace: unable to set %s "
			       "without a private UTS namespace",
			       what, what);
	if (strlen(name) > UTS_NAME_MAX)
		return err_set(err, EINVAL, "%s: `%s` is longer than %d characters", what, name,
			       UTS_NAME_MAX);
	return 0;
}

/* Spec: config.md § Hostname, § Domainname */
static int check_uts(const struct oci_config *config, struct err *err)
{
	bool private_uts = config->linux.namespaces[OCI_NS_UTS].present;
	int r;

	r = check_uts_name(config->hostname, private_uts, "hostname", err);
	if (r == 0)
		r = check_uts_name(config->domainname, private_uts, "domainname", err);
	return r;
}

static int check_absolute(const struct strings *paths, const char *place, struct err *err)
{
	size_t index = 0;

	VEC_EACH(path, paths) {
		if (**path != '/')
			return err_set(err, EINVAL, "%s[%zu]: `%s` is not an absolute path", place,
				       index, *path);
		index++;
	}
	return 0;
}

/*
 * Spec: config-linux.md § Masked Paths, § Readonly Paths. They are mounts: without a mount
 * namespace of the container's own they would cover the host's files.
 */
static int check_covered_paths(const struct oci_config *config, struct err *err)
{
	const struct oci_linux *linux = &config->linux;
	int r;

	r = check_absolute(&linux->masked_paths, "linux.maskedPaths", err);
	if (r == 0)
		r = check_absolute(&linux->readonly_paths, "linux.readonlyPaths", err);
	if (r < 0 || linux->namespaces[OCI_NS_MOUNT].present)
		return r;
	if (linux->masked_paths.count || linux->readonly_paths.count)
		return err_set(err, EINVAL,
			       "linux.namespaces: %s needs a new mount namespace: unable to "
			       "restrict sys entries without a private MNT namespace",
			       linux->masked_paths.count ? "maskedPaths" : "readonlyPaths");
	return 0;
}

/* Spec: config-linux.md § Devices, path: full path in the container. */
static int check_devices(const struct oci_config *config, struct err *err)
{
	VEC_EACH(device, &config->linux.devices) {
		if (*device->path != '/')
			return err_set(err, EINVAL, "%s.path: `%s` is not an absolute path",
				       device->origin, device->path);
	}
	return 0;
}

static bool is_new(const struct oci_linux *linux, enum oci_namespace_type type)
{
	return linux->namespaces[type].present && !linux->namespaces[type].path;
}

/*
 * Spec: config-linux.md § User namespace mappings. A joined namespace has its maps already: containerd and
 * CRI-O name them all the same.
 */
static int check_id_maps(const struct oci_config *config, struct err *err)
{
	const struct oci_linux *linux = &config->linux;

	if (is_new(linux, OCI_NS_USER) && (!linux->uid_maps.count || !linux->gid_maps.count))
		return err_set(err, EINVAL,
			       "linux.%s: empty, but a new user namespace needs mappings",
			       linux->uid_maps.count ? "gidMappings" : "uidMappings");
	if (!linux->namespaces[OCI_NS_USER].present &&
	    (linux->uid_maps.count || linux->gid_maps.count))
		return err_set(err, EINVAL, "linux.namespaces: %s need a user namespace",
			       linux->uid_maps.count ? "uidMappings" : "gidMappings");
	return 0;
}

/* Spec: config-linux.md § Offset for Time Namespace; man 7 time_namespaces */
static int check_time_offsets(const struct oci_config *config, struct err *err)
{
	if (config->linux.time_offsets && !is_new(&config->linux, OCI_NS_TIME))
		return err_set(err, EINVAL,
			       "linux.namespaces: timeOffsets need a new time namespace");
	return 0;
}

/* Spec: config-linux.md § Memory, swap: memory and swap together. */
static int check_memory(const struct oci_config *config, struct err *err)
{
	const struct oci_memory *memory = &config->linux.resources.memory;

	/* 0 and -1 are no limits: nothing, and unlimited. */
	if (memory->limit.v > 0 && memory->swap.v > 0 && memory->swap.v < memory->limit.v)
		return err_set(err, EINVAL,
			       "linux.resources.memory.swap: %" PRId64
			       " (memory and swap) is below memory.limit, %" PRId64,
			       memory->swap.v, memory->limit.v);
	return 0;
}

static int (*const process_rules[])(const struct oci_process *process, struct err *err) = {
	check_args,  check_cwd,		 check_env,	check_user,
	check_umask, check_console_size, check_rlimits,
};

int oci_process_check(const struct oci_process *process, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(process_rules); i++) {
		int r = process_rules[i](process, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_process(const struct oci_config *config, struct err *err)
{
	return oci_process_check(&config->process, err);
}

static int (*const rules[])(const struct oci_config *config, struct err *err) = {
	check_version,	    check_root,		 check_mounts,	    check_process,
	check_uts,	    check_covered_paths, check_devices,	    check_id_maps,
	check_time_offsets, check_memory,	 oci_check_sysctls,
};

int oci_config_check(const struct oci_config *config, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		int r = rules[i](config, err);

		if (r < 0) {
			err_prefix(err, "config.json");
			return r;
		}
	}
	return 0;
}
