/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel runs the process. */
#include "linux/scheduler.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

/* man 2 sched_setattr: struct sched_attr, its first version (Linux 3.14) */
struct sched_attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int scheduler_apply(pid_t pid, const struct oci_scheduler *scheduler, const char *cpus,
		    struct err *err)
{
	const struct sched_attributes attributes = {
		.size = sizeof(attributes),
		.policy = (uint32_t)scheduler->policy,
		.flags = scheduler->flags,
		.nice = (int32_t)scheduler->nice,
		.priority = (uint32_t)scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (!scheduler->set || syscall(SYS_sched_setattr, pid, &attributes, 0) == 0)
		return 0;
	if (errno == EPERM && cpus)
		return err_set(err, EPERM,
			       "process.scheduler: process scheduler can't be used together with "
			       "AllowedCPUs: linux.resources.cpu.cpus is `%s`",
			       cpus);
	return err_errno(err, "process.scheduler: sched_setattr");
}

int io_priority_apply(pid_t pid, const struct oci_io_priority *priority, struct err *err)
{
	int value = IOPRIO_PRIO_VALUE(priority->class, (int)priority->priority);

	if (!priority->set || syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, value) == 0)
		return 0;
	return err_errno(err, "process.ioPriority: ioprio_set");
}

int personality_apply(const struct opt_u64 *wanted, struct err *err)
{
	if (!wanted->set || personality(wanted->v) >= 0)
		return 0;
	return err_errno(err, "linux.personality");
}
