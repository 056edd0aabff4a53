/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/libraries: which files, where to, which links. */
#include "nvidia/libraries.h"

#include "base/ldso_cache.h"
#include "nvidia_fixture.h"

#define LIB    "usr/lib/" NV_TRIPLET
#define V      "." FIXTURE_VERSION
#define INSIDE "/usr/lib64/"

static struct err err;

struct result {
	int code;
	struct oci_edits edits;
	struct strings warnings;
};

/* Run the producer on the fixture; the container's root is <fixture>/root. */
static struct result run_request(struct nv_request request)
{
	const struct nv_settings settings = fixture_settings();
	cleanup_close int root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct result result = { 0 };
	struct nv_driver driver;
	struct nv_job job = {
		.request = &request,
		.settings = &settings,
		.driver = &driver,
		.root_fd = root_fd,
		.arena = &fixture_arena,
		.warnings = &result.warnings,
	};

	CHECK_INT(nv_driver_open(&settings, FIXTURE_VERSION, &fixture_arena, &driver, &err), 0);
	result.code = nv_libraries_add(&job, &result.edits, &err);
	nv_driver_done(&driver);
	return result;
}

static struct result run(unsigned int capabilities)
{
	return run_request((struct nv_request){ .capabilities = capabilities });
}

/* Names of what is mounted, in order. */
static const char *names(const struct result *result)
{
	struct strbuf buf = { .arena = &fixture_arena };

	VEC_EACH(mount, &result->edits.mounts)
		strbuf_addf(&buf, "%s ", strrchr(mount->destination, '/') + 1);
	return strbuf_text(&buf);
}

static const struct oci_mount *mount_at(const struct result *result, const char *destination)
{
	VEC_EACH(mount, &result->edits.mounts) {
		if (str_eq(mount->destination, destination))
			return mount;
	}
	return NULL;
}

static const char *link_at(const struct result *result, const char *path)
{
	VEC_EACH(link, &result->edits.links) {
		if (str_eq(link->path, path))
			return link->target;
	}
	return "";
}

static void make_driver(void)
{
	fixture_remove("usr");
	fixture_remove("root");
	fixture_library(LIB, "libcuda", "libcuda.so.1");
	fixture_library(LIB, "libnvidia-ml", "libnvidia-ml.so.1");
	fixture_library(LIB, "libnvidia-nvvm", "libnvidia-nvvm.so.4");
	fixture_library(LIB, "libnvidia-gpucomp", NULL);
	fixture_library(LIB, "libnvidia-glcore", "libnvidia-glcore.so.1");
	fixture_link(LIB "/libnvidia-nvvm.so", "libnvidia-nvvm.so.4");
}

TEST(mounts)
{
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "rprivate" };
	const struct oci_mount *mount;
	struct result result;

	make_driver();
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.edits.mounts.count, 4);
	CHECK_INT(result.warnings.count, 0);
	mount = mount_at(&result, INSIDE "libcuda.so" V);
	CHECK(mount);
	CHECK_STR(mount->source, fixture_path(LIB "/libcuda.so" V));
	CHECK_STR(mount->origin, "nvidia libcuda.so.1");
	CHECK(!mount->type);
	CHECK_INT(mount->options.count, ARRAY_SIZE(options));
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		CHECK_STR(mount->options.items[i], options[i]);
}

TEST(links)
{
	struct result result;

	make_driver();
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_STR(link_at(&result, INSIDE "libcuda.so.1"), "libcuda.so" V);
	CHECK_STR(link_at(&result, INSIDE "libcuda.so"), "libcuda.so.1");
	CHECK_STR(link_at(&result, INSIDE "libnvidia-ml.so.1"), "libnvidia-ml.so" V);
	CHECK_STR(link_at(&result, INSIDE "libnvidia-ml.so"), "");
	CHECK_STR(link_at(&result, INSIDE "libnvidia-nvvm.so.4"), "libnvidia-nvvm.so" V);
	CHECK_STR(link_at(&result, INSIDE "libnvidia-nvvm.so"), "libnvidia-nvvm.so.4");
	CHECK_INT(result.edits.links.count, 5);
}

TEST(classes)
{
	struct result result;

	make_driver();
	result = run(NV_CAP_UTILITY);
	CHECK_INT(result.edits.mounts.count, 1);
	CHECK(mount_at(&result, INSIDE "libnvidia-ml.so" V));
	result = run(NV_CAP_COMPUTE);
	CHECK_INT(result.edits.mounts.count, 3);
	CHECK(!mount_at(&result, INSIDE "libnvidia-ml.so" V));
	result = run(0);
	CHECK_INT(result.edits.mounts.count, 0);
}

