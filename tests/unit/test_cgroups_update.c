/* SPDX-License-Identifier: Apache-2.0 */
/* cg_update() on a directory that plays a cgroup of v2: what is kept, computed, refused, undone. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"

#include "test.h"

#define SET(number)            \
	{                      \
		true, (number) \
	}

static char mount[64];

__attribute__((constructor)) static void make_mount(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(mount, sizeof(mount), "%s/nvcrun-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(mount))
		abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void remove_mount(void)
{
	nftw(mount, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct file {
	const char *name;
	const char *text;
};

static int open_cgroup(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/c", mount);
	(void)mkdir(path, 0700);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The cgroup as it is before each update. */
static void reset(const struct file *files, size_t count)
{
	cleanup_close int fd = open_cgroup();

	for (size_t i = 0; i < count; i++)
		CHECK_INT(fd_replace_file(fd, files[i].name, 0600, files[i].text,
					  strlen(files[i].text)),
			  0);
}

/* What was written last; a plain file keeps the end of a longer text before it, which is cut off here. */
static const char *file_text(const char *name, const char *expected, struct arena *arena)
{
	cleanup_close int fd = open_cgroup();
	char text[128];

	CHECK_INT(cg_file_read(fd, name, text, sizeof(text)), 0);
	return arena_strndup(arena, text, strlen(expected));
}

static void check_file(const char *name, const char *expected)
{
	struct arena arena = { 0 };

	CHECK_STR(file_text(name, expected, &arena), expected);
	arena_done(&arena);
}

static const struct file usual[] = {
	{ "memory.max", "1000000\n" },	  { "memory.swap.max", "500000\n" },
	{ "memory.current", "300000\n" }, { "memory.swap.current", "100000\n" },
	{ "memory.low", "0\n" },	  { "cpu.max", "20000 100000\n" },
	{ "cpu.weight", "100\n" },	  { "pids.max", "20\n" },
};

static void check_usual(size_t i)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(usual[i].text, "\n"), usual[i].text);
	check_file(usual[i].name, text);
}

static int update(const struct oci_resources *resources, struct arena *arena, struct err *err)
{
	struct cg_hierarchy hierarchy = { .mount = mount, .v2 = true };
	struct cg_layout layout = { .mode = CG_V2 };
	struct cg_place place = { .path = "/c" };

	hierarchy.controllers = str_split(arena, "memory cpu pids cpuset", ' ', false);
	VEC_PUSH(&layout.hierarchies, arena, hierarchy);
	VEC_PUSH(&place.mounts, arena, mount);
	VEC_PUSH(&place.made, arena, "c");
	return cg_update(&layout, &place, resources, arena, err);
}

TEST(what_is_not_asked_for_is_kept)
{
	static const struct {
		struct oci_resources resources;
		struct file file;
	} cases[] = {
		{ { .cpu = { .quota = SET(30000) } }, { "cpu.max", "30000 100000" } },
		{ { .cpu = { .quota = SET(-1) } }, { "cpu.max", "max 100000" } },
		{ { .cpu = { .period = SET(50000) } }, { "cpu.max", "20000 50000" } },
		{ { .cpu = { .quota = SET(1), .period = SET(2) } }, { "cpu.max", "1 2" } },
		{ { .cpu = { .shares = SET(1024) } }, { "cpu.max", "20000 100000" } },
		/* The sum of memory and swap stays. */
		{ { .memory = { .limit = SET(1200000) } }, { "memory.swap.max", "300000" } },
		{ { .memory = { .limit = SET(1200000) } }, { "memory.max", "1200000" } },
		/* The sum is asked for, memory stays. */
		{ { .memory = { .swap = SET(1100000) } }, { "memory.swap.max", "100000" } },
		{ { .memory = { .swap = SET(1100000) } }, { "memory.max", "1000000" } },
		{ { .memory = { .swap = SET(-1) } }, { "memory.swap.max", "max" } },
		/* Memory without a limit frees swap. */
		{ { .memory = { .limit = SET(-1) } }, { "memory.swap.max", "max" } },
		{ { .memory = { .limit = SET(0), .swap = SET(0) } },
		  { "memory.swap.max", "500000" } },
		{ { .pids_limit = SET(9) }, { "memory.max", "1000000" } },
		{ { .pids_limit = SET(9) }, { "pids.max", "9" } },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { 0 };

		reset(usual, ARRAY_SIZE(usual));
		CHECK_INT(update(&cases[i].resources, &arena, &err), 0);
		check_file(cases[i].file.name, cases[i].file.text);
	}
	arena_done(&arena);
}

