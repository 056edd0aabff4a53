/* SPDX-License-Identifier: Apache-2.0 */
/* Mount option words: one row per word. */
#include "oci/mount_options.h"

#include <errno.h>
#include <stdlib.h>

#include "base/syscalls.h"
#include "oci/enums.h"

enum option_kind {
	FLAG,	 /* a mount flag */
	BIND,	 /* a bind mount */
	COPY_UP, /* a tmpfs that starts as a copy of what it covers */
	NOTHING, /* swallowed */
	REFUSED, /* known, but not in this version */
};

enum option_flags {
	CLEAR = 1, /* the inverse: takes the flag away, and that was asked for */
	REC = 2,   /* applies to the mounts below too */
	ATIME = 4, /* the attribute is a value of the field MOUNT_ATTR__ATIME, not a bit */
};

struct option {
	const char *name;
	enum option_kind kind;
	uint64_t ms;	    /* MS_*; 0: mount(2) has no such flag */
	uint64_t attr;	    /* MOUNT_ATTR_*; 0: a flag of the super block (or relatime) */
	unsigned int flags; /* enum option_flags */
};

/* Linux 5.10; glibc 2.31 lacks it. */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

/*
 * Sorted. The words of propagation (`rslave` …) are in oci_propagation_words.
 * man 8 mount § FILESYSTEM-INDEPENDENT MOUNT OPTIONS; Spec: config.md § Linux mount options
 */