TEST(missing_main_library_warns)
{
	struct result result;

	make_driver();
	unlink(fixture_path(LIB "/libcuda.so" V));
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.warnings.count, 1);
	CHECK_HAS(result.warnings.items[0], "no libcuda.so." FIXTURE_VERSION);
	result = run(NV_CAP_UTILITY);
	CHECK_INT(result.warnings.count, 0);
}

TEST(damaged_library_is_named)
{
	struct result result;

	make_driver();
	fixture_file(LIB "/libnvidia-gpucomp.so" V, "");
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_INT(result.code, -ENOEXEC);
	CHECK_HAS(err.text, LIB "/libnvidia-gpucomp.so" V ": no ELF library");
}

TEST(what_is_no_file_is_skipped)
{
	struct result result;

	make_driver();
	unlink(fixture_path(LIB "/libnvidia-gpucomp.so" V));
	CHECK_INT(mkfifo(fixture_path(LIB "/libnvidia-gpucomp.so" V), 0600), 0);
	fixture_path(LIB "/libnvidia-cfg.so" V "/");
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.edits.mounts.count, 3);
}

TEST(link_is_resolved_inside_the_driver_root)
{
	const struct oci_mount *mount;
	struct result result;

	make_driver();
	fixture_library("store", "libnvidia-cfg", "libnvidia-cfg.so.1");
	fixture_link(LIB "/libnvidia-cfg.so" V, "/../../store/libnvidia-cfg.so" V);
	fixture_link(LIB "/libnvidia-nscq.so" V, "/etc/passwd");
	result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
	CHECK_INT(result.code, 0);
	mount = mount_at(&result, INSIDE "libnvidia-cfg.so" V);
	CHECK(mount);
	CHECK_STR(mount->source, fixture_path("store/libnvidia-cfg.so" V));
	CHECK(!mount_at(&result, INSIDE "libnvidia-nscq.so" V));
}

/* One row per library of the book, and the capabilities that bring it. */
TEST(every_library_of_each_capability)
{
	static const unsigned int graphics = NV_CAP_GRAPHICS | NV_CAP_DISPLAY;
	static const unsigned int cuda = NV_CAP_COMPUTE | NV_CAP_VIDEO;
	static const struct {
		const char *name;
		unsigned int capabilities;
	} rows[] = {
		{ "libnvidia-ml", NV_CAP_UTILITY },
		{ "libnvidia-cfg", NV_CAP_UTILITY },
		{ "libnvidia-nscq", NV_CAP_UTILITY },
		{ "libcuda", cuda },
		{ "libcudadebugger", cuda },
		{ "libnvidia-opencl", cuda },
		{ "libnvidia-gpucomp", cuda | graphics },
		{ "libnvidia-ptxjitcompiler", cuda },
		{ "libnvidia-fatbinaryloader", cuda },
		{ "libnvidia-allocator", cuda | graphics },
		{ "libnvidia-compiler", cuda },
		{ "libnvidia-pkcs11", cuda },
		{ "libnvidia-pkcs11-openssl3", cuda },
		{ "libnvidia-nvvm", cuda },
		{ "libnvidia-tileiras", cuda },
		{ "libvdpau_nvidia", NV_CAP_VIDEO },
		{ "libnvidia-encode", NV_CAP_VIDEO },
		{ "libnvidia-opticalflow", NV_CAP_VIDEO },
		{ "libnvcuvid", NV_CAP_VIDEO },
		{ "libnvidia-eglcore", graphics },
		{ "libnvidia-glcore", graphics },
		{ "libnvidia-tls", graphics },
		{ "libnvidia-glsi", graphics },
		{ "libnvidia-fbc", graphics },
		{ "libnvidia-ifr", graphics },
		{ "libnvidia-rtcore", graphics },
		{ "libnvoptix", graphics },
		{ "libGLX_nvidia", graphics },
		{ "libEGL_nvidia", graphics },
		{ "libGLESv2_nvidia", graphics },
		{ "libGLESv1_CM_nvidia", graphics },
		{ "libnvidia-glvkspirv", graphics },
		{ "libnvidia-cbl", graphics },
		{ "libnvidia-ngx", NV_CAP_NGX },
	};
	struct result result;

	fixture_remove("usr");
	fixture_remove("root");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fixture_library(LIB, rows[i].name,
				arena_printf(&fixture_arena, "%s.so.1", rows[i].name));
	for (unsigned int capability = 1; capability < NV_CAP_COMPAT32; capability <<= 1) {
		size_t expected = 0;

		result = run(capability);
		CHECK_INT(result.code, 0);
		CHECK_INT(result.warnings.count, 0);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const char *path =
				arena_printf(&fixture_arena, INSIDE "%s.so" V, rows[i].name);
			bool wanted = rows[i].capabilities & capability;

			CHECK_INT(mount_at(&result, path) != NULL, wanted);
			expected += wanted;
		}
		CHECK_INT(result.edits.mounts.count, expected);
	}
}

