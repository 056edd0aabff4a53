/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml-probe: the GPUs and MIG devices that NVML knows, as JSON on stdout. A program of its own, because NVML is a large
 * foreign library, which opens devices and may hang: it gets no rights, and nvcrun a deadline.
 *
 *	nvml-probe LIBRARY	absolute path of libnvidia-ml.so.<version>
 *
 * { "gpus": [ … ] }, for each GPU: bus (PCI bus id), uuid, mig: [ … ], for each MIG device: gi, ci (ids of both
 * instances), uuid. A GPU that NVML cannot open is left out, and so is a MIG device whose node we may not open.
 *
 * NVML's types and functions are declared here, as its header is no part of the driver: "NVML API Reference", the
 * chapters Initialization and Cleanup, Device Queries, Multi Instance GPU Management.
 */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/json.h"
#include "base/proc.h"

#define UUID_SIZE 96 /* NVML_DEVICE_UUID_V2_BUFFER_SIZE */
#define NOBODY	  65534

typedef struct nvml_device *nvml_device;

/* nvmlPciInfo_t of nvmlDeviceGetPciInfo_v3 */
struct nvml_pci_info {
	char legacy_bus_id[16];
	unsigned int domain;
	unsigned int bus;
	unsigned int device;
	unsigned int device_id;
	unsigned int subsystem_id;
	char bus_id[32];
};

/* nvmlReturn_t is 0 for success. */
static struct {
	int (*init)(void);
	int (*shutdown)(void);
	const char *(*error_string)(int result);
	int (*device_count)(unsigned int *ret);
	int (*device)(unsigned int index, nvml_device *ret);
	int (*pci_info)(nvml_device device, struct nvml_pci_info *ret);
	int (*uuid)(nvml_device device, char *buf, unsigned int size);
	/* Drivers before 450 lack the others. */
	int (*mig_count)(nvml_device gpu, unsigned int *ret);
	int (*mig)(nvml_device gpu, unsigned int index, nvml_device *ret);
	int (*gi)(nvml_device mig, unsigned int *ret);
	int (*ci)(nvml_device mig, unsigned int *ret);
} nvml;

static const struct {
	const char *name;
	void *function; /* in nvml */
	bool is_optional;
} symbols[] = {
	{ "nvmlInit_v2", &nvml.init, false },
	{ "nvmlShutdown", &nvml.shutdown, false },
	{ "nvmlErrorString", &nvml.error_string, false },
	{ "nvmlDeviceGetCount_v2", &nvml.device_count, false },
	{ "nvmlDeviceGetHandleByIndex_v2", &nvml.device, false },
	{ "nvmlDeviceGetPciInfo_v3", &nvml.pci_info, false },
	{ "nvmlDeviceGetUUID", &nvml.uuid, false },
	{ "nvmlDeviceGetMaxMigDeviceCount", &nvml.mig_count, true },
	{ "nvmlDeviceGetMigDeviceHandleByIndex", &nvml.mig, true },
	{ "nvmlDeviceGetGpuInstanceId", &nvml.gi, true },
	{ "nvmlDeviceGetComputeInstanceId", &nvml.ci, true },
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return -1;
}

/* dlopen(3) names the library in its errors. */
static int load(const char *library)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return fail("dlopen", dlerror());
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (!symbol && !symbols[i].is_optional)
			return fail(library, dlerror());
		memcpy(symbols[i].function, &symbol, sizeof(symbol));
	}
	return 0;
}

/*
 * From root to nobody, whose group is that of the driver's nodes: where these are not for everybody (module parameters
 * NVreg_DeviceFileGID and -Mode) it is their group's members who use GPUs.
 */
static int leave_root(void)
{
	struct stat st;
	gid_t group = NOBODY;

	/* What the driver has no use for; a kernel or container that does not allow it is no error. */
	(void)unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
	if (stat("/dev/nvidiactl", &st) == 0 && st.st_gid != 0)
		group = st.st_gid;
	if (setgroups(1, &group) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0)
		return -1;
	return setresuid(NOBODY, NOBODY, NOBODY);
}

/* Before any code of the driver runs. */
static int drop_rights(void)
{
	static const struct rlimit none = { 0, 0 };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct empty[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* Root of a user namespace is a user without rights outside, and may have no other ids. */
	if ((proc_is_real_root() && leave_root() < 0) || syscall(SYS_capset, &header, empty) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return fail("drop privileges", strerror(errno));
	return 0;
}

static void write_migs(struct json_writer *w, nvml_device gpu)
{
	unsigned int count = 0, gi, ci;
	char uuid[UUID_SIZE];
	nvml_device mig;

	if (!nvml.mig_count || !nvml.mig || !nvml.gi || !nvml.ci || nvml.mig_count(gpu, &count))
		return;
	for (unsigned int i = 0; i < count; i++) {
		/* Indices have gaps. */
		if (nvml.mig(gpu, i, &mig) || nvml.gi(mig, &gi) || nvml.ci(mig, &ci) ||
		    nvml.uuid(mig, uuid, sizeof(uuid)))
			continue;
		json_object(w, NULL);
		json_uint(w, "gi", gi);
		json_uint(w, "ci", ci);
		json_string(w, "uuid", uuid);
		json_end_object(w);
	}
}

static void write_gpu(struct json_writer *w, unsigned int index)
{
	struct nvml_pci_info pci;
	char uuid[UUID_SIZE];
	nvml_device gpu;

	if (nvml.device(index, &gpu) || nvml.pci_info(gpu, &pci) ||
	    nvml.uuid(gpu, uuid, sizeof(uuid)))
		return;
	json_object(w, NULL);
	json_string(w, "bus", pci.bus_id);
	json_string(w, "uuid", uuid);
	json_array(w, "mig");
	write_migs(w, gpu);
	json_end_array(w);
	json_end_object(w);
}

static int print_gpus(void)
{
	cleanup_json_writer struct json_writer w;
	struct arena arena = { 0 };
	unsigned int count;
	int r;

	r = nvml.device_count(&count);
	if (r)
		return fail("nvmlDeviceGetCount_v2", nvml.error_string(r));
	json_writer_init(&w, NULL);
	json_object(&w, NULL);
	json_array(&w, "gpus");
	for (unsigned int i = 0; i < count; i++)
		write_gpu(&w, i);
	json_end_array(&w);
	json_end_object(&w);
	if (puts(json_writer_text(&w, &arena, NULL)) == EOF || fflush(stdout) == EOF)
		r = fail("write", strerror(errno));
	arena_done(&arena);
	return r;
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: nvml-probe LIBRARY\n");
		return EXIT_FAILURE;
	}
	if (drop_rights() < 0 || load(argv[1]) < 0)
		return EXIT_FAILURE;
	r = nvml.init();
	if (r) {
		fail("nvmlInit_v2", nvml.error_string(r));
		return EXIT_FAILURE;
	}
	r = print_gpus();
	nvml.shutdown();
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
