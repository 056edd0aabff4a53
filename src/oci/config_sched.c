/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: how the kernel runs the process: scheduler, ioPriority, CPUs, personality. */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/personality.h>

#include "base/str.h"
#include "oci/config_decode.h"

/* Spec: config.md § Linux Process, scheduler; man 2 sched_setattr */
static const struct name_value policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 /* reserved: the kernel refuses it */ },
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};
static const struct words policy_words = WORDS(policies, "scheduler policy");

static const struct name_value scheduler_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};
static const struct words scheduler_flag_words = WORDS(scheduler_flags, "scheduler flag");

static int decode_flag(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	const struct field word = { .name = field->name, .arg = &scheduler_flag_words };
	int flag;
	int r;

	r = decode_enum(d, value, &word, &flag);
	if (r == 0)
		*(uint64_t *)out |= (uint64_t)flag;
	return r;
}

static int decode_flags(struct decode *d, const struct value *value, const struct field *field,
			void *out)
{
	(void)field;
	return oci_decode_each(d, value, decode_flag, out);
}

static const struct range whole_int = { INT32_MIN, INT32_MAX };

static const struct field scheduler_fields[] = {
	{ "policy", decode_enum, offsetof(struct oci_scheduler, policy), &policy_words,
	  FIELD_REQUIRED },
	{ "nice", decode_i64, offsetof(struct oci_scheduler, nice), &whole_int, 0 },
	{ "priority", decode_i64, offsetof(struct oci_scheduler, priority), &whole_int, 0 },
	{ "flags", decode_flags, offsetof(struct oci_scheduler, flags), NULL, 0 },
	{ "runtime", decode_u64, offsetof(struct oci_scheduler, runtime), NULL, 0 },
	{ "deadline", decode_u64, offsetof(struct oci_scheduler, deadline), NULL, 0 },
	{ "period", decode_u64, offsetof(struct oci_scheduler, period), NULL, 0 },
};
static const struct fields scheduler = FIELDS(scheduler_fields, struct oci_scheduler);

/* What the kernel would ignore must not be asked for: nobody would notice that it has no effect. */
static int check_scheduler(struct decode *d, const struct value *value,
			   const struct oci_scheduler *config)
{
	int policy = config->policy;

	if ((policy == SCHED_NORMAL || policy == SCHED_BATCH) &&
	    (config->nice < -20 || config->nice > 19))
		return decode_error(d, value, "invalid scheduler.nice: %ld (-20 to 19)",
				    config->nice);
	if (config->priority && policy != SCHED_FIFO && policy != SCHED_RR)
		return decode_error(d, value,
				    "scheduler.priority can only be specified for SCHED_FIFO or "
				    "SCHED_RR policy");
	if ((config->runtime || config->deadline || config->period) && policy != SCHED_DEADLINE)
		return decode_error(d, value,
				    "scheduler runtime/deadline/period can only be specified for "
				    "SCHED_DEADLINE policy");
	return 0;
}

int oci_decode_scheduler(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	struct oci_scheduler *config = out;
	int r;

	(void)field;
	r = decode_object(d, value, &scheduler, config);
	if (r < 0)
		return r;
	config->set = true;
	return check_scheduler(d, value, config);
}

/* Spec: config.md § Linux Process, ioPriority; man 2 ioprio_set */
static const struct name_value io_classes[] = {
	{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
	{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
	{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
};
static const struct words io_class_words = WORDS(io_classes, "I/O priority class");
static const struct range io_priorities = { 0, 7 };

static const struct field io_priority_fields[] = {
	{ "class", decode_enum, offsetof(struct oci_io_priority, class), &io_class_words,
	  FIELD_REQUIRED },
	{ "priority", decode_i64, offsetof(struct oci_io_priority, priority), &io_priorities, 0 },
};
static const struct fields io_priority = FIELDS(io_priority_fields, struct oci_io_priority);

int oci_decode_io_priority(struct decode *d, const struct value *value, const struct field *field,
			   void *out)
{
	(void)field;
	((struct oci_io_priority *)out)->set = true;
	return decode_object(d, value, &io_priority, out);
}

/* CONFIG_NR_CPUS goes up to here. */
#define CPUS_MAX  8192
#define WORD_BITS (8 * sizeof(unsigned long))

/* One piece of a list, `3` or `0-3`. */
static int parse_cpus(const char *piece, struct arena *arena, unsigned long *words)
{
	const char *dash = strchr(piece, '-');
	uint64_t first, last;
	int r;

	if (dash)
		r = str_to_u64(arena_strndup(arena, piece, (size_t)(dash - piece)), CPUS_MAX - 1,
			       &first);
	else
		r = str_to_u64(piece, CPUS_MAX - 1, &first);
	last = first;
	if (r == 0 && dash)
		r = str_to_u64(dash + 1, CPUS_MAX - 1, &last);
	if (r < 0 || first > last)
		return -EINVAL;
	for (; first <= last; first++)
		words[first / WORD_BITS] |= 1UL << first % WORD_BITS;
	return 0;
}

/* Spec: config.md § Linux Process, execCPUAffinity; the list: man 7 cpuset, List format */
static int decode_cpus(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_cpu_mask mask = { .size = CPUS_MAX / 8 };
	struct strings pieces;
	const char *text;
	int r;

	r = decode_string(d, value, field, &text);
	if (r < 0 || !*text)
		return r;
	mask.words = arena_alloc(d->arena, mask.size);
	pieces = str_split(d->arena, text, ',', true);
	VEC_EACH(piece, &pieces) {
		if (parse_cpus(str_trim(d->arena, *piece), d->arena, mask.words) < 0)
			return decode_error(d, value, "`%s` is no list of CPUs such as 0-3,7",
					    text);
	}
	*(struct oci_cpu_mask *)out = mask;
	return 0;
}

static const struct field exec_affinity_fields[] = {
	{ "initial", decode_cpus, offsetof(struct oci_process, exec_cpus_initial), NULL, 0 },
	{ "final", decode_cpus, offsetof(struct oci_process, exec_cpus_final), NULL, 0 },
};
const struct fields oci_exec_affinity_fields = FIELDS(exec_affinity_fields, struct oci_process);

/* Spec: config-linux.md § Personality: two domains; it names no flags. */
static const struct name_value domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};
static const struct words domain_words = WORDS(domains, "personality domain");

static const struct field personality_fields[] = {
	{ "domain", decode_enum, 0, &domain_words, FIELD_REQUIRED },
	{ "flags", decode_refuse, 0, NULL, 0 },
};
static const struct fields personality_object = FIELDS(personality_fields, int);

int oci_decode_personality(struct decode *d, const struct value *value, const struct field *field,
			   void *out)
{
	struct opt_u64 *config = out;
	int domain;
	int r;

	(void)field;
	r = decode_object(d, value, &personality_object, &domain);
	if (r == 0)
		*config = (struct opt_u64){ .set = true, .v = (uint64_t)domain };
	return r;
}
