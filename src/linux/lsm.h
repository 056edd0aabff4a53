/* SPDX-License-Identifier: Apache-2.0 */
/* Linux security modules: the AppArmor profile and the SELinux label that the program starts with. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "oci/config.h"

/* Where the next execve(2) of this process is told its profile and label. */
struct lsm {
	int apparmor_fd; /* owned; -EBADF: nothing asked for */
	int selinux_fd;	 /* owned; -EBADF: nothing asked for */
};
#define LSM_NONE               \
	{                      \
		-EBADF, -EBADF \
	}

bool lsm_has_selinux(void);

/*
 * On the host: a profile or a label needs its module. What engines write where there is none (nothing, or an
 * empty text) asks for nothing.
 * Spec: config.md § Linux Process, config-linux.md § Mount Label.
 */
int lsm_check(const struct oci_process *process, const char *mount_label, struct err *err);

/*
 * In the process that will execute the program: open its attribute files, while /proc is one that the
 * container has no hand in; written to by lsm_apply(), which needs no /proc any more.
 */
int lsm_open(const struct oci_process *process, struct lsm *ret, struct err *err);

/*
 * From the next execve(2) on. A child inherits it: a startContainer hook is confined like the program.
 * An unknown profile: `… apparmor profile "x" not found`.
 */
int lsm_apply(const struct oci_process *process, struct lsm *lsm, struct err *err);
void lsm_close(struct lsm *lsm);
