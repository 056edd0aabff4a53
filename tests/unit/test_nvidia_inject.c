/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/inject: from request to edits, on a tiny fake driver. */
#include "nvidia/inject.h"

#include <sys/sysmacros.h>

#include "nvidia/driver.h"
#include "nvidia_fixture.h"

#define LIB "usr/lib/" NV_TRIPLET
#define V   "." FIXTURE_VERSION

static struct err err;

static int inject(const struct nv_settings *settings, const char *gpus, const char *capabilities,
		  struct nv_injection *ret)
{
	cleanup_close int root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct oci_config config = { 0 };
	struct nv_request request;

	*ret = (struct nv_injection){ 0 };
	err = (struct err){ 0 };
	if (capabilities)
		VEC_PUSH(&config.process.env, &fixture_arena,
			 arena_printf(&fixture_arena, "NVIDIA_DRIVER_CAPABILITIES=%s",
				      capabilities));
	CHECK_INT(nv_request_read(&config, gpus, settings, &fixture_arena, &request, &err), 0);
	return nv_inject(&request, settings, root_fd, &fixture_arena, ret, &err);
}

/* The words of a failure, which must leave nothing behind. */
static const char *refusal(const struct nv_settings *settings, const char *gpus)
{
	struct nv_injection result;

	CHECK(inject(settings, gpus, NULL, &result) < 0);
	CHECK_INT(result.edits.devices.count + result.edits.mounts.count +
			  result.edits.links.count + result.edits.env.count,
		  0);
	return err.text;
}

static void make_node(const char *name, unsigned int major, unsigned int minor)
{
	const char *path = fixture_path(arena_printf(&fixture_arena, "dev/%s", name));

	unlink(path);
	CHECK_INT(mknod(path, S_IFCHR | 0640, makedev(major, minor)), 0);
	CHECK_INT(chmod(path, 0640), 0);
}

