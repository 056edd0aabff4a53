/* SPDX-License-Identifier: Apache-2.0 */
/* Units of systemd: names and places, limits and device rules as properties. */
#include "cgroups/unit.h"

#include "test.h"

#define SET(number)            \
	{                      \
		true, (number) \
	}

/* The path, or the error. */
static const char *path_of(const char *cgroups_path, bool user, struct arena *arena)
{
	const struct cg_wish wish = {
		.manager = CG_SYSTEMD,
		.cgroups_path = cgroups_path,
		.id = "web",
	};
	const char *path = NULL;
	struct err err = { 0 };

	if (cg_unit_path(&wish, user, arena, &path, &err) < 0)
		return arena_strdup(arena, err.text);
	return path;
}

TEST(a_unit_is_below_all_parts_of_its_slice)
{
	static const struct {
		const char *cgroups_path;
		const char *path;
	} cases[] = {
		{ NULL, "/system.slice/nvcrun-web.scope" },
		{ "", "/system.slice/nvcrun-web.scope" },
		{ "system.slice:docker:abc", "/system.slice/docker-abc.scope" },
		{ ":docker:abc", "/system.slice/docker-abc.scope" },
		{ "a-b-c.slice:crio:x", "/a.slice/a-b.slice/a-b-c.slice/crio-x.scope" },
		{ "-.slice:p:x", "/p-x.scope" },
		{ "a.slice::x", "/a.slice/x.scope" },
		{ "a.slice:ignored:a-pod.slice", "/a.slice/a-pod.slice" },
		{ "machine.slice:libpod:x@y.z_\\x2d", "/machine.slice/libpod-x@y.z_\\x2d.scope" },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(path_of(cases[i].cgroups_path, false, &arena), cases[i].path);
	CHECK_STR(path_of(NULL, true, &arena), "/user.slice/nvcrun-web.scope");
	arena_done(&arena);
}

TEST(a_path_that_is_none_is_refused)
{
	static const char *const slices[] = { "a-.slice", "-a.slice", "a--b.slice", ".slice",
					      "a.scope",  "a",	      "--.slice" };
	struct arena arena = { 0 };

	CHECK_STR(
		path_of("/a/b", false, &arena),
		"linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for "
		"systemd cgroups, got \"/a/b\" instead");
	CHECK_HAS(path_of("a.slice:b", false, &arena), "got \"a.slice:b\" instead");
	CHECK_HAS(path_of("a.slice:b:c:d", false, &arena), "expected cgroupsPath");
	CHECK_HAS(path_of("a.slice:b:", false, &arena), "expected cgroupsPath");
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++)
		CHECK_HAS(path_of(arena_printf(&arena, "%s:p:x", slices[i]), false, &arena),
			  arena_printf(&arena, "invalid slice name: %s", slices[i]));
	CHECK_HAS(path_of("../a.slice:p:x", false, &arena), "`../a.slice` is no name of a unit");
	CHECK_HAS(path_of("a.slice:p:../x", false, &arena), "`p-../x.scope` is no name of a unit");
	CHECK_HAS(path_of("a.slice:p:x y", false, &arena), "is no name of a unit");
	CHECK_HAS(path_of(arena_printf(&arena, "a.slice:p:%0250d", 1), false, &arena),
		  "at most 255 characters");
	arena_done(&arena);
}

TEST(unit_and_slice_are_found_in_the_path)
{
	struct arena arena = { 0 };

	CHECK_STR(cg_unit_name("/a.slice/a-b.slice/x.scope"), "x.scope");
	CHECK_STR(cg_unit_slice("/a.slice/a-b.slice/x.scope", &arena), "a-b.slice");
	CHECK_STR(cg_unit_slice("/x.scope", &arena), "-.slice");
	CHECK_STR(cg_unit_slice("/user.slice/user@1000.service/x.scope", &arena), "-.slice");
	CHECK(cg_unit_is_slice("/a.slice"));
	CHECK(!cg_unit_is_slice("/a.slice/x.scope"));
	arena_done(&arena);
}

/* All properties with blanks between them, or the error. */
static const char *limits_text(const struct oci_resources *resources, bool v2, struct arena *arena)
{
	struct cg_settings settings = { 0 };
	struct strings properties = { 0 };
	struct strbuf text = { .arena = arena };
	struct err err = { 0 };

	if (cg_limits_build(resources, v2, arena, &settings, &err) < 0 ||
	    cg_unit_limits(&settings, arena, &properties, &err) < 0)
		return arena_strdup(arena, err.text);
	VEC_EACH(property, &properties)
		strbuf_addf(&text, "%s%s", text.len ? " " : "", *property);
	return strbuf_text(&text);
}

