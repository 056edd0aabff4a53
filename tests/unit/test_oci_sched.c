/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel runs the process: scheduler, ioPriority, execCPUAffinity, personality in config.json. */
#include "config_fixture.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sys/personality.h>

TEST(a_whole_scheduler)
{
	struct result result = parse(
		PROCESS(",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"nice\":0,\"priority\":0,"
			"\"flags\":[\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_DL_OVERRUN\"],"
			"\"runtime\":18446744073709551615,\"deadline\":2,\"period\":3}"));
	const struct oci_scheduler *scheduler = &result.config->process.scheduler;

	CHECK(scheduler->set);
	CHECK_INT(scheduler->policy, SCHED_DEADLINE);
	CHECK_INT(scheduler->flags, SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN);
	CHECK(scheduler->runtime == UINT64_MAX);
	CHECK_INT(scheduler->deadline, 2);
	CHECK_INT(scheduler->period, 3);
	arena_done(&result.arena);
}

TEST(absent_is_not_set)
{
	struct result result = parse(PROCESS(",\"env\":[]"));
	const struct oci_process *process = &result.config->process;

	CHECK(!process->scheduler.set && !process->io_priority.set);
	CHECK(!process->exec_cpus_initial.words && !process->exec_cpus_final.words);
	CHECK(!process->apparmor_profile && !process->selinux_label);
	CHECK(!result.config->linux.personality.set && !result.config->linux.mount_label);
	arena_done(&result.arena);
}

TEST(profiles_and_labels)
{
	struct result result = parse(PROCESS(",\"apparmorProfile\":\"p\",\"selinuxLabel\":\"\""));
	struct result mounts = parse(LINUX("\"mountLabel\":\"a:b:c\""));

	CHECK_STR(result.config->process.apparmor_profile, "p");
	CHECK(!result.config->process.selinux_label);
	CHECK_STR(mounts.config->linux.mount_label, "a:b:c");
	arena_done(&result.arena);
	arena_done(&mounts.arena);
}

TEST(an_io_priority)
{
	struct result result =
		parse(PROCESS(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":7}"));

	CHECK(result.config->process.io_priority.set);
	CHECK_INT(result.config->process.io_priority.class, IOPRIO_CLASS_IDLE);
	CHECK_INT(result.config->process.io_priority.priority, 7);
	arena_done(&result.arena);
}

TEST(personalities)
{
	struct result wide = parse(LINUX("\"personality\":{\"domain\":\"LINUX\"}"));
	struct result narrow =
		parse(LINUX("\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}"));

	CHECK(wide.config->linux.personality.set);
	CHECK_INT(wide.config->linux.personality.v, PER_LINUX);
	CHECK_INT(narrow.config->linux.personality.v, PER_LINUX32);
	arena_done(&wide.arena);
	arena_done(&narrow.arena);
}

static bool has_cpu(const struct oci_cpu_mask *mask, size_t cpu)
{
	return mask->words[cpu / (8 * sizeof(long))] >> cpu % (8 * sizeof(long)) & 1;
}

TEST(lists_of_cpus)
{
	struct result result = parse(
		PROCESS(",\"execCPUAffinity\":{\"initial\":\"0-2, 63,64\",\"final\":\"8191\"}"));
	const struct oci_cpu_mask *initial = &result.config->process.exec_cpus_initial;

	CHECK_STR(result.err.text, "");
	CHECK_INT(initial->size, 1024);
	CHECK(has_cpu(initial, 0) && has_cpu(initial, 1) && has_cpu(initial, 2));
	CHECK(!has_cpu(initial, 3) && !has_cpu(initial, 62) && !has_cpu(initial, 65));
	CHECK(has_cpu(initial, 63) && has_cpu(initial, 64));
	CHECK(has_cpu(&result.config->process.exec_cpus_final, 8191));
	arena_done(&result.arena);
}

TEST(an_empty_list_is_none)
{
	struct result result = parse(PROCESS(",\"execCPUAffinity\":{\"initial\":\"\"}"));

	CHECK(!result.config->process.exec_cpus_initial.words);
	arena_done(&result.arena);
}

TEST(lists_that_are_none)
{
	static const char *const lists[] = { ",",   "1,", "-",	   "1-",   "-1",
					     "2-1", "a",  "1-2-3", "8192", "0-8192" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct arena arena = { 0 };
		struct result result = parse(arena_printf(
			&arena, PROCESS(",\"execCPUAffinity\":{\"final\":\"%s\"}"), lists[i]));

		CHECK_STR(result.err.text,
			  arena_printf(&arena,
				       "config.json:1: process.execCPUAffinity.final: `%s` is no "
				       "list of CPUs such as 0-3,7",
				       lists[i]));
		arena_done(&result.arena);
		arena_done(&arena);
	}
}

TEST(what_is_wrong_is_named)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ PROCESS(",\"scheduler\":{}"),
		  "config.json:1: process.scheduler.policy: required, but missing" },
		{ PROCESS(",\"scheduler\":{\"policy\":\"FIFO\"}"),
		  "config.json:1: process.scheduler.policy: unknown scheduler policy `FIFO` (one "
		  "of "
		  "SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, "
		  "SCHED_DEADLINE)" },
		{ PROCESS(",\"scheduler\":{\"policy\":\"SCHED_RR\",\"flags\":[\"X\"]}"),
		  "config.json:1: process.scheduler.flags[0]: unknown scheduler flag `X` (one of "
		  "SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, "
		  "SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, "
		  "SCHED_FLAG_UTIL_CLAMP_MAX)" },
		{ PROCESS(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-21}"),
		  "config.json:1: process.scheduler: invalid scheduler.nice: -21 (-20 to 19)" },
		{ PROCESS(",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}"),
		  "config.json:1: process.scheduler: scheduler.priority can only be specified for "
		  "SCHED_FIFO or SCHED_RR policy" },
		{ PROCESS(",\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"period\":1}"),
		  "config.json:1: process.scheduler: scheduler runtime/deadline/period can only be "
		  "specified for SCHED_DEADLINE policy" },
		{ PROCESS(",\"ioPriority\":{\"priority\":1}"),
		  "config.json:1: process.ioPriority.class: required, but missing" },
		{ PROCESS(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}"),
		  "config.json:1: process.ioPriority.priority: `8` is out of range (0 to 7)" },
		{ PROCESS(",\"ioPriority\":{\"class\":\"RT\"}"),
		  "config.json:1: process.ioPriority.class: unknown I/O priority class `RT` (one "
		  "of "
		  "IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE)" },
		{ LINUX("\"personality\":{\"domain\":\"BSD\"}"),
		  "config.json:1: linux.personality.domain: unknown personality domain `BSD` (one "
		  "of "
		  "LINUX, LINUX32)" },
		{ LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
		  "config.json:1: linux.personality.flags: not supported by this version of "
		  "nvcrun" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result result = parse(cases[i].text);

		CHECK_INT(result.r, -EINVAL);
		CHECK_STR(result.err.text, cases[i].words);
		arena_done(&result.arena);
	}
}

TEST_MAIN()
