/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/mig: which instances there are, which a request means, and what opens them. */
#include "nvidia/mig.h"

#include <sys/sysmacros.h>

#include "nvidia/devices.h"
#include "nvidia/procfs.h"
#include "nvidia_fixture.h"

#define TREE   "proc/driver/nvidia/capabilities/gpu2/mig/"
#define MINORS "proc/driver/nvidia-caps/mig-minors"

static struct err err;

static void add_gpu(const char *bus_id, const char *uuid, unsigned int minor)
{
	fixture_gpu(bus_id,
		    arena_printf(&fixture_arena, "GPU UUID: %s\nDevice Minor: %u\n", uuid, minor));
}

static void add_access(const char *instance, unsigned int minor)
{
	fixture_file(arena_printf(&fixture_arena, TREE "%s/access", instance),
		     arena_printf(&fixture_arena,
				  "DeviceFileMinor: %u\nDeviceFileMode: 292\nDeviceFileModify: 1\n",
				  minor));
}

/* GPU 1, minor 2, has instances; of those ids that are not in the order of their names. */
static struct nv_gpus usual_gpus(void)
{
	fixture_remove("proc");
	fixture_remove("dev");
	fixture_file("proc/devices", "Character devices:\n195 nvidia\n510 nvidia-caps\n");
	add_gpu("0000:06:00.0", "GPU-aaaa", 0);
	add_gpu("0000:07:00.0", "GPU-bbbb", 2);
	fixture_path("proc/driver/nvidia/capabilities/gpu0/mig/");
	add_access("gi10", 363);
	add_access("gi10/ci0", 364);
	add_access("gi2", 291);
	add_access("gi2/ci1", 293);
	add_access("gi2/ci0", 292);
	/* Without a compute instance. */
	add_access("gi5", 318);
	return fixture_gpus();
}

TEST(instances_in_order_of_their_ids)
{
	static const unsigned int ids[][2] = { { 2, 0 }, { 2, 1 }, { 10, 0 } };
	struct nv_gpus gpus = usual_gpus();

	CHECK_INT(gpus.items[0].mig.count, 0);
	CHECK_INT(gpus.items[1].mig.count, ARRAY_SIZE(ids));
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		CHECK_INT(gpus.items[1].mig.items[i].number, i);
		CHECK_INT(gpus.items[1].mig.items[i].gi, ids[i][0]);
		CHECK_INT(gpus.items[1].mig.items[i].ci, ids[i][1]);
	}
	fixture_file(TREE "gi-1/x", "");
	fixture_file(TREE "gix", "");
	CHECK_INT(fixture_gpus().items[1].mig.count, ARRAY_SIZE(ids));
}

TEST(what_cannot_be_listed_is_an_error)
{
	struct nv_gpus gpus;

	usual_gpus();
	fixture_remove(TREE "gi2");
	fixture_file(TREE "gi2", "");
	CHECK_INT(nv_inventory_read(fixture_path("proc"), &fixture_arena, &gpus, &err), -ENOTDIR);
	CHECK_HAS(err.text, "gpu2/mig/gi2: not a directory");
}

