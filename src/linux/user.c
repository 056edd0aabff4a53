/* SPDX-License-Identifier: Apache-2.0 */
/* The container's user, limits and standard descriptors. */
#include "linux/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "oci/enums.h"

int user_apply(const struct oci_user *user, struct err *err)
{
	/* EPERM: groups can be neither set nor dropped in a user namespace of a single user. */
	if (setgroups(user->additional_gids.count, user->additional_gids.items) < 0 &&
	    (errno != EPERM || user->additional_gids.count))
		return err_errno(err, "set process.user.additionalGids");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return errno == EINVAL ? err_set(err, EINVAL,
						 "process.user.gid: cannot set gid to unmapped "
						 "group %u in user namespace",
						 user->gid)
				       : err_errno(err, "process.user.gid: set gid %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return errno == EINVAL ? err_set(err, EINVAL,
						 "process.user.uid: cannot set uid to unmapped "
						 "user %u in user namespace",
						 user->uid)
				       : err_errno(err, "process.user.uid: set uid %u", user->uid);
	return 0;
}

int rlimits_apply(pid_t pid, const struct oci_process *process, struct err *err)
{
	VEC_EACH(limit, &process->rlimits) {
		struct rlimit rlimit = { .rlim_cur = limit->soft, .rlim_max = limit->hard };

		if (prlimit(pid, (unsigned int)limit->type, &rlimit, NULL) < 0)
			return err_errno(err, "process.rlimits: set %s to %lu:%lu",
					 names_of(oci_rlimit_words.items, oci_rlimit_words.count,
						  limit->type),
					 limit->soft, limit->hard);
	}
	return 0;
}

int oom_score_apply(pid_t pid, int64_t score, struct err *err)
{
	char path[48], text[24];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	snprintf(text, sizeof(text), "%ld", score);
	r = fd_write_file(AT_FDCWD, path, text);
	if (r == -EACCES)
		return err_code(
			err, r,
			"process.oomScoreAdj: write %s to %s: lowering it needs CAP_SYS_RESOURCE",
			text, path);
	return r < 0 ? err_code(err, r, "process.oomScoreAdj: write %s to %s", text, path) : 0;
}

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int stdio_give_to(uid_t uid, struct err *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return err_errno(err, "stat descriptor %d", fd);
		if (st.st_uid == uid || S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fd)))
			continue;
		/* Not ours to give (unmapped owner, read-only file system): the program can still use it. */
		if (fchown(fd, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
		    errno != EINVAL)
			return err_errno(err, "give descriptor %d to uid %u", fd, uid);
	}
	return 0;
}

int stdio_reopen_null(struct err *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		cleanup_close int null_fd = -EBADF;
		struct stat st;

		if (fstat(fd, &st) < 0 || !is_null_device(&st))
			continue;
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
		if (null_fd < 0 && errno == ENOENT)
			continue;
		if (null_fd < 0)
			return err_errno(err, "open /dev/null in the container");
		if (fstat(null_fd, &st) < 0 || !is_null_device(&st))
			return err_set(err, EPERM,
				       "/dev/null in the container is not the null device");
		if (dup2(null_fd, fd) < 0)
			return err_errno(err, "replace descriptor %d", fd);
	}
	return 0;
}
