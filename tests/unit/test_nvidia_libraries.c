/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/libraries: which files, where to, which links. */
#include "nvidia/libraries.h"

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
static struct result run(unsigned int capabilities)
{
	const struct nv_settings settings = fixture_settings();
	const struct nv_request request = { .capabilities = capabilities };
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
