/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/driver_files: firmware, files of graphics, sockets: which, from where, where to. */
#include "nvidia/driver_files.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "nvidia_fixture.h"

#define LIB	 "usr/lib/" NV_TRIPLET
#define V	 "." FIXTURE_VERSION
#define FIRMWARE "nvidia/" FIXTURE_VERSION "/gsp_ga10x.bin"

static struct err err;

/* Run the producer on the fixture; the container's root is <fixture>/root. */
static struct oci_edits run(const struct nv_settings *settings, unsigned int capabilities)
{
	const struct nv_request request = { .capabilities = capabilities };
	cleanup_close int root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct strings warnings = { 0 };
	struct oci_edits edits = { 0 };
	struct nv_driver driver;
	struct nv_job job = {
		.request = &request,
		.settings = settings,
		.driver = &driver,
		.root_fd = root_fd,
		.arena = &fixture_arena,
		.warnings = &warnings,
	};

	CHECK_INT(nv_driver_open(settings, FIXTURE_VERSION, &fixture_arena, &driver, &err), 0);
	CHECK_INT(nv_driver_files_add(&job, &edits, &err), 0);
	nv_driver_done(&driver);
	CHECK_INT(warnings.count, 0);
	return edits;
}

/* The source of what is mounted there, below the fixture; "" when nothing is. */
static const char *source_of(const struct oci_edits *edits, const char *destination)
{
	VEC_EACH(mount, &edits->mounts) {
		if (str_eq(mount->destination, destination))
			return str_after(mount->source, fixture_root);
	}
	return "";
}

static struct nv_settings make_driver(void)
{
	static const char *const trees[] = { "usr", "etc", "lib",  "run",   "tmp",
					     "opt", "sys", "root", "vulkan" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		fixture_remove(trees[i]);
	fixture_library(LIB, "libcuda", "libcuda.so.1");
	return fixture_settings();
}

static void make_socket(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture_path(name));

