/* SPDX-License-Identifier: Apache-2.0 */
/* The mount(2) way. */
#include "linux/mount_old.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/path.h"
#include "base/syscalls.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

struct fd_path {
	char text[40];
};

static struct fd_path name_of(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

/* MOUNT_ATTR_* <-> MS_*; the atime modes are words of their own in both. */
static const struct {
	uint64_t attr, ms;
} twins[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },	  { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },		  { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },	  { MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

static unsigned long to_ms(uint64_t attr)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(twins); i++) {
		if (attr & twins[i].attr)
			ms |= twins[i].ms;
	}
	return ms;
}

/* statvfs(3) flag -> MS_*: what a remount must repeat to keep (locked flags are refused otherwise). */
static unsigned long current_ms(int fd)
{
	static const struct {
		unsigned long st, ms;
	} flags[] = {
		{ ST_RDONLY, MS_RDONLY },     { ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },	      { ST_NOEXEC, MS_NOEXEC },
		{ ST_NOATIME, MS_NOATIME },   { ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME },
	};
	struct statvfs st;
	unsigned long ms = 0;

	if (fstatvfs(fd, &st) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (st.f_flag & flags[i].st)
			ms |= flags[i].ms;
	}
	return ms;
}

int mount_old_set_attr(int mount_fd, uint64_t attr_set, uint64_t attr_clear, bool recursive,
		       struct err *err)
{
	static const unsigned long atime = MS_NOATIME | MS_STRICTATIME | MS_RELATIME;
	unsigned long ms = current_ms(mount_fd) & ~to_ms(attr_clear);
	unsigned long set = to_ms(attr_set);

	if (recursive && (attr_set | attr_clear))
		return err_set(
			err, ENOTSUP,
			"recursive mount attributes (rro …) need mount_setattr(2), Linux 5.12");
	if (set & atime)
		ms &= ~atime;
	if (mount(NULL, name_of(mount_fd).text, NULL, MS_REMOUNT | MS_BIND | ms | set, NULL) < 0)
		return err_errno(err, "remount with attributes");
	return 0;
}

int mount_old_set_propagation(int mount_fd, uint64_t propagation, struct err *err)
{
	if (mount(NULL, name_of(mount_fd).text, NULL, propagation, NULL) < 0)
		return err_errno(err, "set mount propagation");
	return 0;
}

/*
 * What is mounted at @target_fd is above it: open the target again, by the path that the kernel has for
 * it, to reach the mount. Init's view of the mount tree is its own, so nobody moves it meanwhile.
 */
static int open_mounted(int target_fd, int source_fd, int *ret_fd, struct err *err)
{
	char path[4096];
	ssize_t len = readlink(name_of(target_fd).text, path, sizeof(path) - 1);
	cleanup_close int fd = -EBADF;
	struct stat mounted, source;

	if (len < 0)
		return err_errno(err, "find the path of a mount point");
	path[len] = '\0';
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "open %s after mounting", path);
	/* A file system that others can change may have had a link put in the way: then it is not ours. */
	if (source_fd >= 0 && (fstat(fd, &mounted) < 0 || fstat(source_fd, &source) < 0 ||
			       mounted.st_dev != source.st_dev || mounted.st_ino != source.st_ino))
		return err_set(err, ESTALE, "%s was replaced while it was mounted on", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* @source_fd: of a bind, whose attributes are set too; -EBADF: a new file system, which has them */
static int set_all(int target_fd, int source_fd, const struct mount_flags *flags, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	r = open_mounted(target_fd, source_fd, &fd, err);
	if (r < 0)
		return r;
	if (source_fd >= 0 && (flags->attr_set || flags->attr_clear))
		r = mount_old_set_attr(fd, flags->attr_set, flags->attr_clear, false, err);
	VEC_EACH(propagation, &flags->propagation) {
		if (r == 0)
			r = mount_old_set_propagation(fd, *propagation, err);
	}
	return r;
}

int mount_old_new(int target_fd, const char *fstype, const char *source,
		  const struct mount_flags *flags, struct arena *arena, struct err *err)
{
	struct strbuf data = { .arena = arena };
	unsigned long ms = to_ms(flags->attr_set) | flags->ms_set;

	VEC_EACH(word, &flags->data) {
		const char *label = str_after(*word, "context=");

		/* A label may have commas. */
		strbuf_addf(&data, label ? "%scontext=\"%s\"" : "%s%s", data.len ? "," : "",
			    label ? label : *word);
	}
	if (mount(source ? source : fstype, name_of(target_fd).text, fstype, ms,
		  strbuf_text(&data)) < 0)
		return err_errno(err, "mount %s with options `%s`", fstype, strbuf_text(&data));
	return flags->propagation.count ? set_all(target_fd, -EBADF, flags, err) : 0;
}

int mount_old_bind(int target_fd, int source_fd, const struct mount_flags *flags, struct err *err)
{
	unsigned long ms = MS_BIND | (flags->recursive_bind ? MS_REC : 0UL);

	if (flags->rec_attr_set || flags->rec_attr_clear)
		return err_set(
			err, ENOTSUP,
			"recursive mount attributes (rro …) need mount_setattr(2), Linux 5.12");
	if (mount(name_of(source_fd).text, name_of(target_fd).text, NULL, ms, NULL) < 0)
		return err_errno(err, "bind");
	return set_all(target_fd, source_fd, flags, err);
}
