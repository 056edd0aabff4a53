/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/info, cli/nvidia_info_text: what a host has, on a tiny fake driver. */
#include "nvidia/info.h"

#include "base/json.h"
#include "cli/nvidia_info_text.h"
#include "nvidia_fixture.h"

#define LIB "usr/lib64"

static struct err err;

/* One GPU that counts, one that does not; no node at all. */
static struct nv_settings make_driver(void)
{
	fixture_remove("usr");
	fixture_remove("proc");
	fixture_file("sys/module/nvidia/version", FIXTURE_VERSION "\n");
	fixture_gpu("0000:06:00.0", "Model: H200\nGPU UUID: GPU-aaaa\nDevice Minor: 1\n");
	fixture_gpu("0000:07:00.0", "GPU UUID: GPU-bbbb\nDevice Minor: 0\nGPU Excluded: Yes\n");
	fixture_file("proc/devices", "Character devices:\n195 nvidia\n511 nvidia-uvm\n");
	fixture_library(LIB, "libcuda", "libcuda.so.1");
	fixture_library(LIB, "libnvidia-ml", "libnvidia-ml.so.1");
	fixture_file("usr/bin/nvidia-smi", "#!/bin/sh\n");
	fixture_path("dev/");
	return fixture_settings();
}

static int read_info(const struct nv_settings *settings, struct nv_info *ret)
{
	cleanup_close int root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);

	err = (struct err){ 0 };
	return nv_info_read(settings, root_fd, &fixture_arena, ret, &err);
}

static const struct nv_files *files_of(const struct nv_info *info, const char *name)
{
	VEC_EACH(files, &info->capabilities) {
		if (str_eq(files->name, name))
			return files;
	}
	VEC_EACH(files, &info->directories) {
		if (str_has_suffix(files->name, name))
			return files;
	}
	CHECK_STR(name, "of a capability or directory");
	return &info->capabilities.items[0];
}

TEST(info_tells_what_is_there)
{
	struct nv_settings settings = make_driver();
	struct nv_info info;

	settings.testing.fake_devices = true;
	CHECK_INT(read_info(&settings, &info), 0);
	CHECK_STR(info.driver_version, FIXTURE_VERSION);
	CHECK_STR(info.driver_root, fixture_root);
	CHECK_INT(info.gpus.count, 1);
	CHECK_STR(info.gpus.items[0].model, "H200");
	CHECK_INT(info.left_out.count, 1);
	CHECK_INT(info.problems.count, 0);
	CHECK(!info.persistence);
	CHECK_INT(files_of(&info, "compute")->counts[NV_FILE_LIBRARY], 1);
	CHECK_INT(files_of(&info, "compute")->counts[NV_FILE_PROGRAM], 0);
	CHECK_INT(files_of(&info, "utility")->counts[NV_FILE_PROGRAM], 1);
	CHECK_INT(files_of(&info, "compat32")->counts[NV_FILE_LIBRARY], 0);
	CHECK_INT(files_of(&info, "/usr/lib64")->counts[NV_FILE_LIBRARY], 2);
	CHECK_INT(files_of(&info, "/usr/bin")->counts[NV_FILE_PROGRAM], 1);
}

TEST(info_tells_missing_nodes_with_the_remedy)
{
	const struct nv_settings settings = make_driver();
	struct nv_info info;
	size_t missing = 0;

	CHECK_INT(read_info(&settings, &info), 0);
	CHECK(info.problems.count >= 1);
	CHECK_HAS(info.problems.items[0], "this host: no device node ");
	CHECK_HAS(info.problems.items[0], ": run `nvidia-modprobe");
	VEC_EACH(node, &info.nodes)
		missing += !node->present;
	CHECK(missing >= 4);
	CHECK_INT(missing, info.nodes.count);
	/* The rest is told all the same. */
	CHECK_INT(files_of(&info, "compute")->counts[NV_FILE_LIBRARY], 1);
}

TEST(info_of_half_a_driver_says_what_is_missing)
{
	const struct nv_settings settings = make_driver();
	struct nv_info info;

	fixture_remove("usr");
	CHECK_INT(read_info(&settings, &info), 0);
	CHECK_INT(info.problems.count, 1);
	CHECK_HAS(info.problems.items[0], "libcuda.so." FIXTURE_VERSION);
	CHECK_HAS(info.problems.items[0], ": looked in /");
	CHECK(!info.driver_root);
	CHECK_INT(info.gpus.count, 1);
	CHECK_HAS(nvidia_info_text(&info, &fixture_arena), "no files found");
}

TEST(info_without_a_driver_is_an_error)
{
	struct nv_settings settings = make_driver();
	struct nv_info info;

	settings.testing.sys_root = settings.testing.proc_root = fixture_path("none");
	settings.missing_driver_is_error = false;
	CHECK_INT(read_info(&settings, &info), -ENODEV);
	CHECK_HAS(err.text, "this host: no NVIDIA driver: looked at ");
	CHECK_HAS(err.text, "/none/module/nvidia/version and ");
	CHECK_HAS(err.text, "; load it with modprobe nvidia");
}

TEST(info_is_printed)
{
	struct nv_settings settings = make_driver();
	const struct value *document;
	struct nv_info info;
	char *text;

	settings.testing.fake_devices = true;
	CHECK_INT(read_info(&settings, &info), 0);
	VEC_PUSH(&info.problems, &fixture_arena, "too hot");
	text = nvidia_info_text(&info, &fixture_arena);
	CHECK_HAS(text, "Driver:        " FIXTURE_VERSION "\n");
	CHECK_HAS(text, "\n0           1           0000:06:00.0   H200");
	CHECK_HAS(text, "GPU-aaaa\n");
	CHECK_HAS(text, "excluded by the driver\n");
	CHECK_HAS(text, "\n/dev/nvidiactl ");
	CHECK_HAS(text, "\ncompute      1           0 ");
	CHECK_HAS(text, "\nproblem: too hot\n");
	text = nv_info_json(&info, &fixture_arena);
	CHECK_INT(json_read(text, strlen(text), "info", &fixture_arena, &document, &err), 0);
	CHECK_HAS(text, "\"/dev/nvidiactl\": \"present\"");
	CHECK_HAS(text, "\"reason\": \"excluded by the driver\"");
}

TEST_MAIN()