#define INFINITE "18446744073709551615"

TEST(limits_are_properties_in_both_versions)
{
	static const struct {
		struct oci_resources resources;
		const char *v1;
		const char *v2;
	} cases[] = {
		{ { .pids_limit = { false, 5 } }, "", "" },
		{ { .memory = { .limit = SET(100), .swap = SET(300), .reservation = SET(50) } },
		  "MemoryLimit=t:100",
		  "MemoryMax=t:100 MemorySwapMax=t:200 MemoryLow=t:50" },
		{ { .memory = { .limit = SET(-1) } },
		  "MemoryLimit=t:" INFINITE,
		  "MemoryMax=t:" INFINITE " MemorySwapMax=t:" INFINITE },
		{ { .cpu = { .shares = SET(1024) } }, "CPUShares=t:1024", "CPUWeight=t:100" },
		{ { .cpu = { .quota = SET(20000), .period = SET(50000) } },
		  "CPUQuotaPerSecUSec=t:400000 CPUQuotaPeriodUSec=t:50000",
		  "CPUQuotaPerSecUSec=t:400000 CPUQuotaPeriodUSec=t:50000" },
		/* whole percents, rounded up */
		{ { .cpu = { .quota = SET(12345) } },
		  "CPUQuotaPerSecUSec=t:130000 CPUQuotaPeriodUSec=t:100000",
		  "CPUQuotaPerSecUSec=t:130000 CPUQuotaPeriodUSec=t:100000" },
		{ { .cpu = { .quota = SET(-1) } },
		  "CPUQuotaPerSecUSec=t:" INFINITE " CPUQuotaPeriodUSec=t:100000",
		  "CPUQuotaPerSecUSec=t:" INFINITE " CPUQuotaPeriodUSec=t:100000" },
		{ { .cpu = { .cpus = "0-2,9", .mems = "1" } },
		  "AllowedCPUs=ay:0702 AllowedMemoryNodes=ay:02",
		  "AllowedCPUs=ay:0702 AllowedMemoryNodes=ay:02" },
		{ { .pids_limit = SET(7) }, "TasksMax=t:7", "TasksMax=t:7" },
		{ { .pids_limit = SET(-1) }, "TasksMax=t:" INFINITE, "TasksMax=t:" INFINITE },
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_STR(limits_text(&cases[i].resources, false, &arena), cases[i].v1);
		CHECK_STR(limits_text(&cases[i].resources, true, &arena), cases[i].v2);
	}
	arena_done(&arena);
}

TEST(lists_that_are_none_are_refused)
{
	static const char *const lists[] = {
		"a", "1-", "-1", "2-1", "0-8192", "1-2-3", "4294967296"
	};
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct oci_resources resources = { .cpu = { .cpus = lists[i] } };

		CHECK_HAS(limits_text(&resources, true, &arena),
			  arena_printf(&arena, "linux.resources.cpu.cpus: `%s` is no list",
				       lists[i]));
	}
	arena_done(&arena);
}

static const char *devices_text(const struct oci_device_rule *rules, size_t count, bool allow,
				struct arena *arena)
{
	struct cg_device_rules list = { .allow_by_default = allow };
	struct strings properties = { 0 };

	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&list.rules, arena, rules[i]);
	cg_unit_devices(&list, arena, &properties);
	CHECK_INT(properties.count, 2);
	return arena_printf(arena, "%s %s", properties.items[0], properties.items[1]);
}

TEST(device_rules_are_words_of_systemd)
{
	static const struct oci_device_rule rules[] = {
		{ true, 'c', 195, 0, true, true, false, "" },
		{ true, 'c', 136, -1, true, true, true, "" },
		{ true, 'c', -1, 5, true, false, false, "" }, /* more than was asked, never less */
		{ false, 'c', 136, 3, true, true, true, "" }, /* no word for it */
		{ true, 'a', -1, -1, false, false, true, "" },
		{ true, 'b', 8, 1, true, false, false, "" },
	};
	struct arena arena = { 0 };

	CHECK_STR(
		devices_text(rules, ARRAY_SIZE(rules), false, &arena),
		"DevicePolicy=s:strict DeviceAllow=a(ss):/dev/char/195:0 rw,char-136 rwm,char-* r,"
		"char-* m,block-* m,/dev/block/8:1 r");
	CHECK_STR(devices_text(rules, 1, true, &arena), "DevicePolicy=s:auto DeviceAllow=a(ss):");
	CHECK_STR(devices_text(NULL, 0, false, &arena), "DevicePolicy=s:strict DeviceAllow=a(ss):");
	arena_done(&arena);
}

TEST_MAIN()