TEST(own_versions)
{
	struct result result;

	make_driver();
	fixture_library_file(LIB "/libnvidia-nvvm70.so.4", "libnvidia-nvvm70.so.4");
	fixture_library_file(LIB "/libnvidia-egl-gbm.so.1.1.2", "libnvidia-egl-gbm.so.1");
	fixture_library_file(LIB "/libnvidia-egl-gbm.so.1.1.10", "libnvidia-egl-gbm.so.1");
	fixture_link(LIB "/libnvidia-egl-gbm.so.1", "libnvidia-egl-gbm.so.1.1.2");
	fixture_file(LIB "/libnvidia-egl-gbm.so.1.bak", "");
	result = run(NV_CAP_COMPUTE);
	CHECK(mount_at(&result, INSIDE "libnvidia-nvvm70.so.4"));
	CHECK_STR(link_at(&result, INSIDE "libnvidia-nvvm70.so.4"), "");
	result = run(NV_CAP_GRAPHICS);
	CHECK_STR(names(&result), "libnvidia-gpucomp.so" V " libnvidia-glcore.so" V
				  " libnvidia-egl-gbm.so.1.1.10 libnvidia-egl-gbm.so.1.1.2 ");
	CHECK_STR(link_at(&result, INSIDE "libnvidia-egl-gbm.so.1"), "libnvidia-egl-gbm.so.1.1.10");
}

/* What no row names counts as compute; never what lies below the directory. */
TEST(libraries_of_newer_drivers)
{
	struct result result;

	make_driver();
	fixture_library(LIB, "libnvidia-tomorrow", "libnvidia-tomorrow.so.1");
	fixture_library(LIB, "libglxserver_nvidia", NULL);
	fixture_library(LIB "/glibc", "libc", "libc.so.6");
	fixture_file(LIB "/libtext.so" V, "no library");
	result = run(NV_CAP_COMPUTE);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.edits.mounts.count, 4);
	CHECK(mount_at(&result, INSIDE "libnvidia-tomorrow.so" V));
	CHECK_STR(link_at(&result, INSIDE "libnvidia-tomorrow.so.1"), "libnvidia-tomorrow.so" V);
	result = run(NV_CAP_EVERY & ~NV_CAP_COMPUTE & ~NV_CAP_COMPAT32);
	CHECK(!mount_at(&result, INSIDE "libnvidia-tomorrow.so" V));
}

TEST(sub_directories)
{
	struct result result;

	make_driver();
	fixture_library(LIB "/vdpau", "libvdpau_nvidia", "libvdpau_nvidia.so.1");
	fixture_library(LIB "/tls", "libnvidia-tls", NULL);
	fixture_library(LIB, "libnvidia-tls", NULL);
	result = run(NV_CAP_VIDEO | NV_CAP_GRAPHICS);
	CHECK_STR(mount_at(&result, INSIDE "libvdpau_nvidia.so" V)->source,
		  fixture_path(LIB "/vdpau/libvdpau_nvidia.so" V));
	CHECK_STR(mount_at(&result, INSIDE "libnvidia-tls.so" V)->source,
		  fixture_path(LIB "/tls/libnvidia-tls.so" V));
	CHECK_INT(result.edits.mounts.count, 6);
}

/* Debian: the main libraries in a directory of their own, others beside all libraries. */
TEST(driver_spread_over_directories)
{
	struct result result;

	fixture_remove("usr");
	fixture_remove("lib");
	fixture_library(LIB "/nvidia/current", "libcuda", "libcuda.so.1");
	fixture_library(LIB, "libnvidia-glcore", NULL);
	fixture_library(LIB, "libnvidia-tomorrow", NULL);
	fixture_library_file(LIB "/libnvidia-egl-gbm.so.1.1.2", "libnvidia-egl-gbm.so.1");
	fixture_link("lib/" NV_TRIPLET, "/" LIB);
	result = run(NV_CAP_COMPUTE | NV_CAP_GRAPHICS);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.warnings.count, 0);
	CHECK_STR(names(&result),
		  "libcuda.so" V " libnvidia-glcore.so" V " libnvidia-egl-gbm.so.1.1.2 ");
	fixture_remove("lib");
}

