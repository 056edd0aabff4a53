/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl. */
#include "linux/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "linux/procfs.h"

#define OWN_NETWORK "/proc/self/ns/net"

int sysctl_check(const struct oci_linux *config, struct err *err)
{
	const char *path = config->namespaces[OCI_NS_NETWORK].path;
	struct stat own, joined;

	VEC_EACH(sysctl, &config->sysctls) {
		if (!path || !str_has_prefix(sysctl->path, "net/"))
			continue;
		if (stat(OWN_NETWORK, &own) < 0)
			return err_errno(err, "stat %s", OWN_NETWORK);
		if (stat(path, &joined) < 0)
			return err_errno(err, "linux.namespaces: stat %s", path);
		if (own.st_dev == joined.st_dev && own.st_ino == joined.st_ino)
			return err_set(err, EINVAL,
				       "linux.sysctl: sysctl \"%s\" not allowed in host network "
				       "namespace",
				       sysctl->name);
	}
	return 0;
}

static int write_one(int proc_fd, const struct oci_sysctl *sysctl, struct err *err)
{
	cleanup_close int fd = -EBADF;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "sys/%s", sysctl->path) >= (int)sizeof(path))
		return err_set(err, ENAMETOOLONG, "linux.sysctl: sysctl \"%s\"", sysctl->name);
	r = procfs_open_file(proc_fd, path, O_WRONLY, &fd);
	if (r < 0)
		return err_code(err, r, "linux.sysctl: sysctl \"%s\": open /proc/%s", sysctl->name,
				path);
	r = fd_write_all(fd, sysctl->value, strlen(sysctl->value));
	if (r == -EINVAL && str_eq(sysctl->path, "net/ipv4/ping_group_range"))
		return err_set(err, EINVAL,
			       "linux.sysctl: sysctl \"%s\": write `%s`: invalid argument (are the "
			       "groups mapped in linux.gidMappings?)",
			       sysctl->name, sysctl->value);
	if (r < 0)
		return err_code(err, r, "linux.sysctl: sysctl \"%s\": write `%s`", sysctl->name,
				sysctl->value);
	return 0;
}

int sysctl_apply(const struct oci_linux *config, struct err *err)
{
	cleanup_close int proc_fd = -EBADF;
	int r;

	if (!config->sysctls.count)
		return 0;
	r = procfs_open(&proc_fd, err);
	if (r < 0)
		return err_prefix(err, "linux.sysctl");
	VEC_EACH(sysctl, &config->sysctls) {
		r = write_one(proc_fd, sysctl, err);
		if (r < 0)
			return r;
	}
	return 0;
}