/* Everything but the nodes. */
static void make_driver(void)
{
	static const char *const trees[] = { "usr", "proc", "sys", "dev", "etc", "opt", "root" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		fixture_remove(trees[i]);
	fixture_file("sys/module/nvidia/version", FIXTURE_VERSION "\n");
	fixture_gpu("0000:06:00.0", "GPU UUID: GPU-aaaa\nDevice Minor: 0\n");
	fixture_gpu("0000:07:00.0", "GPU UUID: GPU-bbbb\nDevice Minor: 2\n");
	fixture_file("proc/devices", "Character devices:\n  1 mem\n195 nvidia\n195 nvidiactl\n"
				     "511 nvidia-uvm\n\nBlock devices:\n510 nvidia-uvm\n");
	fixture_library(LIB, "libcuda", "libcuda.so.1");
	fixture_library(LIB, "libnvidia-ml", "libnvidia-ml.so.1");
	fixture_file("usr/bin/nvidia-smi", "#!/bin/sh\n");
	fixture_file("usr/bin/nvidia-cuda-mps-server", "#!/bin/sh\n");
	fixture_path("dev/");
}

static bool make_nodes(void)
{
	if (geteuid() != 0 ||
	    mknod(fixture_path("dev/nvidiactl"), S_IFCHR | 0666, makedev(195, 255)) < 0) {
		printf("# skip needs root\n");
		return false;
	}
	make_node("nvidia0", 195, 0);
	make_node("nvidia2", 195, 2);
	make_node("nvidia-uvm", 511, 0);
	make_node("nvidia-uvm-tools", 511, 1);
	return true;
}

static const char *device_names(const struct nv_injection *result)
{
	struct strbuf buf = { .arena = &fixture_arena };

	VEC_EACH(device, &result->edits.devices)
		strbuf_addf(&buf, "%s ", device->path);
	return strbuf_text(&buf);
}

static const char *mount_names(const struct nv_injection *result)
{
	struct strbuf buf = { .arena = &fixture_arena };

	VEC_EACH(mount, &result->edits.mounts)
		strbuf_addf(&buf, "%s ", strrchr(mount->destination, '/') + 1);
	return strbuf_text(&buf);
}

TEST(nothing_asked_nothing_done)
{
	const struct nv_settings settings = { .driver_root = "/nonexistent" };
	const struct nv_request request = { .kind = NV_NOTHING };
	struct nv_injection result = { 0 };

	CHECK_INT(nv_inject(&request, &settings, -EBADF, &fixture_arena, &result, &err), 0);
	CHECK_INT(result.edits.mounts.count, 0);
}

TEST(missing_driver)
{
	struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	fixture_remove("sys");
	CHECK_STR(
		refusal(&settings, "all"),
		arena_printf(&fixture_arena,
			     "--gpus all: no NVIDIA driver: looked at %s/module/nvidia/version and "
			     "%s/driver/nvidia/version; load it with modprobe nvidia",
			     settings.testing.sys_root, settings.testing.proc_root));
	settings.missing_driver_is_error = false;
	CHECK_INT(inject(&settings, "all", NULL, &result), 0);
	CHECK_INT(result.edits.env.count + result.edits.devices.count, 0);
	CHECK_INT(result.warnings.count, 1);
	CHECK_HAS(result.warnings.items[0], "no NVIDIA driver");
}

TEST(what_asked_is_dropped)
{
	struct nv_settings settings = fixture_settings();
	struct oci_config config = { 0 };
	struct nv_request request;
	struct nv_injection result;
	struct oci_mount *mount = VEC_ADD(&config.mounts, &fixture_arena);

	/* Also where the driver is missing: the hook would fail there. */
	fixture_remove("sys");
	fixture_remove("proc");
	settings.missing_driver_is_error = false;
	settings.accept_mounts = true;
	mount->source = "/dev/null";
	mount->destination = "/var/run/nvidia-container-devices/all";
	VEC_ADD(&config.hooks[OCI_HOOK_PRESTART], &fixture_arena)->path =
		"/usr/bin/nvidia-container-toolkit";
	CHECK_INT(nv_request_read(&config, NULL, &settings, &fixture_arena, &request, &err), 0);
	CHECK_INT(nv_inject(&request, &settings, -EBADF, &fixture_arena, &result, &err), 0);
	CHECK_INT(result.edits.dropped_mounts.count, 1);
	CHECK(strings_have(&result.edits.dropped_mounts, mount->destination));
	CHECK_INT(result.edits.dropped_hooks.count, 1);
	CHECK_STR(result.edits.dropped_hooks.items[0], "nvidia-container-toolkit");
}

TEST(unknown_gpu)
{
	const struct nv_settings settings = fixture_settings();

	make_driver();
	CHECK_STR(refusal(&settings, "7"), "--gpus 7: no such GPU (have 0: GPU-aaaa, 1: GPU-bbbb)");
}

TEST(version_from_procfs)
{
	static const char *const lines[] = {
		"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  " FIXTURE_VERSION
		"  Release Build  (b@h)\nGCC version: gcc 12.2.0\n",
		"NVRM version: NVIDIA UNIX x86_64 Kernel Module  " FIXTURE_VERSION
		"  Thu Feb 1 01:14:19 UTC 2024\n",
		"NVRM version: NVIDIA UNIX Kernel Module " FIXTURE_VERSION,
	};
	const struct nv_settings settings = fixture_settings();
	const char *version;

	make_driver();
	fixture_remove("sys");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		fixture_file("proc/driver/nvidia/version", lines[i]);
		CHECK_INT(nv_driver_version(&settings, &fixture_arena, &version, &err), 0);
		CHECK_STR(version, FIXTURE_VERSION);
	}
	fixture_file("proc/driver/nvidia/version", "Kernel Module ../x 580 58. .1 1..2\nGCC 1.2\n");
	CHECK_HAS(refusal(&settings, "all"), "driver/nvidia/version: no driver version in it");
	fixture_file("sys/module/nvidia/version", "../../etc\n");
	CHECK_HAS(refusal(&settings, "all"), "module/nvidia/version: no driver version in it");
}

