/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of mount options: every word with its effect, order, refusals. */
#include "oci/mount_options.h"

#include <errno.h>

#include "base/syscalls.h"
#include "test.h"

#define ATIME_FIELD 0x70
#define NOSYMFOLLOW 256

/* What one word alone does. Written down here apart from the table of the code. */
struct effect {
	const char *word;
	uint64_t ms_set, ms_clear;
	uint64_t attr_set, attr_clear;
	uint64_t rec_attr_set, rec_attr_clear;
	uint64_t propagation;
	bool bind, recursive_bind, copy_up;
};

#define SETS(w, ms, attr)                                       \
	{                                                       \
		.word = (w), .ms_set = (ms), .attr_set = (attr) \
	}
#define CLEARS(w, ms, attr)                                         \
	{                                                           \
		.word = (w), .ms_clear = (ms), .attr_clear = (attr) \
	}
#define ATIME(w, ms, attr)                                                                 \
	{                                                                                  \
		.word = (w), .ms_set = (ms), .attr_set = (attr), .attr_clear = ATIME_FIELD \
	}
#define NO_ATIME(w, ms)                                                  \
	{                                                                \
		.word = (w), .ms_clear = (ms), .attr_clear = ATIME_FIELD \
	}
#define REC_SETS(w, attr)                           \
	{                                           \
		.word = (w), .rec_attr_set = (attr) \
	}
#define REC_CLEARS(w, attr)                           \
	{                                             \
		.word = (w), .rec_attr_clear = (attr) \
	}
#define REC_ATIME(w, attr)                                                         \
	{                                                                          \
		.word = (w), .rec_attr_set = (attr), .rec_attr_clear = ATIME_FIELD \
	}
#define PROPAGATES(w, ms)                        \
	{                                        \
		.word = (w), .propagation = (ms) \
	}

