/* SPDX-License-Identifier: Apache-2.0 */
/* The command `update`. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/value.h"
#include "cli/commands.h"
#include "oci/config_io.h"
#include "runtime/commands.h"

struct update_options {
	const char *resources; /* host path or `-`; then the others are not looked at */
	const char *blkio_weight;
	const char *cpu_burst;
	const char *cpu_idle;
	const char *cpu_period;
	const char *cpu_quota;
	const char *cpu_rt_period;
	const char *cpu_rt_runtime;
	const char *cpu_share;
	const char *cpuset_cpus;
	const char *cpuset_mems;
	const char *memory;
	const char *memory_reservation;
	const char *memory_swap;
	const char *pids_limit;
};

#define AT(member) offsetof(struct update_options, member)

static const struct cli_option options[] = {
	{ "blkio-weight", 0, OPTION_TEXT, "N", "weight for disks (10 to 1000)", AT(blkio_weight),
	  NULL },
	{ "cpu-burst", 0, OPTION_TEXT, "USEC", "unused quota for a later period", AT(cpu_burst),
	  NULL },
	{ "cpu-idle", 0, OPTION_TEXT, "0|1", "1: run when nothing else wants to", AT(cpu_idle),
	  NULL },
	{ "cpu-period", 0, OPTION_TEXT, "USEC", "length of the period that --cpu-quota is for",
	  AT(cpu_period), NULL },
	{ "cpu-quota", 0, OPTION_TEXT, "USEC", "CPU time in a period, -1 for no limit",
	  AT(cpu_quota), NULL },
	{ "cpu-rt-period", 0, OPTION_TEXT, "USEC", "period that --cpu-rt-runtime is for",
	  AT(cpu_rt_period), NULL },
	{ "cpu-rt-runtime", 0, OPTION_TEXT, "USEC", "time of realtime threads in it",
	  AT(cpu_rt_runtime), NULL },
	{ "cpu-share", 0, OPTION_TEXT, "N", "weight against other containers (2 to 262144)",
	  AT(cpu_share), NULL },
	{ "cpuset-cpus", 0, OPTION_TEXT, "LIST", "CPUs to use, such as 0-2,5", AT(cpuset_cpus),
	  NULL },
	{ "cpuset-mems", 0, OPTION_TEXT, "LIST", "memory nodes to use", AT(cpuset_mems), NULL },
	{ "memory", 0, OPTION_TEXT, "BYTES", "memory, such as 512M, -1 for no limit", AT(memory),
	  NULL },
	{ "memory-reservation", 0, OPTION_TEXT, "BYTES",
	  "memory that is left to it when it is short", AT(memory_reservation), NULL },
	{ "memory-swap", 0, OPTION_TEXT, "BYTES", "memory and swap together, -1 for no limit",
	  AT(memory_swap), NULL },
	{ "pids-limit", 0, OPTION_TEXT, "N", "processes and threads, -1 for no limit",
	  AT(pids_limit), NULL },
	{ "resources", 'r', OPTION_FILE, "FILE", "read them as JSON from FILE or, with -, stdin",
	  AT(resources), NULL },
};

static const struct cli_argument arguments[] = { { "ID", ARGUMENT_CONTAINER, false } };

/* Read a text into a field of the model. 0 or -errno without words. */
typedef int (*read_fn)(const char *text, void *field);

static int read_bytes(const char *text, void *field)
{
	struct opt_i64 *bytes = field;

	bytes->set = true;
	return str_to_bytes(text, &bytes->v);
}

static int read_limit(const char *text, void *field)
{
	struct opt_i64 *limit = field;

	limit->set = true;
	return str_to_i64(text, -1, INT64_MAX, &limit->v);
}

static int read_count(const char *text, void *field)
{
	struct opt_u64 *count = field;

	count->set = true;
	return str_to_u64(text, UINT64_MAX, &count->v);
}

static int read_switch(const char *text, void *field)
{
	struct opt_i64 *on = field;

	on->set = true;
	return str_to_i64(text, 0, 1, &on->v);
}

static int read_list(const char *text, void *field)
{
	*(const char **)field = text;
	return 0;
}

#define IN(member) offsetof(struct oci_resources, member)

static const struct {
	const char *option;
	size_t at; /* in struct update_options */
	size_t in; /* in struct oci_resources */
	read_fn read;
	const char *expected;
} fields[] = {
	{ "blkio-weight", AT(blkio_weight), IN(block_io.weight), read_count, "a number" },
	{ "cpu-burst", AT(cpu_burst), IN(cpu.burst), read_count, "microseconds" },
	{ "cpu-idle", AT(cpu_idle), IN(cpu.idle), read_switch, "0 or 1" },
	{ "cpu-period", AT(cpu_period), IN(cpu.period), read_count, "microseconds" },
	{ "cpu-quota", AT(cpu_quota), IN(cpu.quota), read_limit, "microseconds or -1" },
	{ "cpu-rt-period", AT(cpu_rt_period), IN(cpu.realtime_period), read_count, "microseconds" },
	{ "cpu-rt-runtime", AT(cpu_rt_runtime), IN(cpu.realtime_runtime), read_limit,
	  "microseconds or -1" },
	{ "cpu-share", AT(cpu_share), IN(cpu.shares), read_count, "a number" },
	{ "cpuset-cpus", AT(cpuset_cpus), IN(cpu.cpus), read_list, NULL },
	{ "cpuset-mems", AT(cpuset_mems), IN(cpu.mems), read_list, NULL },
	{ "memory", AT(memory), IN(memory.limit), read_bytes, "bytes, such as 512M, or -1" },
	{ "memory-reservation", AT(memory_reservation), IN(memory.reservation), read_bytes,
	  "bytes, such as 512M, or -1" },
	{ "memory-swap", AT(memory_swap), IN(memory.swap), read_bytes, "bytes, such as 1G, or -1" },
	{ "pids-limit", AT(pids_limit), IN(pids_limit), read_limit, "a number or -1" },
};

static int read_options(const struct update_options *update, struct oci_resources *ret,
			struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = *(const char *const *)((const char *)update + fields[i].at);

		if (text && fields[i].read(text, (char *)ret + fields[i].in) < 0)
			return err_set(err, EINVAL, "option `--%s` takes %s, not `%s`",
				       fields[i].option, fields[i].expected, text);
	}
	return 0;
}

static int read_document(const char *path, struct arena *arena, struct oci_resources *ret,
			 struct err *err)
{
	const char *name = str_eq(path, "-") ? "standard input" : path;
	char *text;
	size_t len;
	int r;

	if (name != path)
		r = fd_read_all(STDIN_FILENO, VALUE_SIZE_MAX, arena, &text, &len);
	else
		r = fd_read_file(AT_FDCWD, path, VALUE_SIZE_MAX, arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "--resources: read %s", name);
	return oci_resources_parse(text, len, name, arena, ret, err);
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct update_options *update = call->options;
	struct oci_resources resources = { 0 };
	int r;

	if (update->resources)
		r = read_document(update->resources, call->arena, &resources, err);
	else
		r = read_options(update, &resources, err);
	if (r < 0)
		return r;
	return runtime_update(call->globals->root, call->args.items[0], &resources, call->arena,
			      err);
}

const struct cli_command cli_update = {
	.name = "update",
	.summary = "change the limits of a container",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct update_options),
	.arguments = arguments,
	.n_arguments = ARRAY_SIZE(arguments),
	.run = run,
};
