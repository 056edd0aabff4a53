/* SPDX-License-Identifier: Apache-2.0 */
/* Linux security modules. man 5 proc, /proc/pid/attr/exec. */
#include "linux/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "linux/procfs.h"

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
/* A module's own file, Linux 5.8; the other one is that of the first module that has one. */
#define APPARMOR_FILE "attr/apparmor/exec"
#define COMMON_FILE   "attr/exec"
#define SELINUX_DIR   "/sys/fs/selinux"
#define PROFILE_MAX   4096

static bool has_apparmor(void)
{
	cleanup_close int fd = open(APPARMOR_ENABLED, O_RDONLY | O_CLOEXEC);
	char letter;

	return fd >= 0 && read(fd, &letter, 1) == 1 && letter == 'Y';
}

/* A read-only one says, as libselinux has it, that there is none for us. */
bool lsm_has_selinux(void)
{
	struct statfs fs;

	return statfs(SELINUX_DIR, &fs) == 0 && fs.f_type == SELINUX_MAGIC &&
	       !(fs.f_flags & ST_RDONLY);
}

int lsm_check(const struct oci_process *process, const char *mount_label, struct err *err)
{
	const char *field = process->selinux_label ? "process.selinuxLabel" : "linux.mountLabel";

	if (process->apparmor_profile && !has_apparmor())
		return err_set(err, ENOTSUP,
			       "config.json: process.apparmorProfile: `%s` is asked for, but "
			       "AppArmor is not enabled on this host (" APPARMOR_ENABLED ")",
			       process->apparmor_profile);
	if ((process->selinux_label || mount_label) && !lsm_has_selinux())
		return err_set(err, ENOTSUP,
			       "config.json: %s: selinux label is specified in config, but selinux "
			       "is disabled or not supported",
			       field);
	return 0;
}

static int open_attribute(int proc_fd, const char *path, int *ret_fd, struct err *err)
{
	int r = procfs_open_self(proc_fd, path, O_WRONLY, ret_fd);

	return r < 0 ? err_code(err, r, "open `/proc/self/%s`", path) : 0;
}

int lsm_open(const struct oci_process *process, struct lsm *ret, struct err *err)
{
	cleanup_close int proc_fd = -EBADF;
	int r = 0;

	if (!process->apparmor_profile && !process->selinux_label)
		return 0;
	r = procfs_open(&proc_fd, err);
	if (r == 0 && process->apparmor_profile &&
	    procfs_open_self(proc_fd, APPARMOR_FILE, O_WRONLY, &ret->apparmor_fd) < 0)
		r = open_attribute(proc_fd, COMMON_FILE, &ret->apparmor_fd, err);
	if (r == 0 && process->selinux_label)
		r = open_attribute(proc_fd, COMMON_FILE, &ret->selinux_fd, err);
	return r;
}

/* One write(2): each is an order of its own. */
static int write_attribute(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int apply_profile(int fd, const char *profile, struct err *err)
{
	char order[PROFILE_MAX];
	int r = -ENAMETOOLONG;

	if (snprintf(order, sizeof(order), "exec %s", profile) < (int)sizeof(order))
		r = write_attribute(fd, order);
	if (r == -ENOENT)
		return err_set(err, ENOENT,
			       "process.apparmorProfile: write `/proc/self/" APPARMOR_FILE
			       "`: apparmor profile \"%s\" not found",
			       profile);
	return r < 0 ? err_code(err, r,
				"process.apparmorProfile: apparmor failed to apply profile: write "
				"`exec %s` to `/proc/self/" APPARMOR_FILE "`",
				profile)
		     : 0;
}

int lsm_apply(const struct oci_process *process, struct lsm *lsm, struct err *err)
{
	int r = 0;

	if (lsm->apparmor_fd >= 0)
		r = apply_profile(lsm->apparmor_fd, process->apparmor_profile, err);
	if (r == 0 && lsm->selinux_fd >= 0) {
		r = write_attribute(lsm->selinux_fd, process->selinux_label);
		if (r < 0)
			r = err_code(err, r,
				     "process.selinuxLabel: write `%s` to `/proc/self/" COMMON_FILE
				     "`",
				     process->selinux_label);
	}
	lsm_close(lsm);
	return r;
}

void lsm_close(struct lsm *lsm)
{
	fd_close(steal_fd(&lsm->apparmor_fd));
	fd_close(steal_fd(&lsm->selinux_fd));
}