/* What lies elsewhere belongs to somebody else. */
TEST(driver_in_a_directory_of_its_own)
{
	struct result result;

	fixture_remove("usr");
	fixture_library("usr/local/nvidia/lib64", "libcuda", "libcuda.so.1");
	fixture_library("usr/local/nvidia/lib64", "libnvidia-ml", "libnvidia-ml.so.1");
	fixture_library(LIB, "libnvidia-glcore", NULL);
	result = run(NV_CAP_COMPUTE | NV_CAP_GRAPHICS);
	CHECK_INT(result.code, 0);
	CHECK_STR(names(&result), "libcuda.so" V " ");
	fixture_remove("usr");
}

/* A libGL of the driver itself; glvnd's is the image's business. */
TEST(drivers_without_glvnd)
{
	struct fixture_elf elf = fixture_elf("libGL.so.1");
	struct result result;

	make_driver();
	memcpy(elf.strings + 16, "libnvidia-glcore.so" V, sizeof("libnvidia-glcore.so" V));
	elf.entries[3] = (Elf64_Dyn){ DT_NEEDED, { 16 } };
	fixture_bytes(LIB "/libGL.so" V, &elf, sizeof(elf));
	fixture_library(LIB, "libEGL", "libEGL.so.1");
	result = run(NV_CAP_GRAPHICS);
	CHECK(mount_at(&result, INSIDE "libGL.so" V));
	CHECK_STR(link_at(&result, INSIDE "libGL.so.1"), "libGL.so" V);
	CHECK(!mount_at(&result, INSIDE "libEGL.so" V));
	result = run(NV_CAP_COMPUTE);
	CHECK(!mount_at(&result, INSIDE "libGL.so" V));
	CHECK(!mount_at(&result, INSIDE "libEGL.so" V));
}

TEST(further_links)
{
	struct result result;

	make_driver();
	fixture_library(LIB, "libGLX_nvidia", "libGLX_nvidia.so.0");
	fixture_library(LIB, "libnvidia-allocator", "libnvidia-allocator.so.1");
	fixture_library(LIB, "libnvidia-opticalflow", "libnvidia-opticalflow.so.1");
	fixture_library(LIB, "libnvidia-vulkan-producer", "libnvidia-vulkan-producer.so");
	result = run(NV_CAP_GRAPHICS | NV_CAP_VIDEO);
	CHECK_STR(link_at(&result, INSIDE "libGLX_indirect.so.0"), "libGLX_nvidia.so" V);
	CHECK_STR(link_at(&result, INSIDE "gbm/nvidia-drm_gbm.so"), "../libnvidia-allocator.so.1");
	CHECK_STR(link_at(&result, INSIDE "libnvidia-opticalflow.so"),
		  "libnvidia-opticalflow.so.1");
	/* Its SONAME is the name without version: not a link to itself. */
	CHECK_STR(link_at(&result, INSIDE "libnvidia-vulkan-producer.so"),
		  "libnvidia-vulkan-producer.so" V);
	result = run(NV_CAP_COMPUTE);
	CHECK(mount_at(&result, INSIDE "libnvidia-allocator.so" V));
	CHECK_STR(link_at(&result, INSIDE "gbm/nvidia-drm_gbm.so"), "");
}

#define LIB32 "usr/lib/" NV_TRIPLET32

TEST(compat32)
{
	struct result result;

	make_driver();
	result = run(NV_CAP_COMPUTE | NV_CAP_COMPAT32);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.edits.mounts.count, 3);
	CHECK_INT(result.warnings.count, 1);
	CHECK_HAS(result.warnings.items[0], "no 32-bit library of version " FIXTURE_VERSION);
	result = run_request((struct nv_request){ .capabilities = NV_CAP_COMPUTE | NV_CAP_COMPAT32,
						  .implied = NV_CAP_COMPAT32 });
	CHECK_INT(result.warnings.count, 0);

	/* Without the main ones: what games need. */
	fixture_library32(LIB32, "libGLX_nvidia", "libGLX_nvidia.so.0");
	result = run(NV_CAP_GRAPHICS | NV_CAP_COMPAT32);
	CHECK_INT(result.warnings.count, 0);
	CHECK(mount_at(&result, "/usr/lib32/libGLX_nvidia.so" V));

	fixture_library32(LIB32, "libcuda", "libcuda.so.1");
	fixture_library32(LIB32, "libnvcuvid", "libnvcuvid.so.1");
	/* Of the wrong kind, there and here. */
	fixture_library(LIB32, "libnvidia-opencl", "libnvidia-opencl.so.1");
	fixture_library32(LIB, "libcudadebugger", "libcudadebugger.so.1");
	result = run(NV_CAP_COMPUTE | NV_CAP_COMPAT32);
	CHECK_INT(result.code, 0);
	CHECK_INT(result.warnings.count, 0);
	CHECK_INT(result.edits.mounts.count, 4);
	CHECK(mount_at(&result, "/usr/lib32/libcuda.so" V));
	CHECK_STR(link_at(&result, "/usr/lib32/libcuda.so.1"), "libcuda.so" V);
	result = run(NV_CAP_COMPUTE);
	CHECK_INT(result.edits.mounts.count, 3);
}