/* clang-format off */
static const struct option options[] = {
	/* name             kind     MS_*             MOUNT_ATTR_*            flags */
	{ "async",          FLAG,    MS_SYNCHRONOUS,  0,                      CLEAR },
	{ "atime",          FLAG,    MS_NOATIME,      MOUNT_ATTR_NOATIME,     CLEAR | ATIME },
	{ "bind",           BIND,    0,               0,                      0 },
	{ "defaults",       NOTHING, 0,               0,                      0 },
	{ "dev",            FLAG,    MS_NODEV,        MOUNT_ATTR_NODEV,       CLEAR },
	{ "diratime",       FLAG,    MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME,  CLEAR },
	{ "dirsync",        FLAG,    MS_DIRSYNC,      0,                      0 },
	{ "exec",           FLAG,    MS_NOEXEC,       MOUNT_ATTR_NOEXEC,      CLEAR },
	{ "idmap",          REFUSED, 0,               0,                      0 },
	{ "iversion",       FLAG,    MS_I_VERSION,    0,                      0 },
	{ "lazytime",       FLAG,    MS_LAZYTIME,     0,                      0 },
	{ "loud",           FLAG,    MS_SILENT,       0,                      CLEAR },
	{ "mand",           FLAG,    MS_MANDLOCK,     0,                      0 },
	{ "noatime",        FLAG,    MS_NOATIME,      MOUNT_ATTR_NOATIME,     ATIME },
	{ "nodev",          FLAG,    MS_NODEV,        MOUNT_ATTR_NODEV,       0 },
	{ "nodiratime",     FLAG,    MS_NODIRATIME,   MOUNT_ATTR_NODIRATIME,  0 },
	{ "noexec",         FLAG,    MS_NOEXEC,       MOUNT_ATTR_NOEXEC,      0 },
	{ "noiversion",     FLAG,    MS_I_VERSION,    0,                      CLEAR },
	{ "nolazytime",     FLAG,    MS_LAZYTIME,     0,                      CLEAR },
	{ "nomand",         FLAG,    MS_MANDLOCK,     0,                      CLEAR },
	{ "norelatime",     FLAG,    MS_RELATIME,     MOUNT_ATTR_RELATIME,    CLEAR | ATIME },
	{ "nostrictatime",  FLAG,    MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME, CLEAR | ATIME },
	{ "nosuid",         FLAG,    MS_NOSUID,       MOUNT_ATTR_NOSUID,      0 },
	{ "nosymfollow",    FLAG,    MS_NOSYMFOLLOW,  MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ratime",         FLAG,    0,               MOUNT_ATTR_NOATIME,     CLEAR | REC | ATIME },
	{ "rbind",          BIND,    0,               0,                      REC },
	{ "rdev",           FLAG,    0,               MOUNT_ATTR_NODEV,       CLEAR | REC },
	{ "rdiratime",      FLAG,    0,               MOUNT_ATTR_NODIRATIME,  CLEAR | REC },
	{ "relatime",       FLAG,    MS_RELATIME,     MOUNT_ATTR_RELATIME,    ATIME },
	{ "remount",        FLAG,    MS_REMOUNT,      0,                      0 },
	{ "rexec",          FLAG,    0,               MOUNT_ATTR_NOEXEC,      CLEAR | REC },
	{ "ridmap",         REFUSED, 0,               0,                      0 },
	{ "rnoatime",       FLAG,    0,               MOUNT_ATTR_NOATIME,     REC | ATIME },
	{ "rnodev",         FLAG,    0,               MOUNT_ATTR_NODEV,       REC },
	{ "rnodiratime",    FLAG,    0,               MOUNT_ATTR_NODIRATIME,  REC },
	{ "rnoexec",        FLAG,    0,               MOUNT_ATTR_NOEXEC,      REC },
	{ "rnorelatime",    FLAG,    0,               MOUNT_ATTR_RELATIME,    CLEAR | REC | ATIME },
	{ "rnostrictatime", FLAG,    0,               MOUNT_ATTR_STRICTATIME, CLEAR | REC | ATIME },
	{ "rnosuid",        FLAG,    0,               MOUNT_ATTR_NOSUID,      REC },
	{ "rnosymfollow",   FLAG,    0,               MOUNT_ATTR_NOSYMFOLLOW, REC },
	{ "ro",             FLAG,    MS_RDONLY,       MOUNT_ATTR_RDONLY,      0 },
	{ "rrelatime",      FLAG,    0,               MOUNT_ATTR_RELATIME,    REC | ATIME },
	{ "rro",            FLAG,    0,               MOUNT_ATTR_RDONLY,      REC },
	{ "rrw",            FLAG,    0,               MOUNT_ATTR_RDONLY,      CLEAR | REC },
	{ "rstrictatime",   FLAG,    0,               MOUNT_ATTR_STRICTATIME, REC | ATIME },
	{ "rsuid",          FLAG,    0,               MOUNT_ATTR_NOSUID,      CLEAR | REC },
	{ "rsymfollow",     FLAG,    0,               MOUNT_ATTR_NOSYMFOLLOW, CLEAR | REC },
	{ "rw",             FLAG,    MS_RDONLY,       MOUNT_ATTR_RDONLY,      CLEAR },
	{ "silent",         FLAG,    MS_SILENT,       0,                      0 },
	{ "strictatime",    FLAG,    MS_STRICTATIME,  MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid",           FLAG,    MS_NOSUID,       MOUNT_ATTR_NOSUID,      CLEAR },
	{ "symfollow",      FLAG,    MS_NOSYMFOLLOW,  MOUNT_ATTR_NOSYMFOLLOW, CLEAR },
	{ "sync",           FLAG,    MS_SYNCHRONOUS,  0,                      0 },
	{ "tmpcopyup",      COPY_UP, 0,               0,                      0 },
};
/* clang-format on */

/*
 * Words for programs before us: mount(8) never hands its own to the kernel, and `z`, `Z` tell an
 * engine to relabel.
 */
static const char *const userspace_words[] = {
	"Z",	   "_netdev", "auto",	 "group", "noauto", "nofail", "nogroup",
	"noowner", "nouser",  "nousers", "owner", "user",   "users",  "z",
};
static const char *const userspace_prefixes[] = { "X-", "comment=", "x-" };

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct option *)row)->name);
}