TEST(driver_of_another_version)
{
	const struct nv_settings settings = fixture_settings();

	make_driver();
	fixture_file("sys/module/nvidia/version", "590.1\n");
	fixture_link(LIB "/libcuda.so.1", "libcuda.so" V);
	CHECK_STR(
		refusal(&settings, "all"),
		arena_printf(&fixture_arena,
			     "--gpus all: driver version mismatch: the kernel module is 590.1, the "
			     "library %s/" LIB "/libcuda.so" V " is " FIXTURE_VERSION
			     ": reload the module or reboot",
			     fixture_root));
}

TEST(no_libraries)
{
	const struct nv_settings settings = fixture_settings();

	make_driver();
	fixture_remove("usr");
	refusal(&settings, "all");
	CHECK_HAS(err.text,
		  "--gpus all: no libcuda.so" V " or libnvidia-ml.so" V " below driver root");
	CHECK_HAS(err.text, "looked in /usr/lib64, /usr/lib/" NV_TRIPLET ", ");
}

/* Directories of the settings win; the rest is searched only for what they lack. */
TEST(library_directories)
{
	struct nv_settings settings = fixture_settings();
	struct nv_driver driver;

	make_driver();
	fixture_library("opt/a", "libcuda", "libcuda.so.1");
	VEC_PUSH(&settings.library_dirs, &fixture_arena, "/opt/none");
	VEC_PUSH(&settings.library_dirs, &fixture_arena, "/opt/a");
	CHECK_INT(nv_driver_open(&settings, FIXTURE_VERSION, &fixture_arena, &driver, &err), 0);
	nv_driver_done(&driver);
	CHECK_STR(driver.root, fixture_root);
	CHECK_INT(driver.library_dirs.count, 2);
	CHECK_STR(driver.library_dirs.items[0], "/opt/a");
	CHECK_STR(driver.library_dirs.items[1], "/" LIB);
}

/* A cache of one entry that leads through a link to a directory nobody would guess. */
TEST(loader_cache)
{
	static const char strings[] = "libcuda.so.1\0/lib/libcuda.so.1";
	struct {
		char magic[20];
		uint32_t count, strings_len, rest[5];
		uint32_t flags, name, path, osversion;
		uint64_t hwcap;
		char strings[sizeof(strings)];
	} cache = { .count = 1, .name = 72, .path = 72 + sizeof("libcuda.so.1") };
	struct nv_settings settings = fixture_settings();
	struct nv_driver driver;

	make_driver();
	fixture_remove("usr");
	fixture_library("opt/odd", "libcuda", "libcuda.so.1");
	fixture_link("lib/libcuda.so.1", "/opt/odd/libcuda.so" V);
	memcpy(cache.magic, "glibc-ld.so.cache1.1", 20);
	memcpy(cache.strings, strings, sizeof(strings));
#if defined(__x86_64__)
	cache.flags = 0x0303;
#elif defined(__aarch64__)
	cache.flags = 0x0a03;
#elif defined(__powerpc64__)
	cache.flags = 0x0503;
#endif
	fixture_bytes("etc/ld.so.cache", &cache, sizeof(cache));
	CHECK_INT(nv_driver_open(&settings, FIXTURE_VERSION, &fixture_arena, &driver, &err), 0);
	nv_driver_done(&driver);
	CHECK_INT(driver.library_dirs.count, 1);
	CHECK_STR(driver.library_dirs.items[0], "/opt/odd");

	/* A broken one counts only when the settings name it. */
	fixture_file("etc/ld.so.cache", "junk");
	CHECK_HAS(refusal(&settings, "all"), "no libcuda.so" V);
	settings.ldcache = fixture_path("etc/ld.so.cache");
	CHECK_HAS(refusal(&settings, "all"), "etc/ld.so.cache: loader cache: neither");
	settings.ldcache = fixture_path("etc/none");
	CHECK_HAS(refusal(&settings, "all"), "etc/none: no such file");
	fixture_remove("lib");
}

