/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz the readers of the driver's files in procfs and sysfs: the same bytes in each of them. */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "nvidia/devices.h"
#include "nvidia/mig.h"
#include "nvidia/procfs.h"

#define BUS "/driver/nvidia/gpus/0000:06:00.0"

/* A MIG device of the GPU, where its minor is 0. */
#define CAPABILITIES "/driver/nvidia/capabilities"
#define MIG	     CAPABILITIES "/gpu0/mig"
#define MINORS	     "/driver/nvidia-caps"

static const char *const dirs[] = {
	"/driver", "/driver/nvidia", "/driver/nvidia/gpus",
	BUS,	   CAPABILITIES,     CAPABILITIES "/gpu0",
	MIG,	   MIG "/gi1",	     MIG "/gi1/ci0",
	MINORS,
};
static const char *const files[] = {
	BUS "/information", "/driver/nvidia/version", "/driver/nvidia/params", "/devices",
	MIG "/gi1/access",  MIG "/gi1/ci0/access",    MINORS "/mig-minors",
};

static char root[64];

__attribute__((constructor)) static void make_root(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];

	snprintf(root, sizeof(root), "%s/nvcrun-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(root))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", root, dirs[i]);
		if (mkdir(path, 0755) < 0)
			abort();
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((destructor)) static void remove_root(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_files(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_close int fd = -EBADF;
		char path[256];

		snprintf(path, sizeof(path), "%s%s", root, files[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || fd_write_all(fd, data, size) < 0)
			abort();
	}
}

/* It becomes part of file names. */
static void check_version(const char *version)
{
	if (!*version || version[strspn(version, "0123456789.")] || strstr(version, ".."))
		abort();
}

/* Whatever the line was, the driver inside is told to make no nodes. */
static void check_params(const struct oci_edits *edits)
{
	VEC_EACH(file, &edits->tmpfs.items[0].files) {
		const char *at = file->text;

		while (str_eq(file->name, "params") && (at = strstr(at, "\nModifyDeviceFiles:"))) {
			if (!str_has_prefix(at, "\nModifyDeviceFiles: 0"))
				abort();
			at++;
		}
	}
}

/* Only the files of an instance can be wrong, and then for both. */
static void add_edits(const struct nv_job *job, struct oci_edits *edits)
{
	struct nv_mig_accesses accesses = { 0 };
	struct err err = { 0 };
	int r = nv_mig_accesses(job, &accesses, &err);

	if (r < 0 && !strstr(err.text, "access"))
		abort();
	VEC_EACH(access, &accesses) {
		if (access->minor >= 1U << 20 || access->mode > 0777)
			abort();
	}
	/* A GPU whose minor is too large for a device number is found out by its node. */
	if (nv_devices_add(job, edits, &err) != r || nv_procfs_add(job, edits, &err) != r)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nv_settings settings = nv_settings_default();
	const struct nv_request request = { .kind = NV_ALL, .capabilities = NV_CAP_EVERY };
	struct nv_driver driver = { .dev_root_fd = -EBADF, .dev_root = "" };
	struct nv_gpus gpus = { 0 };
	struct arena arena = { 0 };
	struct oci_edits edits = { 0 };
	struct err err = { 0 };
	const char *version;
	struct nv_job job = {
		.request = &request,
		.settings = &settings,
		.driver = &driver,
		.gpus = &gpus,
		.arena = &arena,
	};

	write_files(data, size);
	settings.testing.proc_root = settings.testing.sys_root = root;
	settings.testing.fake_devices = true;
	driver.dev_root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (nv_driver_version(&settings, &arena, &version, &err) == 0)
		check_version(version);
	if (nv_inventory_read(root, &arena, &gpus, &err) < 0 || gpus.count > 1)
		abort();
	add_edits(&job, &edits);
	check_params(&edits);
	fd_close(driver.dev_root_fd);
	arena_done(&arena);
	return 0;
}
