/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: one row per field of the model, one column per version of cgroups. */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "cgroups/dir.h"

#define CPU_PERIOD_DEFAULT 100000 /* microseconds, the kernel's own */

uint64_t cg_cpu_weight(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2((double)shares);
	/* 7/34 is 126/612: in one fraction the powers of two in the documentation come out exactly. */
	return (uint64_t)ceil(pow(10, (l * l + 125 * l - 126) / 612));
}

/* Memory: 0 counts as not given, as in every engine that fills the field in unconditionally. */
static bool is_asked(const struct opt_i64 *limit)
{
	return limit->set && limit->v != 0;
}

/*
 * Text of one file for one field.
 *
 * @field: the member of the model. *ret_text stays NULL when there is nothing to write.
 */
typedef int (*format_fn)(const struct oci_resources *resources, const void *field,
			 struct arena *arena, const char **ret_text, struct err *err);

#define FORMATTER(name)                                                                 \
	static int name(const struct oci_resources *resources __attribute__((unused)),  \
			const void *field __attribute__((unused)), struct arena *arena, \
			const char **ret_text, struct err *err __attribute__((unused)))

static const char *number(struct arena *arena, int64_t value, const char *unlimited)
{
	return value < 0 ? unlimited : arena_printf(arena, "%" PRId64, value);
}

FORMATTER(bytes_v1)
{
	if (is_asked(field))
		*ret_text = number(arena, ((const struct opt_i64 *)field)->v, "-1");
	return 0;
}

FORMATTER(bytes_v2)
{
	if (is_asked(field))
		*ret_text = number(arena, ((const struct opt_i64 *)field)->v, "max");
	return 0;
}

/* The field counts memory and swap together, so it means nothing without the memory's own limit. */
static int check_swap(const struct oci_memory *memory, struct err *err)
{
	if (!is_asked(&memory->swap) || memory->swap.v < 0)
		return 0;
	if (!is_asked(&memory->limit) || memory->limit.v < 0)
		return err_set(
			err, EINVAL,
			"linux.resources.memory.swap: unable to set swap limit without memory"
			" limit");
	if (memory->swap.v < memory->limit.v)
		return err_set(err, EINVAL,
			       "linux.resources.memory.swap: memory+swap limit should be >= memory"
			       " limit (%" PRId64 " < %" PRId64 ")",
			       memory->swap.v, memory->limit.v);
	return 0;
}

FORMATTER(swap_v1)
{
	int r = check_swap(&resources->memory, err);

	return r < 0 ? r : bytes_v1(resources, field, arena, ret_text, err);
}

FORMATTER(swap_v2)
{
	const struct oci_memory *memory = &resources->memory;
	int r = check_swap(memory, err);

	if (r < 0)
		return r;
	if (is_asked(&memory->swap))
		*ret_text = memory->swap.v < 0
				    ? "max"
				    : number(arena, memory->swap.v - memory->limit.v, NULL);
	else if (memory->limit.set && memory->limit.v < 0)
		*ret_text = "max"; /* v1 frees swap together with memory */
	return 0;
}

FORMATTER(shares_v1)
{
	const struct opt_u64 *shares = field;

	if (shares->set && shares->v)
		*ret_text = arena_printf(arena, "%" PRIu64, shares->v);
	return 0;
}

FORMATTER(shares_v2)
{
	const struct opt_u64 *shares = field;

	if (shares->set && shares->v)
		*ret_text = arena_printf(arena, "%" PRIu64, cg_cpu_weight(shares->v));
	return 0;
}

FORMATTER(period_v1)
{
	const struct opt_u64 *period = field;

	if (period->set && period->v)
		*ret_text = arena_printf(arena, "%" PRIu64, period->v);
	return 0;
}

FORMATTER(quota_v1)
{
	const struct opt_i64 *quota = field;

	if (quota->set)
		*ret_text = number(arena, quota->v ? quota->v : -1, "-1");
	return 0;
}

/* Quota and period are one file. */
FORMATTER(quota_v2)
{
	const struct oci_cpu *cpu = &resources->cpu;
	bool has_period = cpu->period.set && cpu->period.v;
	const char *quota = "max";

	if (!cpu->quota.set && !has_period)
		return 0;
	if (cpu->quota.set && cpu->quota.v > 0)
		quota = number(arena, cpu->quota.v, NULL);
	*ret_text = arena_printf(arena, "%s %" PRIu64, quota,
				 has_period ? cpu->period.v : CPU_PERIOD_DEFAULT);
	return 0;
}

FORMATTER(list)
{
	const char *const *text = field;

	(void)arena;
	if (*text && **text)
		*ret_text = *text;
	return 0;
}

/*
 * 0 forbids every fork. So does 1, once the container's init is counted; but with 0 the kernel would
 * refuse to clone that one into the cgroup, too.
 */
FORMATTER(pids)
{
	const struct opt_i64 *limit = field;

	if (limit->set)
		*ret_text = number(arena, limit->v ? limit->v : 1, "max");
	return 0;
}

FORMATTER(number_u64)
{
	const struct opt_u64 *value = field;

	if (value->set)
		*ret_text = arena_printf(arena, "%" PRIu64, value->v);
	return 0;
}

FORMATTER(number_i64)
{
	const struct opt_i64 *value = field;

	if (value->set)
		*ret_text = arena_printf(arena, "%" PRId64, value->v);
	return 0;
}

/* Engines write zeroes out; as a limit of the realtime scheduler they are what a cgroup has anyway. */
FORMATTER(runtime)
{
	const struct opt_i64 *value = field;

	return value->v ? number_i64(resources, field, arena, ret_text, err) : 0;
}

