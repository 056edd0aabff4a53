/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs that a process may run on. */
#include "linux/affinity.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS_MAX 8192 /* CONFIG_NR_CPUS goes up to here */

int affinity_apply(pid_t pid, const struct oci_cpu_mask *mask, const char *field, struct err *err)
{
	if (!mask->words || syscall(SYS_sched_setaffinity, pid, mask->size, mask->words) == 0)
		return 0;
	return err_errno(err, "%s: sched_setaffinity", field);
}

void affinity_reset(pid_t pid)
{
	unsigned char all[CPUS_MAX / 8];

	memset(all, 0xff, sizeof(all));
	(void)syscall(SYS_sched_setaffinity, pid, sizeof(all), all);
}