static bool is_userspace(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(userspace_words); i++) {
		if (str_eq(word, userspace_words[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(userspace_prefixes); i++) {
		if (str_has_prefix(word, userspace_prefixes[i]))
			return true;
	}
	return false;
}

/* Set or clear @bits, and remember which of the two was asked for last. */
static void change(uint64_t *set, uint64_t *clear, uint64_t bits, bool clears)
{
	*set = clears ? *set & ~bits : *set | bits;
	*clear = clears ? *clear | bits : *clear & ~bits;
}

/*
 * The access time policy is one field of three values, and mount_setattr(2) takes a value only when
 * the whole field is in attr_clr. An inverse (`atime`) takes its own value away; what is left is
 * relatime, which is 0 and the default of the kernel.
 */
static void change_atime(uint64_t *set, uint64_t *clear, const struct option *option)
{
	uint64_t now = *set & MOUNT_ATTR__ATIME;

	*clear |= MOUNT_ATTR__ATIME;
	if ((option->flags & CLEAR) && now != option->attr)
		return;
	*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (!(option->flags & CLEAR))
		*set |= option->attr;
}

static void apply_flag(struct mount_flags *flags, const struct option *option)
{
	bool clears = option->flags & CLEAR;
	bool recursive = option->flags & REC;
	uint64_t *set = recursive ? &flags->rec_attr_set : &flags->attr_set;
	uint64_t *clear = recursive ? &flags->rec_attr_clear : &flags->attr_clear;

	if ((option->flags & ATIME) && !clears && !recursive)
		flags->ms_set &= ~(uint64_t)(MS_NOATIME | MS_RELATIME | MS_STRICTATIME);
	change(&flags->ms_set, &flags->ms_clear, option->ms, clears);
	if (option->flags & ATIME)
		change_atime(set, clear, option);
	else
		change(set, clear, option->attr, clears);
}

static int apply(struct mount_flags *flags, const struct option *option, struct err *err)
{
	switch (option->kind) {
	case FLAG:
		apply_flag(flags, option);
		break;
	case BIND:
		flags->bind = true;
		flags->recursive_bind |= (option->flags & REC) != 0;
		break;
	case COPY_UP:
		flags->copy_up = true;
		break;
	case NOTHING:
		break;
	case REFUSED:
		return err_set(err, EINVAL,
			       "mount option `%s`: not supported by this version of nvcrun",
			       option->name);
	}
	return 0;
}

int mount_flags_parse(const struct strings *words, struct arena *arena, struct mount_flags *ret,
		      struct err *err)
{
	struct mount_flags flags = { 0 };

	VEC_EACH(word, words) {
		const struct option *option = bsearch(*word, options, ARRAY_SIZE(options),
						      sizeof(options[0]), compare_name);
		int64_t propagation;
		int r;

		if (option) {
			r = apply(&flags, option, err);
			if (r < 0)
				return r;
		} else if (names_find(oci_propagation_words.items, oci_propagation_words.count,
				      *word, &propagation) == 0) {
			VEC_PUSH(&flags.propagation, arena, (uint64_t)propagation);
		} else if (**word && !is_userspace(*word)) {
			VEC_PUSH(&flags.data, arena, *word);
		}
	}
	if (flags.bind && flags.data.count)
		return err_set(err, EINVAL,
			       "unknown mount option `%s`: bind mounts cannot have any "
			       "filesystem-specific options applied",
			       flags.data.items[0]);
	*ret = flags;
	return 0;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct strings mount_option_names(struct arena *arena)
{
	struct strings names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].kind != REFUSED)
			VEC_PUSH(&names, arena, options[i].name);
	}
	for (size_t i = 0; i < oci_propagation_words.count; i++)
		VEC_PUSH(&names, arena, oci_propagation_words.items[i].name);
	qsort(names.items, names.count, sizeof(names.items[0]), compare_strings);
	return names;
}
