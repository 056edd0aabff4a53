/* SPDX-License-Identifier: Apache-2.0 */
/* A session keyring of the container's own. */
#include "linux/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int keyring_join_new(struct err *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0)
		return 0;
	if (errno == ENOSYS || errno == EPERM)
		return 0;
	if (errno == EDQUOT)
		return err_errno(err,
				 "join a new session keyring (see /proc/sys/kernel/keys/maxkeys)");
	return err_errno(err, "join a new session keyring");
}