TEST(unlimited_ones_have_no_sum)
{
	static const struct file files[] = { { "memory.max", "max\n" },
					     { "memory.swap.max", "max\n" },
					     { "cpu.max", "max 100000\n" } };
	static const struct oci_resources limit = { .memory = { .limit = SET(4096) } };
	static const struct oci_resources swap = { .memory = { .swap = SET(4096) } };
	static const struct oci_resources period = { .cpu = { .period = SET(50000) } };
	struct arena arena = { 0 };
	struct err err = { 0 };

	reset(files, ARRAY_SIZE(files));
	CHECK_INT(update(&limit, &arena, &err), 0);
	check_file("memory.max", "4096");
	check_file("memory.swap.max", "max");
	CHECK_INT(update(&period, &arena, &err), 0);
	check_file("cpu.max", "max 50000");
	reset(files, ARRAY_SIZE(files));
	CHECK_INT(update(&swap, &arena, &err), -EINVAL);
	CHECK_HAS(err.text, "unable to set swap limit without memory limit");
	arena_done(&arena);
}

TEST(what_makes_no_sense_changes_nothing)
{
	static const struct oci_resources sum = { .memory = { .limit = SET(1600000) },
						  .pids_limit = SET(9) };
	struct oci_resources checked = { .memory = { .limit = SET(300000) } };
	struct arena arena = { 0 };
	struct err err = { 0 };

	reset(usual, ARRAY_SIZE(usual));
	CHECK_INT(update(&sum, &arena, &err), -EINVAL);
	CHECK_HAS(err.text, "memory+swap limit should be >= memory limit (1500000 < 1600000)");
	checked.memory.check_before_update = true;
	CHECK_INT(update(&checked, &arena, &err), -EBUSY);
	CHECK_HAS(err.text, "rejecting memory limit 300000 <= usage 300000");
	checked.memory.limit.v = 350000;
	checked.memory.swap = (struct opt_i64)SET(400000);
	CHECK_INT(update(&checked, &arena, &err), -EBUSY);
	CHECK_HAS(err.text, "rejecting memory+swap limit 400000 <= usage 400000");
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		check_usual(i);
	checked.memory.swap.v = 400001;
	CHECK_INT(update(&checked, &arena, &err), 0);
	check_file("memory.max", "350000");
	arena_done(&arena);
}

/* cpuset.cpus, which comes after memory and cpu, is not there. */
TEST(a_failure_brings_the_old_limits_back)
{
	static const struct oci_resources resources = {
		.memory = { .limit = SET(1100000), .swap = SET(2200000) },
		.cpu = { .quota = SET(50000), .shares = SET(2), .cpus = "0" },
		.pids_limit = SET(9),
	};
	struct arena arena = { 0 };
	struct err err = { 0 };

	reset(usual, ARRAY_SIZE(usual));
	CHECK_INT(update(&resources, &arena, &err), -ENOENT);
	CHECK_HAS(err.text, "linux.resources.cpu.cpus: write 0 to ");
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		check_usual(i);
	arena_done(&arena);
}

TEST(no_cgroup_no_update)
{
	static const struct oci_resources resources = { .pids_limit = SET(9) };
	const struct cg_place place = { .manager = CG_DISABLED };
	const struct cg_layout layout = { 0 };
	struct arena arena = { 0 };
	struct err err = { 0 };

	CHECK_INT(cg_update(&layout, &place, &resources, &arena, &err), -EINVAL);
	CHECK_HAS(err.text, "linux.resources.pids.limit: a container without a cgroup of its own");
	arena_done(&arena);
}

TEST_MAIN()
