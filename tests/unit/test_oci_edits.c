/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of edits of the model. */
#include "oci/edits.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "oci/env.h"
#include "test.h"

static struct strings list(struct arena *arena, size_t count, const char *const *texts)
{
	struct strings strings = { 0 };

	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&strings, arena, texts[i]);
	return strings;
}
#define LIST(arena, ...)                                                \
	list(arena, ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), \
	     (const char *const[]){ __VA_ARGS__ })

static struct oci_device gpu(unsigned int index)
{
	return (struct oci_device){
		.path = index ? "/dev/nvidia1" : "/dev/nvidia0",
		.type = 'c',
		.rdev = makedev(195, index),
		.mode = 0666,
		.origin = index ? "nvidia gpu 1" : "nvidia gpu 0",
	};
}

TEST(the_last_value_of_a_variable_wins)
{
	struct arena arena = { 0 };
	struct strings env = LIST(&arena, "A=1", "AB=2", "A=3", "EMPTY=", "broken");

	CHECK_STR(oci_env_get(&env, "A"), "3");
	CHECK_STR(oci_env_get(&env, "AB"), "2");
	CHECK_STR(oci_env_get(&env, "EMPTY"), "");
	CHECK(!oci_env_get(&env, "B"));
	CHECK(!oci_env_get(&env, "broken"));
	CHECK(!oci_env_get(&env, "EMPT"));
	CHECK(!oci_env_get(&(struct strings){ 0 }, "A"));
	arena_done(&arena);
}

TEST(setting_a_variable_leaves_one_of_its_name)
{
	struct arena arena = { 0 };
	struct strings env = LIST(&arena, "A=1", "AB=2", "A=3");

	oci_env_set(&env, &arena, "A=4");
	CHECK_INT(env.count, 2);
	CHECK_STR(env.items[0], "A=4");
	CHECK_STR(env.items[1], "AB=2");
	oci_env_set(&env, &arena, "C=a=b");
	CHECK_INT(env.count, 3);
	CHECK_STR(oci_env_get(&env, "C"), "a=b");
	arena_done(&arena);
}

TEST(devices_come_with_a_rule)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };
	const struct oci_device_rule *rule;
	struct err err = { 0 };

	VEC_PUSH(&edits.devices, &arena, gpu(1));
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, &err), 0);
	CHECK_INT(config.linux.devices.count, 1);
	CHECK_STR(config.linux.devices.items[0].path, "/dev/nvidia1");
	CHECK_INT(config.linux.resources.devices.count, 1);
	rule = &config.linux.resources.devices.items[0];
	CHECK(rule->allow);
	CHECK_INT(rule->type, 'c');
	CHECK_INT(rule->major, 195);
	CHECK_INT(rule->minor, 1);
	/* CVE-2021-1056: who may make nodes can make those of other GPUs. */
	CHECK(rule->read && rule->write && !rule->mknod);
	CHECK_STR(rule->origin, "nvidia gpu 1");
	arena_done(&arena);
}

TEST(rules_are_appended_so_that_they_win)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { .device_access = "m" };

	VEC_PUSH(&config.linux.resources.devices, &arena,
		 ((struct oci_device_rule){ .type = 'a' }));
	VEC_PUSH(&edits.devices, &arena, gpu(0));
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, NULL), 0);
	CHECK_INT(config.linux.resources.devices.count, 2);
	CHECK(!config.linux.resources.devices.items[0].allow);
	CHECK(config.linux.resources.devices.items[1].mknod);
	CHECK(!config.linux.resources.devices.items[1].read);
	arena_done(&arena);
}

TEST(a_device_of_the_same_path_is_replaced)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };
	struct oci_device old = gpu(0);

	old.rdev = makedev(1, 3);
	VEC_PUSH(&config.linux.devices, &arena, old);
	VEC_PUSH(&config.linux.devices, &arena, gpu(1));
	VEC_PUSH(&edits.devices, &arena, gpu(0));
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, NULL), 0);
	CHECK_INT(config.linux.devices.count, 2);
	CHECK_INT(major(config.linux.devices.items[0].rdev), 195);
	CHECK_INT(config.linux.resources.devices.count, 1);
	arena_done(&arena);
}

