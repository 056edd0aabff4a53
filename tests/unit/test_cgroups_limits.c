/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: what each field becomes in either version, and what is refused. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroups/dir.h"
#include "cgroups/limits.h"

#include "test.h"

#define SET(number)            \
	{                      \
		true, (number) \
	}

/* All settings as one text: `file=value file=value`, with ? after a harmless one. */
static const char *settings_text(const struct oci_resources *resources, bool v2,
				 struct arena *arena)
{
	struct strbuf text = { .arena = arena };
	struct cg_settings settings = { 0 };
	struct err err = { 0 };

	if (cg_limits_build(resources, v2, arena, &settings, &err) < 0)
		return arena_strdup(arena, err.text);
	VEC_EACH(setting, &settings)
		strbuf_addf(&text, "%s%s=%s%s", text.len ? " " : "", setting->file, setting->text,
			    setting->harmless ? "?" : "");
	return strbuf_text(&text);
}

static const struct {
	struct oci_resources resources;
	const char *v1;
	const char *v2;
} cases[] = {
	{ { .pids_limit = { false, 5 } }, "", "" },
	{ { .memory = { .limit = SET(1048576) } },
	  "memory.limit_in_bytes=1048576",
	  "memory.max=1048576" },
	{ { .memory = { .limit = SET(0), .reservation = SET(0), .swap = SET(0) } }, "", "" },
	{ { .memory = { .limit = SET(-1) } },
	  "memory.limit_in_bytes=-1?",
	  "memory.max=max? memory.swap.max=max?" },
	{ { .memory = { .limit = SET(-1), .swap = SET(-1) } },
	  "memory.limit_in_bytes=-1? memory.memsw.limit_in_bytes=-1?",
	  "memory.max=max? memory.swap.max=max?" },
	{ { .memory = { .limit = SET(100), .swap = SET(300) } },
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=300",
	  "memory.max=100 memory.swap.max=200" },
	{ { .memory = { .limit = SET(100), .swap = SET(100) } },
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=100",
	  "memory.max=100 memory.swap.max=0?" },
	{ { .memory = { .limit = SET(100), .swap = SET(-1) } },
	  "memory.limit_in_bytes=100 memory.memsw.limit_in_bytes=-1?",
	  "memory.max=100 memory.swap.max=max?" },
	{ { .memory = { .reservation = SET(5) } }, "memory.soft_limit_in_bytes=5", "memory.low=5" },
	{ { .cpu = { .shares = SET(0) } }, "", "" },
	{ { .cpu = { .shares = SET(1024) } }, "cpu.shares=1024", "cpu.weight=100" },
	{ { .cpu = { .quota = SET(50000) } }, "cpu.cfs_quota_us=50000", "cpu.max=50000 100000" },
	{ { .cpu = { .quota = SET(50000), .period = SET(200000) } },
	  "cpu.cfs_period_us=200000 cpu.cfs_quota_us=50000",
	  "cpu.max=50000 200000" },
	{ { .cpu = { .quota = SET(-1) } }, "cpu.cfs_quota_us=-1?", "cpu.max=max 100000?" },
	{ { .cpu = { .quota = SET(0) } }, "cpu.cfs_quota_us=-1?", "cpu.max=max 100000?" },
	{ { .cpu = { .period = SET(200000) } }, "cpu.cfs_period_us=200000", "cpu.max=max 200000?" },
	{ { .cpu = { .cpus = "0-1", .mems = "0" } },
	  "cpuset.cpus=0-1 cpuset.mems=0",
	  "cpuset.cpus=0-1 cpuset.mems=0" },
	{ { .cpu = { .cpus = "" } }, "", "" },
	{ { .memory = { .swappiness = SET(0), .disable_oom_killer = true } },
	  "memory.swappiness=0 memory.oom_control=1",
	  "" },
	{ { .cpu = { .burst = SET(7), .idle = SET(1) } },
	  "cpu.cfs_burst_us=7 cpu.idle=1",
	  "cpu.max.burst=7 cpu.idle=1" },
	{ { .cpu = { .realtime_runtime = SET(95), .realtime_period = SET(100) } },
	  "cpu.rt_period_us=100 cpu.rt_runtime_us=95",
	  "" },
	{ { .cpu = { .realtime_runtime = SET(0), .realtime_period = SET(0) } }, "", "" },
	{ { .pids_limit = SET(10) }, "pids.max=10", "pids.max=10" },
	{ { .pids_limit = SET(0) }, "pids.max=1", "pids.max=1" },
	{ { .pids_limit = SET(-1) }, "pids.max=max?", "pids.max=max?" },
};

TEST(each_field_in_both_versions)
{
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_STR(settings_text(&cases[i].resources, false, &arena), cases[i].v1);
		CHECK_STR(settings_text(&cases[i].resources, true, &arena), cases[i].v2);
	}
	arena_done(&arena);
}

