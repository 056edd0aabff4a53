/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: new ones as flags, existing ones as descriptors to join. */
#include "linux/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/syscalls.h"

static const struct {
	const char *word; /* of the specification */
	const char *file; /* below /proc/PID/ns */
	int flag;
} types[OCI_NS_COUNT] = {
	[OCI_NS_PID] = { "pid", "pid", CLONE_NEWPID },
	[OCI_NS_NETWORK] = { "network", "net", CLONE_NEWNET },
	[OCI_NS_MOUNT] = { "mount", "mnt", CLONE_NEWNS },
	[OCI_NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC },
	[OCI_NS_UTS] = { "uts", "uts", CLONE_NEWUTS },
	[OCI_NS_USER] = { "user", "user", CLONE_NEWUSER },
	[OCI_NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP },
	[OCI_NS_TIME] = { "time", "time", CLONE_NEWTIME },
};

struct namespace_set namespaces_none(void)
{
	struct namespace_set set;

	for (int type = 0; type < OCI_NS_COUNT; type++)
		set.fd[type] = -EBADF;
	return set;
}

void namespaces_close(struct namespace_set *set)
{
	for (int type = 0; type < OCI_NS_COUNT; type++)
		fd_close(steal_fd(&set->fd[type]));
}

bool namespaces_any(const struct namespace_set *set)
{
	for (int type = 0; type < OCI_NS_COUNT; type++) {
		if (set->fd[type] >= 0)
			return true;
	}
	return false;
}

uint64_t namespaces_new(const struct oci_linux *linux)
{
	uint64_t all = 0;

	for (int type = 0; type < OCI_NS_COUNT; type++) {
		if (linux->namespaces[type].present && !linux->namespaces[type].path)
			all |= (unsigned int)types[type].flag;
	}
	return all;
}

static int open_one(int type, const char *path, int *ret_fd, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int actual;

	if (fd < 0)
		return err_errno(err, "linux.namespaces: %s: open %s", types[type].word, path);
	/* man 2 ioctl_nsfs (Linux 4.11): of anything else than a namespace it is ENOTTY. */
	actual = ioctl(fd, NS_GET_NSTYPE);
	if (actual != types[type].flag)
		return err_set(err, EINVAL, "linux.namespaces: %s: %s is not a %s namespace",
			       types[type].word, path, types[type].word);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int namespaces_open(const struct oci_linux *linux, struct namespace_set *ret, struct err *err)
{
	struct namespace_set set = namespaces_none();

	for (int type = 0; type < OCI_NS_COUNT; type++) {
		const char *path = linux->namespaces[type].path;
		int r = path ? open_one(type, path, &set.fd[type], err) : 0;

		if (r < 0) {
			namespaces_close(&set);
			return r;
		}
	}
	*ret = set;
	return 0;
}

/* Whether the namespace @fd is the one of this process. */
static bool is_own(int type, int fd)
{
	struct stat theirs, ours;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", types[type].file);
	return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_ino == ours.st_ino &&
	       theirs.st_dev == ours.st_dev;
}

int namespaces_open_of(pid_t pid, struct namespace_set *ret, struct err *err)
{
	struct namespace_set set = namespaces_none();

	for (int type = 0; type < OCI_NS_COUNT; type++) {
		cleanup_close int fd = -EBADF;
		char path[48];

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, types[type].file);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && type == OCI_NS_TIME) /* Linux before 5.6 */
			continue;
		if (fd < 0) {
			int r = err_errno(err, "open %s", path);

			namespaces_close(&set);
			return r;
		}
		if (!is_own(type, fd))
			set.fd[type] = steal_fd(&fd);
	}
	*ret = set;
	return 0;
}

static int join_one(int type, int fd, struct err *err)
{
	if (setns(fd, types[type].flag) < 0)
		return err_errno(err, "join the %s namespace", types[type].word);
	return 0;
}

int namespaces_join(const struct namespace_set *set, struct err *err)
{
	/* The mount namespace last: it changes what paths mean, also those of /proc. */
	static const int order[] = { OCI_NS_CGROUP, OCI_NS_IPC,	 OCI_NS_UTS,  OCI_NS_NETWORK,
				     OCI_NS_PID,    OCI_NS_TIME, OCI_NS_MOUNT };
	bool joined[OCI_NS_COUNT] = { false };
	int r;

	for (size_t i = 0; set->fd[OCI_NS_USER] >= 0 && i < ARRAY_SIZE(order); i++) {
		int type = order[i];

		joined[type] = set->fd[type] >= 0 && join_one(type, set->fd[type], NULL) == 0;
	}
	if (set->fd[OCI_NS_USER] >= 0) {
		r = join_one(OCI_NS_USER, set->fd[OCI_NS_USER], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		int type = order[i];

		if (set->fd[type] < 0 || joined[type])
			continue;
		r = join_one(type, set->fd[type], err);
		if (r < 0)
			return r;
	}
	return 0;
}
