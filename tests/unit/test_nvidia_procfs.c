/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/procfs: what a container is shown of /proc/driver/nvidia. */
#include "nvidia/procfs.h"

#include "nvidia/inject.h"
#include "nvidia_fixture.h"

static struct err err;

static const char *const params = "ResmanDebugLevel: 4294967295\n"
				  "RmLogonRC: 1\n"
				  "ModifyDeviceFiles: 1\n"
				  "DeviceFileUID: 1\n";

static void make_proc(void)
{
	fixture_remove("proc");
	fixture_file("proc/driver/nvidia/params", params);
	fixture_file("proc/driver/nvidia/version", "NVRM version\n");
	fixture_file("proc/driver/nvidia/registry", "Binary: \"\"\n");
}

static int produce(struct nv_gpus *gpus, struct oci_edits *ret)
{
	const struct nv_settings settings = fixture_settings();
	const struct nv_job job = { .settings = &settings, .gpus = gpus, .arena = &fixture_arena };

	*ret = (struct oci_edits){ 0 };
	return nv_procfs_add(&job, ret, &err);
}

static const char *text_of(const struct oci_edits *edits, const char *name)
{
	VEC_EACH(file, &edits->tmpfs.items[0].files) {
		if (str_eq(file->name, name))
			return file->text;
	}
	return NULL;
}

TEST(files_are_copied)
{
	struct nv_gpus none = { 0 };
	struct oci_edits edits;

	make_proc();
	CHECK_INT(produce(&none, &edits), 0);
	CHECK_INT(edits.tmpfs.count, 1);
	CHECK_STR(edits.tmpfs.items[0].dest, "/proc/driver/nvidia");
	CHECK_INT(edits.tmpfs.items[0].mode, 0555);
	CHECK_INT(edits.tmpfs.items[0].files.count, 3);
	CHECK_INT(edits.tmpfs.items[0].files.items[0].mode, 0444);
	CHECK_STR(text_of(&edits, "version"), "NVRM version\n");
	CHECK_STR(text_of(&edits, "registry"), "Binary: \"\"\n");
	CHECK_INT(edits.tmpfs.items[0].binds.count, 0);
}

TEST(the_driver_inside_makes_no_nodes)
{
	static const char *const texts[][2] = {
		{ "ModifyDeviceFiles: 1\n", "ModifyDeviceFiles: 0\n" },
		{ "ModifyDeviceFiles: 0\nB: 1\n", "ModifyDeviceFiles: 0\nB: 1\n" },
		{ "A: 1\nModifyDeviceFiles: 4294967295", "A: 1\nModifyDeviceFiles: 0" },
		{ "NoModifyDeviceFiles: 1\n", "NoModifyDeviceFiles: 1\n" },
		{ "\n\nA: \"ModifyDeviceFiles: 1\"\n", "\n\nA: \"ModifyDeviceFiles: 1\"\n" },
		{ "", "" },
	};
	struct nv_gpus none = { 0 };
	struct oci_edits edits;

	make_proc();
	CHECK_INT(produce(&none, &edits), 0);
	CHECK_STR(text_of(&edits, "params"), "ResmanDebugLevel: 4294967295\n"
					     "RmLogonRC: 1\n"
					     "ModifyDeviceFiles: 0\n"
					     "DeviceFileUID: 1\n");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fixture_file("proc/driver/nvidia/params", texts[i][0]);
		CHECK_INT(produce(&none, &edits), 0);
		CHECK_STR(text_of(&edits, "params"), texts[i][1]);
	}
}

TEST(the_selected_gpus_are_shown)
{
	struct nv_gpu items[] = { { .bus_id = "0000:06:00.0" }, { .bus_id = "00000001:08:00.0" } };
	struct nv_gpus gpus = { .items = items, .count = 2 };
	struct oci_edits edits;

	make_proc();
	CHECK_INT(produce(&gpus, &edits), 0);
	CHECK_INT(edits.tmpfs.items[0].binds.count, 2);
	CHECK_STR(edits.tmpfs.items[0].binds.items[0].name, "gpus/0000:06:00.0");
	CHECK_STR(edits.tmpfs.items[0].binds.items[0].source,
		  arena_printf(&fixture_arena, "%s/driver/nvidia/gpus/0000:06:00.0",
			       fixture_path("proc")));
	CHECK_STR(edits.tmpfs.items[0].binds.items[1].name, "gpus/00000001:08:00.0");
}

TEST(missing_files_are_left_out)
{
	struct nv_gpus none = { 0 };
	struct oci_edits edits;

	make_proc();
	fixture_remove("proc/driver/nvidia/registry");
	CHECK_INT(produce(&none, &edits), 0);
	CHECK_INT(edits.tmpfs.items[0].files.count, 2);
	CHECK(!text_of(&edits, "registry"));
	fixture_remove("proc/driver/nvidia");
	CHECK_INT(produce(&none, &edits), 0);
	CHECK_INT(edits.tmpfs.count, 1);
	CHECK_INT(edits.tmpfs.items[0].files.count, 0);
}

TEST(what_cannot_be_read_is_an_error)
{
	struct nv_gpus none = { 0 };
	struct oci_edits edits;

	make_proc();
	fixture_remove("proc/driver/nvidia/registry");
	fixture_path("proc/driver/nvidia/registry/");
	CHECK_INT(produce(&none, &edits), -EISDIR);
	CHECK_STR(err.text,
		  arena_printf(&fixture_arena, "read %s/driver/nvidia/registry: is a directory",
			       fixture_path("proc")));
}

static size_t hidden(const struct nv_settings *settings)
{
	const struct nv_request request = { .kind = NV_NOTHING };
	struct nv_injection injection;
	struct oci_edits edits;

	CHECK_INT(nv_inject(&request, settings, -EBADF, &fixture_arena, &injection, &err), 0);
	edits = injection.edits;
	CHECK_INT(edits.devices.count + edits.mounts.count + edits.links.count + edits.env.count,
		  0);
	VEC_EACH(tmpfs, &edits.tmpfs) {
		CHECK_STR(tmpfs->dest, "/proc/driver/nvidia");
		CHECK_INT(tmpfs->files.count + tmpfs->binds.count, 0);
	}
	return edits.tmpfs.count;
}

TEST(without_a_request_all_is_hidden)
{
	struct nv_settings settings = fixture_settings();

	make_proc();
	settings.protect_proc_driver = true;
	CHECK_INT(hidden(&settings), 1);
	settings.protect_proc_driver = false;
	CHECK_INT(hidden(&settings), 0);
	settings.protect_proc_driver = true;
	fixture_remove("proc/driver/nvidia");
	CHECK_INT(hidden(&settings), 0);
}

TEST_MAIN()