static const struct effect effects[] = {
	SETS("ro", MS_RDONLY, MOUNT_ATTR_RDONLY),
	CLEARS("rw", MS_RDONLY, MOUNT_ATTR_RDONLY),
	SETS("nosuid", MS_NOSUID, MOUNT_ATTR_NOSUID),
	CLEARS("suid", MS_NOSUID, MOUNT_ATTR_NOSUID),
	SETS("nodev", MS_NODEV, MOUNT_ATTR_NODEV),
	CLEARS("dev", MS_NODEV, MOUNT_ATTR_NODEV),
	SETS("noexec", MS_NOEXEC, MOUNT_ATTR_NOEXEC),
	CLEARS("exec", MS_NOEXEC, MOUNT_ATTR_NOEXEC),
	SETS("nodiratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME),
	CLEARS("diratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME),
	SETS("nosymfollow", NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW),
	CLEARS("symfollow", NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW),
	SETS("sync", MS_SYNCHRONOUS, 0),
	CLEARS("async", MS_SYNCHRONOUS, 0),
	SETS("dirsync", MS_DIRSYNC, 0),
	SETS("mand", MS_MANDLOCK, 0),
	CLEARS("nomand", MS_MANDLOCK, 0),
	SETS("silent", MS_SILENT, 0),
	CLEARS("loud", MS_SILENT, 0),
	SETS("iversion", MS_I_VERSION, 0),
	CLEARS("noiversion", MS_I_VERSION, 0),
	SETS("lazytime", MS_LAZYTIME, 0),
	CLEARS("nolazytime", MS_LAZYTIME, 0),
	SETS("remount", MS_REMOUNT, 0),
	ATIME("noatime", MS_NOATIME, 0x10),
	ATIME("relatime", MS_RELATIME, 0),
	ATIME("strictatime", MS_STRICTATIME, 0x20),
	NO_ATIME("atime", MS_NOATIME),
	NO_ATIME("norelatime", MS_RELATIME),
	NO_ATIME("nostrictatime", MS_STRICTATIME),
	REC_SETS("rro", MOUNT_ATTR_RDONLY),
	REC_CLEARS("rrw", MOUNT_ATTR_RDONLY),
	REC_SETS("rnosuid", MOUNT_ATTR_NOSUID),
	REC_CLEARS("rsuid", MOUNT_ATTR_NOSUID),
	REC_SETS("rnodev", MOUNT_ATTR_NODEV),
	REC_CLEARS("rdev", MOUNT_ATTR_NODEV),
	REC_SETS("rnoexec", MOUNT_ATTR_NOEXEC),
	REC_CLEARS("rexec", MOUNT_ATTR_NOEXEC),
	REC_SETS("rnodiratime", MOUNT_ATTR_NODIRATIME),
	REC_CLEARS("rdiratime", MOUNT_ATTR_NODIRATIME),
	REC_SETS("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	REC_CLEARS("rsymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	REC_ATIME("rnoatime", 0x10),
	REC_ATIME("rrelatime", 0),
	REC_ATIME("rstrictatime", 0x20),
	REC_CLEARS("ratime", ATIME_FIELD),
	REC_CLEARS("rnorelatime", ATIME_FIELD),
	REC_CLEARS("rnostrictatime", ATIME_FIELD),
	PROPAGATES("private", MS_PRIVATE),
	PROPAGATES("rprivate", MS_PRIVATE | MS_REC),
	PROPAGATES("shared", MS_SHARED),
	PROPAGATES("rshared", MS_SHARED | MS_REC),
	PROPAGATES("slave", MS_SLAVE),
	PROPAGATES("rslave", MS_SLAVE | MS_REC),
	PROPAGATES("unbindable", MS_UNBINDABLE),
	PROPAGATES("runbindable", MS_UNBINDABLE | MS_REC),
	{ .word = "bind", .bind = true },
	{ .word = "rbind", .bind = true, .recursive_bind = true },
	{ .word = "tmpcopyup", .copy_up = true },
	{ .word = "defaults" },
};

/* @words: separated by commas */
static int parse(struct arena *arena, const char *words, struct mount_flags *ret, struct err *err)
{
	struct strings options = str_split(arena, words, ',', true);

	return mount_flags_parse(&options, arena, ret, err);
}

/* A failure names the word: all of them share these lines. */
#define CHECK_EFFECT(word, actual, expected)                                                \
	do {                                                                                \
		if ((actual) != (expected))                                                 \
			FAIL("%s: %s is %#llx, expected %#llx", word, #actual,              \
			     (unsigned long long)(actual), (unsigned long long)(expected)); \
	} while (0)

TEST(every_word_does_what_is_written)
{
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(effects); i++) {
		const struct effect *expected = &effects[i];
		const char *word = expected->word;
		struct mount_flags flags;

		CHECK_INT(parse(&arena, word, &flags, NULL), 0);
		CHECK_EFFECT(word, flags.ms_set, expected->ms_set);
		CHECK_EFFECT(word, flags.ms_clear, expected->ms_clear);
		CHECK_EFFECT(word, flags.attr_set, expected->attr_set);
		CHECK_EFFECT(word, flags.attr_clear, expected->attr_clear);
		CHECK_EFFECT(word, flags.rec_attr_set, expected->rec_attr_set);
		CHECK_EFFECT(word, flags.rec_attr_clear, expected->rec_attr_clear);
		CHECK_EFFECT(word, flags.propagation.count, expected->propagation ? 1U : 0U);
		if (expected->propagation)
			CHECK_EFFECT(word, flags.propagation.items[0], expected->propagation);
		CHECK_EFFECT(word, flags.bind, expected->bind);
		CHECK_EFFECT(word, flags.recursive_bind, expected->recursive_bind);
		CHECK_EFFECT(word, flags.copy_up, expected->copy_up);
		CHECK_EFFECT(word, flags.data.count, 0U);
	}
	arena_done(&arena);
}

TEST(the_list_of_words_is_complete_and_sorted)
{
	struct arena arena = { 0 };
	struct strings names = mount_option_names(&arena);

	for (size_t i = 1; i < names.count; i++) {
		if (strcmp(names.items[i - 1], names.items[i]) >= 0)
			FAIL("`%s` comes before `%s`", names.items[i - 1], names.items[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(effects); i++) {
		if (!strings_have(&names, effects[i].word))
			FAIL("`%s` is missing", effects[i].word);
	}
	CHECK_INT(names.count, ARRAY_SIZE(effects));
	arena_done(&arena);
}

TEST(the_later_word_wins)
{
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, "ro,rw", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, 0);
	CHECK_INT(flags.ms_clear, MS_RDONLY);
	CHECK_INT(flags.attr_clear, MOUNT_ATTR_RDONLY);
	CHECK_INT(parse(&arena, "rw,nosuid,ro", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, MS_RDONLY | MS_NOSUID);
	CHECK_INT(flags.ms_clear, 0);
	CHECK_INT(flags.attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	CHECK_INT(flags.attr_clear, 0);
	CHECK_INT(parse(&arena, "rro,rrw", &flags, NULL), 0);
	CHECK_INT(flags.rec_attr_set, 0);
	CHECK_INT(flags.rec_attr_clear, MOUNT_ATTR_RDONLY);
	arena_done(&arena);
}

TEST(access_time_is_one_choice_of_three)
{
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, "noatime,strictatime", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, MS_STRICTATIME);
	CHECK_INT(flags.attr_set, MOUNT_ATTR_STRICTATIME);
	CHECK_INT(flags.attr_clear, ATIME_FIELD);
	CHECK_INT(parse(&arena, "strictatime,relatime", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, MS_RELATIME);
	CHECK_INT(flags.attr_set, 0);
	/* An inverse takes away its own value only. */
	CHECK_INT(parse(&arena, "noatime,norelatime", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, MS_NOATIME);
	CHECK_INT(flags.attr_set, MOUNT_ATTR_NOATIME);
	CHECK_INT(parse(&arena, "noatime,atime", &flags, NULL), 0);
	CHECK_INT(flags.ms_set, 0);
	CHECK_INT(flags.attr_set, 0);
	CHECK_INT(flags.attr_clear, ATIME_FIELD);
	/* nodiratime is a bit of its own. */
	CHECK_INT(parse(&arena, "nodiratime,strictatime", &flags, NULL), 0);
	CHECK_INT(flags.attr_set, MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_STRICTATIME);
	/* The mount and the tree below it are apart. */
	CHECK_INT(parse(&arena, "rnoatime,strictatime", &flags, NULL), 0);
	CHECK_INT(flags.attr_set, MOUNT_ATTR_STRICTATIME);
	CHECK_INT(flags.rec_attr_set, MOUNT_ATTR_NOATIME);
	arena_done(&arena);
}

TEST(propagation_keeps_its_order)
{
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, "rbind,rslave,shared", &flags, NULL), 0);
	CHECK_INT(flags.propagation.count, 2);
	CHECK_INT(flags.propagation.items[0], MS_SLAVE | MS_REC);
	CHECK_INT(flags.propagation.items[1], MS_SHARED);
	arena_done(&arena);
}

TEST(rbind_is_not_undone_by_bind)
{
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, "rbind,bind", &flags, NULL), 0);
	CHECK(flags.bind && flags.recursive_bind);
	arena_done(&arena);
}

TEST(other_words_are_data_in_their_order)
{
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, "nosuid,newinstance,ptmxmode=0666,acl,user=me,RO", &flags, NULL),
		  0);
	CHECK_INT(flags.ms_set, MS_NOSUID);
	CHECK_INT(flags.data.count, 5);
	CHECK_STR(flags.data.items[0], "newinstance");
	CHECK_STR(flags.data.items[1], "ptmxmode=0666");
	CHECK_STR(flags.data.items[2], "acl");
	CHECK_STR(flags.data.items[3], "user=me");
	CHECK_STR(flags.data.items[4], "RO");
	arena_done(&arena);
}