TEST(block_io_is_one_setting_for_each_device)
{
	struct oci_block_rate reads[] = { { 8, 0, 1048576 }, { 8, 16, 0 } };
	struct oci_block_rate writes[] = { { 8, 0, 100 } };
	struct oci_block_weight weight = { 8, 0, 10 };
	struct oci_resources resources = { .block_io = {
						   .weight = SET(1000),
						   .device_weights = { &weight, 1, 1 },
						   .read_bytes = { reads, 2, 2 },
						   .write_operations = { writes, 1, 1 },
					   } };
	struct arena arena = { 0 };
	struct cg_settings settings;
	struct err err = { 0 };

	CHECK_STR(settings_text(&resources, false, &arena),
		  "blkio.bfq.weight=1000 blkio.bfq.weight_device=8:0 10"
		  " blkio.throttle.read_bps_device=8:0 1048576"
		  " blkio.throttle.read_bps_device=8:16 0"
		  " blkio.throttle.write_iops_device=8:0 100");
	CHECK_STR(settings_text(&resources, true, &arena),
		  "io.bfq.weight=default 1000 io.bfq.weight=8:0 10 io.max=8:0 rbps=1048576"
		  " io.max=8:16 rbps=max io.max=8:0 wiops=100");
	/* Where the kernel lacks BFQ. */
	CHECK_INT(cg_limits_build(&resources, true, &arena, &settings, &err), 0);
	CHECK_STR(settings.items[0].other_file, "io.weight");
	CHECK_STR(settings.items[0].other_text, "default 10000");
	CHECK_STR(settings.items[1].other_text, "8:0 1");
	CHECK_STR(settings.items[0].field, "linux.resources.blockIO.weight");
	arena_done(&arena);
}

TEST(no_resources_no_settings)
{
	struct arena arena = { 0 };

	CHECK_STR(settings_text(NULL, true, &arena), "");
	arena_done(&arena);
}

TEST(swap_needs_a_smaller_memory_limit)
{
	static const struct oci_resources alone = { .memory = { .swap = SET(5) } };
	static const struct oci_resources unlimited = {
		.memory = { .limit = SET(-1), .swap = SET(5) },
	};
	static const struct oci_resources smaller = {
		.memory = { .limit = SET(6), .swap = SET(5) },
	};
	struct arena arena = { 0 };

	for (int v2 = 0; v2 < 2; v2++) {
		CHECK_STR(settings_text(&alone, v2, &arena),
			  "linux.resources.memory.swap: unable to set swap limit without memory"
			  " limit");
		CHECK_HAS(settings_text(&unlimited, v2, &arena),
			  "unable to set swap limit without memory limit");
		CHECK_HAS(settings_text(&smaller, v2, &arena),
			  "memory+swap limit should be >= memory limit (5 < 6)");
	}
	arena_done(&arena);
}

TEST(shares_become_weight)
{
	static const struct {
		uint64_t shares, weight;
	} points[] = {
		{ 0, 1 },      { 1, 1 },      { 2, 1 },		 { 3, 2 },
		{ 512, 59 },   { 1024, 100 }, { 2048, 174 },	 { 262143, 10000 },
		{ 4096, 303 }, { 8192, 532 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
	};
	uint64_t last = 1;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		CHECK_INT(cg_cpu_weight(points[i].shares), points[i].weight);
	for (uint64_t shares = 2; shares <= 262144; shares += 7) {
		uint64_t weight = cg_cpu_weight(shares);

		CHECK(weight >= last && weight <= 10000);
		last = weight;
	}
}

/* A directory of plain files stands for a cgroup. */
struct fake {
	char dir[64];
	int fd;
};

static void fake_init(struct fake *fake)
{
	snprintf(fake->dir, sizeof(fake->dir), "/tmp/test-limits-XXXXXX");
	CHECK(mkdtemp(fake->dir));
	fake->fd = open(fake->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void fake_done(struct fake *fake)
{
	unlinkat(fake->fd, "pids.max", 0);
	close(fake->fd);
	rmdir(fake->dir);
}

static struct cg_settings build(int64_t pids, struct arena *arena)
{
	struct oci_resources resources = { .pids_limit = SET(pids) };
	struct cg_settings settings = { 0 };

	CHECK_INT(cg_limits_build(&resources, true, arena, &settings, NULL), 0);
	return settings;
}

TEST(only_files_of_present_controllers_are_written)
{
	const char *names[] = { "cpu", "pids" };
	struct strings none = { names, 1, 1 }, pids = { names, 2, 2 };
	struct arena arena = { 0 };
	struct cg_settings settings = build(10, &arena);
	struct err err = { 0 };
	struct fake fake;
	char text[16];

	fake_init(&fake);
	close(openat(fake.fd, "pids.max", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK_INT(cg_limits_write(fake.fd, fake.dir, &none, &settings, &err), 0);
	CHECK_INT(cg_file_read(fake.fd, "pids.max", text, sizeof(text)), 0);
	CHECK_STR(text, "");
	CHECK_INT(cg_limits_write(fake.fd, fake.dir, &pids, &settings, &err), 0);
	CHECK_INT(cg_file_read(fake.fd, "pids.max", text, sizeof(text)), 0);
	CHECK_STR(text, "10");
	fake_done(&fake);
	arena_done(&arena);
}

TEST(an_absent_file_matters_only_for_a_limit)
{
	const char *names[] = { "pids" };
	struct strings controllers = { names, 1, 1 };
	struct arena arena = { 0 };
	struct cg_settings limit = build(10, &arena), unlimited = build(-1, &arena);
	struct err err = { 0 };
	struct fake fake;

	fake_init(&fake);
	CHECK_INT(cg_limits_write(fake.fd, "/cg/x", &controllers, &unlimited, &err), 0);
	CHECK_INT(cg_limits_write(fake.fd, "/cg/x", &controllers, &limit, &err), -ENOENT);
	CHECK_STR(err.text, "linux.resources.pids.limit: write 10 to /cg/x/pids.max: no such file"
			    " or directory");
	fake_done(&fake);
	arena_done(&arena);
}

TEST_MAIN()
