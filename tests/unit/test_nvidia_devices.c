/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/devices: which nodes a capability brings; without real nodes (fake-devices) but where root is needed. */
#include "nvidia/devices.h"

#include <sys/sysmacros.h>

#include "nvidia_fixture.h"

static struct err err;
static struct nv_gpu gpu_items[] = {
	{ .bus_id = "00000000:c6:00.0", .bus_number = 0xc60000, .minor = 2, .index = 0 },
};
static const struct nv_gpus gpus = { gpu_items, 1, 1 };

struct result {
	int code;
	struct oci_edits edits;
};

static struct result run(unsigned int capabilities, bool fake)
{
	const struct nv_request request = { .kind = NV_ALL, .capabilities = capabilities };
	struct nv_settings settings = fixture_settings();
	struct nv_driver driver = { .dev_root = fixture_root };
	struct nv_job job = {
		.request = &request,
		.settings = &settings,
		.driver = &driver,
		.gpus = &gpus,
		.arena = &fixture_arena,
	};
	struct result result = { 0 };

	settings.testing.fake_devices = fake;
	err = (struct err){ 0 };
	driver.dev_root_fd = open(fixture_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	result.code = nv_devices_add(&job, &result.edits, &err);
	fd_close(driver.dev_root_fd);
	return result;
}

static const char *names(const struct result *result)
{
	struct strbuf buf = { .arena = &fixture_arena };

	VEC_EACH(device, &result->edits.devices)
		strbuf_addf(&buf, "%s=%u:%u ", device->path + strlen("/dev/"), major(device->rdev),
			    minor(device->rdev));
	return strbuf_text(&buf);
}

static void make_host(void)
{
	fixture_remove("dev");
	fixture_remove("sys");
	fixture_file("proc/devices", "Character devices:\n195 nvidia\n195 nvidia-modeset\n"
				     "226 drm\n511 nvidia-uvm\n");
}

static void make_drm(void)
{
	fixture_file("sys/bus/pci/devices/0000:c6:00.0/drm/card1/dev", "226:1\n");
	fixture_file("sys/bus/pci/devices/0000:c6:00.0/drm/renderD129/dev", "226:129\n");
	/* Not nodes: an output of the card, and what has no numbers. */
	fixture_file("sys/bus/pci/devices/0000:c6:00.0/drm/card1-DP-1/dev", "226:9\n");
	fixture_path("sys/bus/pci/devices/0000:c6:00.0/drm/card7/");
	fixture_file("sys/bus/pci/devices/0000:07:00.0/drm/card0/dev", "226:0\n");
}

TEST(capabilities)
{
	static const struct {
		unsigned int capability;
		const char *names;
	} rows[] = {
		{ NV_CAP_UTILITY, "" },
		{ NV_CAP_NGX, "" },
		{ NV_CAP_COMPAT32, "" },
		{ NV_CAP_COMPUTE, "nvidia-uvm=511:0 nvidia-uvm-tools=511:1 " },
		{ NV_CAP_VIDEO, "nvidia-uvm=511:0 nvidia-uvm-tools=511:1 " },
		{ NV_CAP_GRAPHICS, "dri/card1=226:1 dri/renderD129=226:129 " },
		{ NV_CAP_DISPLAY,
		  "nvidia-modeset=195:254 dri/card1=226:1 dri/renderD129=226:129 " },
	};

	make_host();
	make_drm();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct result result = run(rows[i].capability, true);

		CHECK_INT(result.code, 0);
		CHECK_STR(names(&result),
			  arena_printf(&fixture_arena, "nvidiactl=195:255 nvidia2=195:2 %s",
				       rows[i].names));
	}
}

TEST(links_by_path)
{
	static const char *const links[][2] = {
		{ "/dev/dri/by-path/pci-0000:c6:00.0-card", "../card1" },
		{ "/dev/dri/by-path/pci-0000:c6:00.0-render", "../renderD129" },
	};
	struct result result;

	make_host();
	CHECK_INT(run(NV_CAP_GRAPHICS, true).edits.links.count, 0);
	make_drm();
	result = run(NV_CAP_GRAPHICS, true);
	CHECK_INT(result.edits.links.count, ARRAY_SIZE(links));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		CHECK_STR(result.edits.links.items[i].path, links[i][0]);
		CHECK_STR(result.edits.links.items[i].target, links[i][1]);
	}
}

static void make_node(const char *name, unsigned int major, unsigned int minor)
{
	const char *path = fixture_path(arena_printf(&fixture_arena, "dev/%s", name));

	unlink(path);
	CHECK_INT(mknod(path, S_IFCHR | 0660, makedev(major, minor)), 0);
}

/* What graphics and display bring may be missing, not be something else. */
TEST(optional_nodes)
{
	struct result result;

	make_host();
	make_drm();
	if (geteuid() != 0 ||
	    mknod(fixture_path("dev/nvidiactl"), S_IFCHR | 0666, makedev(195, 255)) < 0) {
		printf("# skip needs root\n");
		return;
	}
	make_node("nvidia2", 195, 2);
	result = run(NV_CAP_DISPLAY, false);
	CHECK_INT(result.code, 0);
	CHECK_STR(names(&result), "nvidiactl=195:255 nvidia2=195:2 ");
	CHECK_INT(result.edits.links.count, 0);
	make_node("dri/card1", 226, 1);
	make_node("nvidia-modeset", 195, 254);
	result = run(NV_CAP_DISPLAY, false);
	CHECK_STR(names(&result),
		  "nvidiactl=195:255 nvidia2=195:2 nvidia-modeset=195:254 dri/card1=226:1 ");
	CHECK_INT(result.edits.links.count, 1);

	make_node("dri/card1", 226, 0);
	CHECK(run(NV_CAP_DISPLAY, false).code < 0);
	CHECK_HAS(err.text, "dev/dri/card1: expected device 226:1, found 226:0");
	make_node("dri/card1", 226, 1);
	make_node("nvidia-modeset", 1, 3);
	CHECK(run(NV_CAP_DISPLAY, false).code < 0);
	CHECK_HAS(err.text, "dev/nvidia-modeset: expected device 195:254, found 1:3");
	CHECK_INT(run(NV_CAP_GRAPHICS, false).code, 0);
}

TEST_MAIN()