TEST(names)
{
	static const struct {
		const char *id;
		bool is_name;
	} rows[] = {
		{ "0:1", true },
		{ "12:34", true },
		{ "MIG-GPU-aa-bb/1/0", true },
		{ "MIG-12ab-cd", true },
		{ "0", false },
		{ "0:", false },
		{ ":0", false },
		{ "0:1:2", false },
		{ "0: 1", false },
		{ "0:-1", false },
		{ "0/1", false },
		{ "0:1234567890", false },
		{ "01:00.0", false },
		{ "GPU-aa", false },
		{ "MIG-", false },
		{ "MIG-x", false },
		{ "MIG-aa/1/0", false },
		{ "MIG-GPU-aa/1", false },
		{ "MIG-GPU-aa/1/", false },
		{ "MIG-GPU-aa/1:0", false },
		{ "MIG-GPU-aa/1/0/0", false },
		{ "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		printf("# %s\n", rows[i].id);
		CHECK_INT(nv_mig_is_name(rows[i].id), rows[i].is_name);
	}
}

/* What is selected: `1(0 2)` is two MIG devices of GPU 1, `+` the whole GPU; or the error. */
static const char *selection(const struct nv_gpus *all, int kind, const char *ids)
{
	struct nv_request request = { .kind = kind, .count = 2, .source = "--gpus ", .text = ids };
	struct strbuf buf = { .arena = &fixture_arena };
	struct nv_gpus gpus;

	request.ids = str_split(&fixture_arena, ids, ',', false);
	if (nv_inventory_select(all, &request, &fixture_arena, &gpus, &err) < 0)
		return err.text;
	VEC_EACH(gpu, &gpus) {
		strbuf_addf(&buf, "%u%s(", gpu->index, gpu->only_mig ? "" : "+");
		VEC_EACH(mig, &gpu->mig)
			strbuf_addf(&buf, " %u", mig->number);
		strbuf_adds(&buf, ") ");
	}
	return strbuf_text(&buf);
}

TEST(selected)
{
	struct nv_gpus gpus = usual_gpus();

	CHECK_STR(selection(&gpus, NV_LIST, "1:1"), "1( 1) ");
	CHECK_STR(selection(&gpus, NV_LIST, "1:2,0,1:0,1:2"), "0+() 1( 0 2) ");
	CHECK_STR(selection(&gpus, NV_LIST, "MIG-GPU-BBBB/10/0"), "1( 2) ");
	CHECK_STR(selection(&gpus, NV_LIST, "1,MIG-GPU-bbbb/2/1"), "1+( 1) ");
	/* Of the GPU alone nothing is known but its node. */
	CHECK_STR(selection(&gpus, NV_LIST, "1"), "1+() ");
	CHECK_STR(selection(&gpus, NV_COUNT, ""), "0+() 1+() ");
	CHECK_STR(selection(&gpus, NV_ALL, ""), "0+() 1+( 0 1 2) ");
	CHECK_STR(selection(&gpus, NV_NO_GPU, ""), "");
}

TEST(unknown_ones_are_errors_that_list_the_others)
{
	static const char *const have = "(have 1:0 = gi2/ci0, 1:1 = gi2/ci1, 1:2 = gi10/ci0)";
	struct nv_gpus gpus = usual_gpus();

	CHECK_STR(selection(&gpus, NV_LIST, "1:3"),
		  arena_printf(&fixture_arena, "--gpus 1:3: no such MIG device %s", have));
	CHECK_INT(err.code, ENODEV);
	CHECK_HAS(selection(&gpus, NV_LIST, "2:0"), "no such MIG device");
	CHECK_HAS(selection(&gpus, NV_LIST, "MIG-GPU-bbbb/5/0"), "no such MIG device");
	CHECK_HAS(selection(&gpus, NV_LIST, "MIG-GPU-bbb/2/0"), "no such MIG device");
	CHECK_STR(selection(&gpus, NV_LIST, "0:0"),
		  arena_printf(&fixture_arena, "--gpus 0:0: GPU 0 has no MIG devices %s", have));
	/* Nobody asked NVML. */
	CHECK_STR(selection(&gpus, NV_LIST, "MIG-bbbb"),
		  arena_printf(&fixture_arena, "--gpus MIG-bbbb: no such MIG device %s", have));
	gpus.count = 1;
	CHECK_HAS(selection(&gpus, NV_LIST, "0:0"), "GPU 0 has no MIG devices (have none)");
}

TEST(selected_by_uuid)
{
	struct nv_gpus gpus = usual_gpus();
	struct nv_migs *mig = &gpus.items[1].mig;

	mig->items[0].uuid = "MIG-12345678-aa";
	mig->items[2].uuid = "MIG-12345679-bb";
	CHECK_STR(selection(&gpus, NV_LIST, "MIG-12345678-AA"), "1( 0) ");
	CHECK_STR(selection(&gpus, NV_LIST, "MIG-12345679,1:1"), "1( 1 2) ");
	CHECK_HAS(selection(&gpus, NV_LIST, "MIG-1234567"),
		  "more than one MIG device starts so (have 1:0 = gi2/ci0 = MIG-12345678-aa, "
		  "1:1 = gi2/ci1, 1:2 = gi10/ci0 = MIG-12345679-bb)");
	CHECK_HAS(selection(&gpus, NV_LIST, "MIG-12345678-aaa"), "no such MIG device");
}

TEST(only_a_uuid_needs_nvml)
{
	static const struct {
		const char *ids;
		bool needs;
	} rows[] = {
		{ "0,GPU-aa,1:0,MIG-GPU-bbbb/2/0", false },
		{ "0,MIG-12345678", true },
		{ "MIG-12345678-aa", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nv_request request = {
			.kind = NV_LIST,
			.ids = str_split(&fixture_arena, rows[i].ids, ',', false),
		};

		CHECK_INT(nv_mig_needs_nvml(&request), rows[i].needs);
	}
}

TEST(a_parent_whose_uuid_nobody_has_read)
{
	struct nv_request request = { .kind = NV_LIST };
	struct nv_gpus gpus;

	usual_gpus();
	add_gpu("0000:07:00.0", "GPU-????", 2);
	gpus = fixture_gpus();
	VEC_PUSH(&request.ids, &fixture_arena, "MIG-GPU-bbbb/2/0");
	CHECK(nv_inventory_may_miss(&gpus, &request));
	CHECK_HAS(selection(&gpus, NV_LIST, "MIG-GPU-bbbb/2/0"), "no such MIG device");
}

struct result {
	int code;
	struct oci_edits edits;
};

/* Nodes and files of what @ids select; the host's nodes are those of the fixture. */
static struct result produce(const char *ids)
{
	struct nv_request request = { .kind = NV_LIST, .capabilities = NV_CAP_UTILITY };
	const struct nv_settings settings = fixture_settings();
	struct nv_driver driver = { .dev_root = fixture_root };
	struct nv_gpus all = fixture_gpus(), gpus;
	struct result result = { 0 };
	const struct nv_job job = {
		.request = &request,
		.settings = &settings,
		.driver = &driver,
		.gpus = &gpus,
		.arena = &fixture_arena,
	};

	request.ids = str_split(&fixture_arena, ids, ',', false);
	CHECK_INT(nv_inventory_select(&all, &request, &fixture_arena, &gpus, &err), 0);
	driver.dev_root_fd = open(fixture_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	result.code = nv_procfs_add(&job, &result.edits, &err);
	if (result.code == 0)
		result.code = nv_devices_add(&job, &result.edits, &err);
	fd_close(driver.dev_root_fd);
	return result;
}

/* Without the driver's own nodes there is an error, but later. */
static bool make_node(const char *name, unsigned int major, unsigned int minor)
{
	const char *path = fixture_path(arena_printf(&fixture_arena, "dev/%s", name));

	unlink(path);
	return mknod(path, S_IFCHR | 0640, makedev(major, minor)) == 0;
}

TEST(access_files_are_copied)
{
	static const char *const names[] = {
		"capabilities/gpu2/mig/gi2/access",
		"capabilities/gpu2/mig/gi2/ci1/access",
		"capabilities/gpu2/mig/gi10/access",
		"capabilities/gpu2/mig/gi10/ci0/access",
	};
	struct result result;

	usual_gpus();
	result = produce("1:1,1:2");
	CHECK_INT(result.edits.tmpfs.items[0].files.count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_STR(result.edits.tmpfs.items[0].files.items[i].name, names[i]);
		CHECK_INT(result.edits.tmpfs.items[0].files.items[i].mode, 0444);
	}
	CHECK_STR(result.edits.tmpfs.items[0].files.items[1].text,
		  "DeviceFileMinor: 293\nDeviceFileMode: 292\nDeviceFileModify: 1\n");
	CHECK_INT(result.edits.tmpfs.items[0].binds.count, 1);
	CHECK_INT(produce("1").edits.tmpfs.items[0].files.count, 0);
}

static const char *nodes(const struct oci_edits *edits)
{
	struct strbuf buf = { .arena = &fixture_arena };

	VEC_EACH(device, &edits->devices)
		strbuf_addf(&buf, "%s %u:%u %o %s\n", device->path, major(device->rdev),
			    minor(device->rdev), device->mode, device->reason);
	return strbuf_text(&buf);
}

TEST(device_nodes)
{
	struct result result;

	usual_gpus();
	if (geteuid() != 0 || !make_node("nvidiactl", 195, 255)) {
		printf("# skip needs root\n");
		return;
	}
	CHECK(make_node("nvidia2", 195, 2));
	CHECK(make_node("nvidia-caps/nvidia-cap292", 510, 292));
	result = produce("1:0,1:1");
	CHECK_INT(result.code, 0);
	/* That of the host is as it is, those that it lacks as the driver says. */
	CHECK_STR(nodes(&result.edits),
		  "/dev/nvidiactl 195:255 640 every container with the driver\n"
		  "/dev/nvidia2 195:2 640 GPU 1 (GPU-bbbb)\n"
		  "/dev/nvidia-caps/nvidia-cap291 510:291 444 MIG device 1:0, 1:1\n"
		  "/dev/nvidia-caps/nvidia-cap292 510:292 640 MIG device 1:0\n"
		  "/dev/nvidia-caps/nvidia-cap293 510:293 444 MIG device 1:1\n");
	CHECK_STR(result.edits.devices.items[2].host_path,
		  fixture_path("dev/nvidia-caps/nvidia-cap291"));
	CHECK_HAS(result.edits.devices.items[2].remedy, "nvidia-modprobe -f ");
	CHECK_HAS(result.edits.devices.items[2].remedy, "/capabilities/gpu2/mig/gi2/access");

	CHECK(make_node("nvidia-caps/nvidia-cap292", 510, 291));
	CHECK_INT(produce("1:0").code, -ENODEV);
	CHECK_HAS(err.text, "nvidia-cap292: expected device 510:292, found 510:291");
	/* A driver without capabilities as devices. */
	fixture_remove("dev/nvidia-caps");
	fixture_file("proc/devices", "Character devices:\n195 nvidia\n");
	CHECK_INT(produce("1:0").code, -ENODEV);
	CHECK_HAS(err.text, "no character device `nvidia-caps` in ");
}

TEST(minors_are_checked)
{
	static const struct {
		const char *minors;
		bool fits;
	} rows[] = {
		{ "config 1\ngpu2/gi2/access 291\ngpu2/gi2/ci0/access 292\n", true },
		{ "config 1\nmonitor 2\n", true },
		{ "", true },
		{ "gpu2/gi2/access x\n", true },
		{ "gpu22/gi2/access 7\nxgpu2/gi2/access 7\n", true },
		{ "gpu2/gi2/access 290\n", false },
		{ "gpu2/gi2/access 291\ngpu2/gi2/ci0/access 2920", false },
	};

	usual_gpus();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fixture_file(MINORS, rows[i].minors);
		err = (struct err){ 0 };
		(void)produce("1:0");
		CHECK_INT(!strstr(err.text, " says minor "), rows[i].fits);
	}
	CHECK_HAS(err.text, "gi2/ci0/access says minor 292, and ");
	CHECK_HAS(err.text, "mig-minors 2920");
}

TEST(access_files_that_say_little)
{
	static const char *const texts[] = {
		"",
		"DeviceFileMinor: 291\n",
		"DeviceFileMode: 292\n",
		"DeviceFileMinor: x\nDeviceFileMode: 292\n",
		"DeviceFileMinor: -1\nDeviceFileMode: 292\n",
		"DeviceFileMinor: 1048576\nDeviceFileMode: 292\n",
		"DeviceFileMinor:\n291\nDeviceFileMode: 292\n",
		"NoDeviceFileMinor: 291\nDeviceFileMode: 292\n",
	};

	usual_gpus();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fixture_file(TREE "gi2/access", texts[i]);
		CHECK_INT(produce("1:0").code, -EINVAL);
		CHECK_HAS(err.text, "gi2/access: expected lines `DeviceFileMinor:`");
	}
	fixture_remove(TREE "gi2/access");
	CHECK_INT(produce("1:0").code, -ENOENT);
	CHECK_HAS(err.text, "gi2/access: no such file");
}

TEST_MAIN()