TEST(rules_have_the_type_of_the_node)
{
	static const struct {
		char type;
		char rule; /* 0: none */
	} cases[] = { { 'c', 'c' }, { 'u', 'c' }, { 'b', 'b' }, { 'p', 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena = { 0 };
		struct oci_config config = { 0 };
		struct oci_edits edits = { 0 };
		struct oci_device device = gpu(0);

		device.type = cases[i].type;
		VEC_PUSH(&edits.devices, &arena, device);
		CHECK_INT(oci_edits_apply(&config, &edits, &arena, NULL), 0);
		CHECK_INT(config.linux.devices.count, 1);
		CHECK_INT(config.linux.resources.devices.count, cases[i].rule ? 1 : 0);
		if (cases[i].rule)
			CHECK_INT(config.linux.resources.devices.items[0].type, cases[i].rule);
		arena_done(&arena);
	}
}

TEST(environment_mounts_and_links_arrive)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };

	config.process.env = LIST(&arena, "PATH=/bin", "CUDA=old");
	edits.env = LIST(&arena, "CUDA=new", "MORE=1");
	VEC_PUSH(&edits.mounts, &arena,
		 ((struct oci_mount){ .destination = "/usr/lib/libcuda.so.1", .origin = "x" }));
	VEC_PUSH(&edits.links, &arena,
		 ((struct oci_link){ .path = "/usr/lib/libcuda.so", .target = "libcuda.so.1" }));
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, NULL), 0);
	CHECK_INT(config.process.env.count, 3);
	CHECK_STR(oci_env_get(&config.process.env, "CUDA"), "new");
	CHECK_STR(oci_env_get(&config.process.env, "PATH"), "/bin");
	CHECK_STR(oci_env_get(&config.process.env, "MORE"), "1");
	CHECK_INT(config.mounts.count, 0);
	CHECK_INT(config.extra_mounts.count, 1);
	CHECK_STR(config.extra_mounts.items[0].destination, "/usr/lib/libcuda.so.1");
	CHECK_INT(config.links.count, 1);
	CHECK_STR(config.links.items[0].target, "libcuda.so.1");
	arena_done(&arena);
}

TEST(private_file_systems_arrive)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };
	struct oci_tmpfs tmpfs = { .dest = "/proc/driver/nvidia", .mode = 0555, .origin = "x" };

	VEC_PUSH(&tmpfs.files, &arena, ((struct oci_tmpfs_file){ .name = "params", .text = "1" }));
	VEC_PUSH(&tmpfs.files, &arena, ((struct oci_tmpfs_file){ .name = "..a/b", .text = "2" }));
	VEC_PUSH(&tmpfs.binds, &arena, ((struct oci_tmpfs_bind){ .name = "a/b", .source = "/h" }));
	VEC_PUSH(&edits.tmpfs, &arena, tmpfs);
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, NULL), 0);
	CHECK_INT(config.tmpfs.count, 1);
	CHECK_STR(config.tmpfs.items[0].dest, "/proc/driver/nvidia");
	CHECK_STR(config.tmpfs.items[0].files.items[0].text, "1");
	CHECK_STR(config.tmpfs.items[0].binds.items[0].source, "/h");
	arena_done(&arena);
}

/* Expect @edits to be refused with @words, and the model to stay as it was. */
static void check_refused(struct oci_edits *edits, struct arena *arena, const char *words)
{
	struct oci_config config = { 0 };
	struct err err = { 0 };

	VEC_PUSH(&edits->env, arena, "GOOD=1");
	VEC_PUSH(&edits->devices, arena, gpu(0));
	CHECK_INT(oci_edits_apply(&config, edits, arena, &err), -EINVAL);
	CHECK_STR(err.text, words);
	CHECK_INT(config.process.env.count, 0);
	CHECK_INT(config.linux.devices.count, 0);
	CHECK_INT(config.linux.resources.devices.count, 0);
}

TEST(loader_cache_arrives)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { .loader_cache = { .origin = "test" } };
	struct ldso_library *library = VEC_ADD(&edits.loader_cache.libraries, &arena);
	struct err err = { 0 };

	*library = (struct ldso_library){ .name = "libcuda.so.1", .path = "lib/libcuda.so.1" };
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, &err), -EINVAL);
	CHECK_STR(err.text, "test: `lib/libcuda.so.1` is not an absolute path");
	library->path = "/lib/libcuda.so.1";
	library->name = "lib/libcuda.so.1";
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, &err), -EINVAL);
	CHECK_STR(err.text, "test: `lib/libcuda.so.1` is not the name of a library");
	CHECK_INT(config.loader_cache.libraries.count, 0);
	library->name = "libcuda.so.1";
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, &err), 0);
	CHECK_INT(config.loader_cache.libraries.count, 1);
	CHECK_STR(config.loader_cache.origin, "test");
	arena_done(&arena);
}