TEST(words_of_userspace_are_dropped)
{
	static const char *const words =
		"_netdev,auto,noauto,nofail,user,nouser,users,nousers,owner,noowner,group,nogroup,"
		"z,Z,x-systemd.automount,X-mount.mkdir=0755,comment=hello,";
	struct arena arena = { 0 };
	struct mount_flags flags;

	CHECK_INT(parse(&arena, words, &flags, NULL), 0);
	CHECK_INT(flags.data.count, 0);
	CHECK_INT(flags.ms_set | flags.ms_clear | flags.attr_set | flags.attr_clear, 0);
	arena_done(&arena);
}

TEST(a_bind_mount_takes_no_data)
{
	struct arena arena = { 0 };
	struct mount_flags flags = { .ms_set = 42 };
	struct err err = { 0 };

	/* Whatever the order. */
	CHECK_INT(parse(&arena, "nosuch,ro,bind", &flags, &err), -EINVAL);
	CHECK_STR(err.text, "unknown mount option `nosuch`: bind mounts cannot have any "
			    "filesystem-specific options applied");
	CHECK_INT(flags.ms_set, 42);
	CHECK_INT(parse(&arena, "rbind,mode=755", &flags, &err), -EINVAL);
	CHECK_HAS(err.text, "`mode=755`");
	CHECK_INT(parse(&arena, "rbind,x-ours,z", &flags, &err), 0);
	arena_done(&arena);
}

TEST(id_mapped_mounts_are_refused)
{
	struct arena arena = { 0 };
	struct mount_flags flags;
	struct err err = { 0 };

	CHECK_INT(parse(&arena, "bind,idmap", &flags, &err), -EINVAL);
	CHECK_STR(err.text, "mount option `idmap`: not supported by this version of nvcrun");
	CHECK_INT(parse(&arena, "ridmap,bind", &flags, &err), -EINVAL);
	CHECK_STR(err.text, "mount option `ridmap`: not supported by this version of nvcrun");
	arena_done(&arena);
}

TEST(no_options_are_nothing)
{
	struct mount_flags flags = { .bind = true };
	struct strings none = { 0 };

	CHECK_INT(mount_flags_parse(&none, NULL, &flags, NULL), 0);
	CHECK(!flags.bind);
	CHECK_INT(flags.propagation.count, 0);
}

TEST_MAIN()