/* A directory of 32-bit libraries does not count for 64-bit programs. */
TEST(directory_of_the_other_kind)
{
	struct result result;

	make_driver();
	fixture_library32("usr/lib64", "libcuda", "libcuda.so.1");
	fixture_library32("usr/lib64", "libnvidia-ml", "libnvidia-ml.so.1");
	result = run(NV_CAP_COMPUTE);
	CHECK_STR(mount_at(&result, INSIDE "libcuda.so" V)->source,
		  fixture_path(LIB "/libcuda.so" V));
}

TEST(destination_by_c_library)
{
	cleanup_close int root_fd = -EBADF;

	fixture_remove("root");
	root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_STR(nv_library_destination(root_fd), "/usr/lib64");
	fixture_file("root" LDSO_MUSL_LOADER, "");
	CHECK_STR(nv_library_destination(root_fd), "/usr/lib");
	fixture_file("root/lib64/libc.so.6", "");
	CHECK_STR(nv_library_destination(root_fd), "/usr/lib64");
	fixture_remove("root/lib64/libc.so.6");
	fixture_file("root/usr/lib64/libc.so.6", "");
	CHECK_STR(nv_library_destination(root_fd), "/usr/lib64");
	fixture_file("root/etc/debian_version", "");
	CHECK_STR(nv_library_destination(root_fd), "/usr/lib/" NV_TRIPLET);
	fixture_remove("root");
}

TEST(destination32)
{
	cleanup_close int root_fd = -EBADF;

	fixture_remove("root");
	root_fd = open(fixture_path("root/"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib32");
	fixture_path("root/usr/lib/");
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib");
	fixture_path("root/usr/lib64/");
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib");
	fixture_remove("root/usr/lib64");
	fixture_link("root/usr/lib64", "/usr/lib");
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib32");
	fixture_remove("root/usr/lib64");
	fixture_path("root/usr/lib32/");
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib32");
	fixture_file("root/etc/debian_version", "");
	CHECK_STR(nv_library_destination32(root_fd), "/usr/lib/" NV_TRIPLET32);
	fixture_remove("root");
}

TEST(rest_of_another_version)
{
	struct result result;

	make_driver();
	unlink(fixture_path(LIB "/libcuda.so" V));
	fixture_library_file(LIB "/libcuda.so.590.1", "libcuda.so.1");
	fixture_link(LIB "/libcuda.so.1", "libcuda.so.590.1");
	result = run(NV_CAP_COMPUTE);
	CHECK_INT(result.code, -ENOENT);
	CHECK_HAS(err.text, "driver version mismatch: the kernel module is " FIXTURE_VERSION);
	CHECK_HAS(err.text, "libcuda.so.590.1 is 590.1");
	result = run(NV_CAP_UTILITY);
	CHECK_INT(result.code, 0);
}

/* Each mark of Debian's layout alone is enough; others get /usr/lib64. */
TEST(destination)
{
	static const char *const marks[] = { "root/etc/debian_version",
					     "root/usr/lib/" NV_TRIPLET "/x",
					     "root/lib/" NV_TRIPLET "/x" };

	make_driver();
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		struct result result;

		fixture_remove("root");
		fixture_file(marks[i], "");
		result = run(NV_CAP_UTILITY | NV_CAP_COMPUTE);
		CHECK(mount_at(&result, "/usr/lib/" NV_TRIPLET "/libcuda.so" V));
		CHECK_STR(link_at(&result, "/usr/lib/" NV_TRIPLET "/libcuda.so"), "libcuda.so.1");
	}
}

TEST_MAIN()