TEST(wrong_edits_change_nothing)
{
	static const char *const files[] = { "", "/a", "a/", "a//b", "a/../../b", "a/.", ".." };
	struct arena arena = { 0 };
	struct oci_edits env = { .env = LIST(&arena, "OK=1", "=value") };
	struct oci_edits name = { .env = LIST(&arena, "NAME") };
	struct oci_edits access = { .device_access = "rwx" };
	struct oci_edits device = { 0 }, mount = { 0 }, link = { 0 };
	struct oci_edits file = { 0 }, bind = { 0 };
	struct oci_tmpfs tmpfs = { .dest = "/proc/x", .origin = "nvidia procfs" };

	VEC_PUSH(&device.devices, &arena,
		 ((struct oci_device){ .path = "dev/x", .type = 'c', .origin = "nvidia x" }));
	VEC_PUSH(&mount.mounts, &arena,
		 ((struct oci_mount){ .destination = "x", .origin = "nvidia lib" }));
	VEC_PUSH(&link.links, &arena, ((struct oci_link){ .path = "", .origin = "nvidia link" }));
	check_refused(&env, &arena, "edits: env: `=value` is not NAME=value");
	check_refused(&name, &arena, "edits: env: `NAME` is not NAME=value");
	check_refused(&access, &arena,
		      "edits: device access `rwx` is not made of the letters r, w and m");
	check_refused(&device, &arena, "nvidia x: `dev/x` is not an absolute path");
	check_refused(&mount, &arena, "nvidia lib: `x` is not an absolute path");
	check_refused(&link, &arena, "nvidia link: `` is not an absolute path");
	VEC_PUSH(&tmpfs.files, &arena, ((struct oci_tmpfs_file){ .name = "../params" }));
	VEC_PUSH(&file.tmpfs, &arena, tmpfs);
	check_refused(&file, &arena,
		      "nvidia procfs: `../params` is not the relative path of a file");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tmpfs.files.items[0].name = files[i];
		check_refused(&file, &arena,
			      arena_printf(&arena,
					   "nvidia procfs: `%s` is not the relative path of a file",
					   files[i]));
	}
	tmpfs.files.count = 0;
	VEC_PUSH(&tmpfs.binds, &arena, ((struct oci_tmpfs_bind){ .name = "x", .source = "y" }));
	VEC_PUSH(&bind.tmpfs, &arena, tmpfs);
	check_refused(&bind, &arena, "nvidia procfs: `y` is not an absolute path");
	arena_done(&arena);
}

TEST(mounts_and_prestart_hooks_are_dropped)
{
	struct arena arena = { 0 };
	struct oci_config config = { 0 };
	struct oci_edits edits = { 0 };
	struct err err = { 0 };

	for (int kind = 0; kind < OCI_HOOK_COUNT; kind++) {
		VEC_ADD(&config.hooks[kind], &arena)->path = "/usr/bin/hook";
		VEC_ADD(&config.hooks[kind], &arena)->path = "/usr/bin/hook2";
		VEC_ADD(&config.hooks[kind], &arena)->path = "/opt/hook";
	}
	VEC_ADD(&config.mounts, &arena)->destination = "/a";
	VEC_ADD(&config.mounts, &arena)->destination = "/b";
	VEC_ADD(&config.mounts, &arena)->destination = "/a";
	edits.dropped_mounts = LIST(&arena, "/a", "/c");
	edits.dropped_hooks = LIST(&arena, "hook");
	CHECK_INT(oci_edits_apply(&config, &edits, &arena, &err), 0);
	CHECK_INT(config.mounts.count, 1);
	CHECK_STR(config.mounts.items[0].destination, "/b");
	CHECK_INT(config.hooks[OCI_HOOK_PRESTART].count, 1);
	CHECK_STR(config.hooks[OCI_HOOK_PRESTART].items[0].path, "/usr/bin/hook2");
	for (int kind = OCI_HOOK_CREATE_RUNTIME; kind < OCI_HOOK_COUNT; kind++)
		CHECK_INT(config.hooks[kind].count, 3);
	arena_done(&arena);
}

TEST_MAIN()