FORMATTER(oom_killer)
{
	(void)arena;
	if (*(const bool *)field)
		*ret_text = "1";
	return 0;
}

struct limit_file {
	const char *name; /* NULL: this version has it in another row */
	format_fn format;
};

struct limit {
	const char *field; /* below linux.resources */
	size_t offset;	   /* in struct oci_resources */
	const char *controller;
	struct limit_file v1, v2;
};

#define AT(member) offsetof(struct oci_resources, member)

/* clang-format off */
static const struct limit limits[] = {
	/* field, offset, controller, file of v1, file of v2 */
	{ "memory.limit",            AT(memory.limit),              "memory", { "memory.limit_in_bytes", bytes_v1 },      { "memory.max", bytes_v2 } },
	{ "memory.swap",             AT(memory.swap),               "memory", { "memory.memsw.limit_in_bytes", swap_v1 }, { "memory.swap.max", swap_v2 } },
	{ "memory.reservation",      AT(memory.reservation),        "memory", { "memory.soft_limit_in_bytes", bytes_v1 }, { "memory.low", bytes_v2 } },
	{ "memory.swappiness",       AT(memory.swappiness),         "memory", { "memory.swappiness", number_u64 },        { NULL, NULL } },
	{ "memory.disableOOMKiller", AT(memory.disable_oom_killer), "memory", { "memory.oom_control", oom_killer },       { NULL, NULL } },
	{ "cpu.shares",              AT(cpu.shares),                "cpu",    { "cpu.shares", shares_v1 },                { "cpu.weight", shares_v2 } },
	{ "cpu.period",              AT(cpu.period),                "cpu",    { "cpu.cfs_period_us", period_v1 },         { NULL, NULL } },
	{ "cpu.quota",               AT(cpu.quota),                 "cpu",    { "cpu.cfs_quota_us", quota_v1 },           { "cpu.max", quota_v2 } },
	{ "cpu.burst",               AT(cpu.burst),                 "cpu",    { "cpu.cfs_burst_us", number_u64 },         { "cpu.max.burst", number_u64 } },
	{ "cpu.idle",                AT(cpu.idle),                  "cpu",    { "cpu.idle", number_i64 },                 { "cpu.idle", number_i64 } },
	{ "cpu.realtimePeriod",      AT(cpu.realtime_period),       "cpu",    { "cpu.rt_period_us", period_v1 },          { NULL, NULL } },
	{ "cpu.realtimeRuntime",     AT(cpu.realtime_runtime),      "cpu",    { "cpu.rt_runtime_us", runtime },           { NULL, NULL } },
	{ "cpu.cpus",                AT(cpu.cpus),                  "cpuset", { "cpuset.cpus", list },                    { "cpuset.cpus", list } },
	{ "cpu.mems",                AT(cpu.mems),                  "cpuset", { "cpuset.mems", list },                    { "cpuset.mems", list } },
	{ "pids.limit",              AT(pids_limit),                "pids",   { "pids.max", pids },                       { "pids.max", pids } },
};
/* clang-format on */

static bool is_harmless(const char *file, const char *text)
{
	/* No swap where the kernel has none. */
	if (str_eq(file, "memory.swap.max") && str_eq(text, "0"))
		return true;
	return str_eq(text, "-1") || str_has_prefix(text, "max");
}

int cg_limits_build(const struct oci_resources *resources, bool v2, struct arena *arena,
		    struct cg_settings *ret, struct err *err)
{
	struct cg_settings settings = { 0 };

	for (size_t i = 0; resources && i < ARRAY_SIZE(limits); i++) {
		const struct limit *limit = &limits[i];
		const struct limit_file *file = v2 ? &limit->v2 : &limit->v1;
		const char *text = NULL;
		int r;

		if (!file->name)
			continue;
		r = file->format(resources, (const char *)resources + limit->offset, arena, &text,
				 err);
		if (r < 0)
			return r;
		if (!text)
			continue;
		*VEC_ADD(&settings, arena) = (struct cg_setting){
			.field = arena_printf(arena, "linux.resources.%s", limit->field),
			.controller = limit->controller,
			.file = file->name,
			.text = text,
			.harmless = is_harmless(file->name, text),
		};
	}
	if (resources)
		cg_limits_block_io(&resources->block_io, v2, arena, &settings);
	*ret = settings;
	return 0;
}

static int write_setting(int dir_fd, const struct cg_setting *setting)
{
	int r = cg_file_write(dir_fd, setting->file, setting->text);

	if (r == -ENOENT && setting->other_file)
		r = cg_file_write(dir_fd, setting->other_file, setting->other_text);
	return r == -ENOENT && setting->harmless ? 0 : r;
}

/*
 * The kernel compares some files with each other (limit and memsw, quota and period) and refuses the
 * first of a pair that only makes sense with the second: those are written once more at the end.
 */
int cg_limits_write(int dir_fd, const char *dir, const struct strings *controllers,
		    const struct cg_settings *settings, struct err *err)
{
	for (int again = 0; again < 2; again++) {
		bool refused = false;

		VEC_EACH(setting, settings) {
			int r;

			if (!strings_have(controllers, setting->controller))
				continue;
			r = write_setting(dir_fd, setting);
			if (r == -EINVAL && !again)
				refused = true;
			else if (r < 0)
				return err_code(err, r, "%s: write %s to %s/%s", setting->field,
						setting->text, dir, setting->file);
		}
		if (!refused)
			return 0;
	}
	return 0;
}