TEST(driver_root_must_be_trusted)
{
	struct nv_settings settings = fixture_settings();

	make_driver();
	settings.driver_root = fixture_path("nowhere");
	CHECK_HAS(refusal(&settings, "all"), "driver root: open ");
	if (geteuid() != 0) {
		printf("# skip needs root\n");
		return;
	}
	settings.driver_root = fixture_root;
	CHECK_INT(chmod(fixture_root, 0770), 0);
	refusal(&settings, "all");
	CHECK_INT(chmod(fixture_root, 0700), 0);
	CHECK_HAS(err.text, "must be owned by root and writable by root alone");
}

TEST(missing_nodes_name_the_remedy)
{
	const struct nv_settings settings = fixture_settings();

	make_driver();
	CHECK_HAS(refusal(&settings, "all"), "--gpus all: no device node ");
	CHECK_HAS(err.text, "/dev/nvidiactl: run `nvidia-modprobe -c255` on the host");
	if (!make_nodes())
		return;
	fixture_remove("dev/nvidia2");
	CHECK_HAS(refusal(&settings, "1"), "/dev/nvidia2: run `nvidia-modprobe -c2`");
	fixture_remove("dev/nvidia-uvm");
	CHECK_HAS(refusal(&settings, "0"), "/dev/nvidia-uvm: run `nvidia-modprobe -c0 -u`");
}

TEST(a_file_is_no_node)
{
	struct nv_settings settings = fixture_settings();

	make_driver();
	settings.testing.fake_devices = true;
	fixture_file("dev/nvidiactl", "");
	CHECK_HAS(refusal(&settings, "all"), "dev/nvidiactl: not a character device");
	fixture_link("dev/nvidiactl", "/dev/null");
	CHECK_HAS(refusal(&settings, "all"), "dev/nvidiactl: not a character device");
}

TEST(wrong_numbers)
{
	struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	make_node("nvidia0", 1, 3);
	CHECK_HAS(refusal(&settings, "0"), "dev/nvidia0: expected device 195:0, found 1:3: remove "
					   "it and run `nvidia-modprobe -c0`");
	settings.testing.fake_devices = true;
	CHECK_INT(inject(&settings, "0", NULL, &result), 0);
	CHECK_INT(result.edits.devices.items[1].rdev, makedev(1, 3));
	settings.testing.fake_devices = false;
	fixture_file("proc/devices", "Character devices:\n195 nvidia-frontend\n");
	make_node("nvidia0", 195, 0);
	CHECK_HAS(refusal(&settings, "0"), "dev/nvidia-uvm: no character device `nvidia-uvm` in ");
}

TEST(all)
{
	const struct nv_settings settings = fixture_settings();
	const struct oci_device *device;
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	CHECK_INT(inject(&settings, "all", NULL, &result), 0);
	CHECK_STR(device_names(&result), "/dev/nvidiactl /dev/nvidia0 /dev/nvidia2 /dev/nvidia-uvm "
					 "/dev/nvidia-uvm-tools ");
	CHECK_STR(mount_names(&result),
		  "libnvidia-ml.so" V " libcuda.so" V " nvidia-smi nvidia-cuda-mps-server ");
	CHECK_INT(result.edits.env.count, 1);
	CHECK_STR(result.edits.env.items[0], "NVIDIA_VISIBLE_DEVICES=all");
	CHECK_INT(result.warnings.count, 0);
	CHECK(!result.edits.device_access);

	device = &result.edits.devices.items[2];
	CHECK_STR(device->host_path, fixture_path("dev/nvidia2"));
	CHECK_STR(device->origin, "nvidia /dev/nvidia2");
	CHECK_INT(device->type, 'c');
	CHECK_INT(device->rdev, makedev(195, 2));
	CHECK_INT(device->mode, 0640);
}