	CHECK(n > 0 && (size_t)n < sizeof(address.sun_path));
	CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

TEST(nothing_there)
{
	const struct nv_settings settings = make_driver();
	const struct oci_edits edits = run(&settings, NV_CAP_EVERY);

	CHECK_INT(edits.mounts.count + edits.links.count, 0);
}

TEST(firmware_is_for_all)
{
	const struct nv_settings settings = make_driver();
	struct oci_edits edits;

	fixture_file("lib/firmware/" FIRMWARE, "");
	fixture_file("lib/firmware/nvidia/" FIXTURE_VERSION "/gsp_tu10x.bin", "");
	fixture_file("lib/firmware/nvidia/" FIXTURE_VERSION "/other.bin", "");
	fixture_file("lib/firmware/nvidia/590.1/gsp_ga10x.bin", "");
	edits = run(&settings, 0);
	CHECK_INT(edits.mounts.count, 2);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/lib/firmware/" FIRMWARE);
	CHECK_INT(edits.mounts.items[0].source_type, S_IFREG);
	CHECK_STR(edits.mounts.items[0].options.items[1], "ro");
}

/* Each place wins over the ones before. */
TEST(firmware_search)
{
	struct nv_settings settings = make_driver();
	struct oci_edits edits;

	fixture_file(LIB "/../firmware/" FIRMWARE, "");
	edits = run(&settings, 0);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/usr/lib/firmware/" FIRMWARE);
	fixture_file("lib/firmware/" FIRMWARE, "");
	edits = run(&settings, 0);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/lib/firmware/" FIRMWARE);
	fixture_file("lib/firmware/updates/" FIRMWARE, "");
	edits = run(&settings, 0);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/lib/firmware/updates/" FIRMWARE);
	fixture_file("opt/kernel/" FIRMWARE, "");
	fixture_file("sys/module/firmware_class/parameters/path", "/opt/kernel\n");
	edits = run(&settings, 0);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/opt/kernel/" FIRMWARE);
	fixture_file("opt/ours/" FIRMWARE, "");
	VEC_PUSH(&settings.firmware_dirs, &fixture_arena, "/opt/ours");
	edits = run(&settings, 0);
	CHECK_STR(source_of(&edits, "/lib/firmware/" FIRMWARE), "/opt/ours/" FIRMWARE);
	CHECK_INT(edits.mounts.count, 1);
}

TEST(config_files)
{
	static const struct {
		const char *file, *destination;
		unsigned int capabilities;
	} rows[] = {
		{ "usr/share/glvnd/egl_vendor.d/10_nvidia.json",
		  "/usr/share/glvnd/egl_vendor.d/10_nvidia.json", NV_CAP_GRAPHICS },
		{ "etc/egl/egl_external_platform.d/15_nvidia_gbm.json",
		  "/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json", NV_CAP_DISPLAY },
		{ "usr/local/share/nvidia/nvoptix.bin", "/usr/share/nvidia/nvoptix.bin",
		  NV_CAP_GRAPHICS },
		{ "usr/share/X11/xorg.conf.d/10-nvidia.conf",
		  "/usr/share/X11/xorg.conf.d/10-nvidia.conf", NV_CAP_GRAPHICS },
		{ "usr/share/vulkan/icd.d/nvidia_icd.json", "/etc/vulkan/icd.d/nvidia_icd.json",
		  NV_CAP_GRAPHICS },
		{ "vulkan/icd.d/nvidia_icd.x86_64.json", "/etc/vulkan/icd.d/nvidia_icd.x86_64.json",
		  NV_CAP_GRAPHICS },
		{ LIB "/../share/vulkan/implicit_layer.d/nvidia_layers.json",
		  "/etc/vulkan/implicit_layer.d/nvidia_layers.json", NV_CAP_GRAPHICS },
		{ "etc/OpenCL/vendors/nvidia.icd", "/etc/OpenCL/vendors/nvidia.icd",
		  NV_CAP_COMPUTE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nv_settings settings = make_driver();
		struct oci_edits edits;

		fixture_file(rows[i].file, "");
		edits = run(&settings, rows[i].capabilities);
		CHECK_INT(edits.mounts.count, 1);
		CHECK_STR(edits.mounts.items[0].destination, rows[i].destination);
		edits = run(&settings, NV_CAP_UTILITY | NV_CAP_NGX | NV_CAP_COMPAT32);
		CHECK_INT(edits.mounts.count, 0);
	}
}

TEST(directories_of_the_settings_win)
{
	struct nv_settings settings = make_driver();
	struct oci_edits edits;

	fixture_file("etc/vulkan/icd.d/nvidia_icd.json", "");
	fixture_file("opt/one/vulkan/icd.d/nvidia_icd.json", "");
	VEC_PUSH(&settings.config_dirs, &fixture_arena, "/opt/none");
	VEC_PUSH(&settings.config_dirs, &fixture_arena, "/opt/one");
	edits = run(&settings, NV_CAP_GRAPHICS);
	CHECK_INT(edits.mounts.count, 1);
	CHECK_STR(source_of(&edits, "/etc/vulkan/icd.d/nvidia_icd.json"),
		  "/opt/one/vulkan/icd.d/nvidia_icd.json");
}

TEST(xorg_modules)
{
	static const char *const places[] = { LIB "/nvidia/xorg", "usr/lib/xorg/modules/extensions",
					      LIB "/xorg/modules/updates/extensions",
					      "usr/X11R6/lib64/modules/extensions" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct nv_settings settings = make_driver();
		struct oci_edits edits;

		fixture_library(places[i], "libglxserver_nvidia", NULL);
		edits = run(&settings, NV_CAP_DISPLAY);
		CHECK_STR(source_of(&edits,
				    "/usr/lib64/xorg/modules/extensions/libglxserver_nvidia.so" V),
			  arena_printf(&fixture_arena, "/%s/libglxserver_nvidia.so" V, places[i]));
		CHECK_INT(edits.links.count, 1);
		CHECK_STR(edits.links.items[0].path,
			  "/usr/lib64/xorg/modules/extensions/libglxserver_nvidia.so");
		CHECK_STR(edits.links.items[0].target, "libglxserver_nvidia.so" V);

		fixture_library_file(LIB "/nvidia/xorg/nvidia_drv.so", NULL);
		fixture_file("root/etc/debian_version", "12");
		edits = run(&settings, NV_CAP_GRAPHICS);
		CHECK_STR(source_of(&edits, "/usr/lib/xorg/modules/drivers/nvidia_drv.so"),
			  "/" LIB "/nvidia/xorg/nvidia_drv.so");
		CHECK_INT(run(&settings, NV_CAP_COMPUTE).mounts.count, 0);
	}
}

TEST(sockets)
{
	const struct nv_settings settings = make_driver();
	const struct oci_mount *mount;
	struct oci_edits edits;

	make_socket("run/nvidia-persistenced/socket");
	make_socket("var/run/nvidia-fabricmanager/socket");
	edits = run(&settings, NV_CAP_UTILITY);
	CHECK_INT(edits.mounts.count, 2);
	mount = &edits.mounts.items[0];
	CHECK_STR(mount->destination, "/run/nvidia-persistenced/socket");
	CHECK_INT(mount->source_type, S_IFSOCK);
	CHECK_INT(mount->options.count, 6);
	CHECK_STR(mount->options.items[1], "rw");
	CHECK_STR(mount->options.items[4], "noexec");
	CHECK_STR(edits.mounts.items[1].destination, "/var/run/nvidia-fabricmanager/socket");
	CHECK_INT(run(&settings, NV_CAP_COMPUTE | NV_CAP_GRAPHICS).mounts.count, 0);

	/* What is no socket, or a link to one. */
	fixture_remove("var");
	fixture_remove("run");
	fixture_file("run/nvidia-persistenced/socket", "");
	make_socket("opt/socket");
	fixture_link("run/nvidia-fabricmanager/socket", "/opt/socket");
	CHECK_INT(run(&settings, NV_CAP_UTILITY).mounts.count, 0);
}

TEST(mps_directory)
{
	const struct nv_settings settings = make_driver();
	struct oci_edits edits;

	fixture_path("tmp/nvidia-mps/");
	edits = run(&settings, NV_CAP_VIDEO);
	CHECK_INT(edits.mounts.count, 1);
	CHECK_STR(edits.mounts.items[0].destination, "/tmp/nvidia-mps");
	CHECK_INT(edits.mounts.items[0].source_type, S_IFDIR);
	CHECK_INT(run(&settings, NV_CAP_UTILITY).mounts.count, 0);
	if (geteuid() == 0) {
		CHECK_INT(chown(fixture_path("tmp/nvidia-mps"), 1000, 1000), 0);
		CHECK_INT(run(&settings, NV_CAP_COMPUTE).mounts.count, 0);
	}
	fixture_remove("tmp/nvidia-mps");
	fixture_link("tmp/nvidia-mps", "/etc");
	fixture_path("etc/");
	CHECK_INT(run(&settings, NV_CAP_COMPUTE).mounts.count, 0);
}

TEST_MAIN()