TEST(selections)
{
	const struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	CHECK_INT(inject(&settings, "GPU-bbbb", "utility", &result), 0);
	CHECK_STR(device_names(&result), "/dev/nvidiactl /dev/nvidia2 ");
	CHECK_STR(mount_names(&result), "libnvidia-ml.so" V " nvidia-smi ");
	CHECK_STR(result.edits.env.items[0], "NVIDIA_VISIBLE_DEVICES=GPU-bbbb");
	CHECK_INT(result.warnings.count, 0);

	CHECK_INT(inject(&settings, "count=2", "compute", &result), 0);
	CHECK_STR(result.edits.env.items[0], "NVIDIA_VISIBLE_DEVICES=0,1");
	CHECK_STR(mount_names(&result), "libcuda.so" V " nvidia-cuda-mps-server ");
}

TEST(none)
{
	const struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	CHECK_INT(inject(&settings, "none", NULL, &result), 0);
	CHECK_STR(device_names(&result), "/dev/nvidiactl /dev/nvidia-uvm /dev/nvidia-uvm-tools ");
	CHECK_STR(result.edits.env.items[0], "NVIDIA_VISIBLE_DEVICES=none");
	fixture_remove("dev/nvidia-uvm");
	fixture_remove("dev/nvidia-uvm-tools");
	CHECK_INT(inject(&settings, "none", NULL, &result), 0);
	CHECK_STR(device_names(&result), "/dev/nvidiactl ");
}

/* Beside the libraries first; what is not executable is no program. */
TEST(binaries)
{
	struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	fixture_remove(LIB);
	fixture_library("usr/local/nvidia/lib64", "libcuda", "libcuda.so.1");
	fixture_library("usr/local/nvidia/lib64", "libnvidia-ml", "libnvidia-ml.so.1");
	fixture_file("usr/local/nvidia/bin/nvidia-smi", "#!/bin/sh\n");
	CHECK_INT(inject(&settings, "0", NULL, &result), 0);
	CHECK_STR(mount_names(&result), "libnvidia-ml.so" V " libcuda.so" V " nvidia-smi ");
	CHECK_STR(result.edits.mounts.items[2].source,
		  fixture_path("usr/local/nvidia/bin/nvidia-smi"));
	CHECK_STR(result.edits.mounts.items[2].destination, "/usr/bin/nvidia-smi");

	CHECK_INT(chmod(fixture_path("usr/local/nvidia/bin/nvidia-smi"), 0644), 0);
	CHECK_INT(inject(&settings, "0", "utility", &result), 0);
	CHECK_STR(result.edits.mounts.items[1].source, fixture_path("usr/bin/nvidia-smi"));

	fixture_file("opt/one/nvidia-smi", "#!/bin/sh\n");
	fixture_file("opt/two/nvidia-smi", "#!/bin/sh\n");
	fixture_file("opt/two/nvidia-debugdump", "#!/bin/sh\n");
	VEC_PUSH(&settings.binary_dirs, &fixture_arena, "/opt/one");
	VEC_PUSH(&settings.binary_dirs, &fixture_arena, "/opt/two");
	CHECK_INT(inject(&settings, "0", "utility", &result), 0);
	CHECK_STR(mount_names(&result), "libnvidia-ml.so" V " nvidia-smi nvidia-debugdump ");
	CHECK_STR(result.edits.mounts.items[1].source, fixture_path("opt/one/nvidia-smi"));
}

TEST(nodes_of_a_device_root)
{
	struct nv_settings settings = fixture_settings();
	struct nv_injection result;

	make_driver();
	if (!make_nodes())
		return;
	settings.dev_root = fixture_root;
	CHECK_INT(inject(&settings, "0", NULL, &result), 0);
	settings.dev_root = fixture_path("opt/");
	CHECK_HAS(refusal(&settings, "0"), "opt//dev/nvidiactl: run");
	settings.dev_root = fixture_path("nowhere");
	CHECK_HAS(refusal(&settings, "0"), "device root: open ");
}

TEST_MAIN()
