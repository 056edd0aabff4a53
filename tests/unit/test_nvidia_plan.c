/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/plan, cli/nvidia_plan_text: a plan as JSON and as text. */
#include "nvidia/plan.h"

#include <sys/sysmacros.h>

#include "base/json.h"
#include "cli/nvidia_plan_text.h"
#include "nvidia/capabilities.h"
#include "test.h"

static struct arena arena;

/* One of everything. */
static struct nv_plan whole_plan(void)
{
	static const struct nv_gpu gpu = {
		.bus_id = "0000:07:00.0", .uuid = "GPU-aa", .minor = 2, .index = 1
	};
	static const struct oci_device device = {
		.path = "/dev/nvidia2",
		.host_path = "/run/driver/dev/nvidia2",
		.type = 'c',
		.mode = 0640,
		.gid = 44,
		.reason = "GPU 1 (GPU-aa)",
	};
	static const struct oci_mount mount = {
		.source = "/opt/lib/libcuda.so.1.2",
		.destination = "/usr/lib64/libcuda.so.1.2",
		.reason = "capability compute",
	};
	static const struct oci_link link = { .path = "/usr/lib64/libcuda.so.1",
					      .target = "libcuda.so.1.2",
					      .reason = "SONAME" };
	static const struct oci_tmpfs_file file = { .name = "params",
						    .mode = 0444,
						    .text = "ModifyDeviceFiles: 0\n" };
	static const struct oci_tmpfs_bind bind = { .name = "gpus/0000:07:00.0",
						    .source = "/proc/driver/nvidia/gpus/x" };
	struct nv_plan plan = {
		.request = { .kind = NV_LIST,
			     .capabilities = NV_CAP_COMPUTE | NV_CAP_UTILITY,
			     .source = "--gpus ",
			     .text = "1" },
		.settings.file = "/etc/nvcrun/config.toml",
		.injection = { .driver_version = "1.2", .driver_root = "" },
	};
	struct oci_tmpfs cover = { .dest = "/proc/driver/nvidia", .mode = 0555, .reason = "own" };
	struct oci_edits *edits = &plan.injection.edits;
	const struct ldso_library library = { .name = "libcuda.so.1",
					      .path = "/usr/lib64/libcuda.so.1",
					      .flags = LDSO_FLAGS_OWN };

	edits->loader_cache.reason = "stubs";
	VEC_PUSH(&edits->loader_cache.libraries, &arena, library);
	VEC_PUSH(&plan.request.ids, &arena, "1");
	VEC_PUSH(&plan.injection.library_dirs, &arena, "/opt/lib");
	VEC_PUSH(&plan.injection.gpus, &arena, gpu);
	VEC_PUSH(&edits->env, &arena, "NVIDIA_VISIBLE_DEVICES=1");
	VEC_PUSH(&edits->devices, &arena, device);
	edits->devices.items[0].rdev = makedev(195, 2);
	VEC_PUSH(&edits->mounts, &arena, mount);
	VEC_PUSH(&edits->mounts.items[0].options, &arena, "bind");
	VEC_PUSH(&edits->mounts.items[0].options, &arena, "ro");
	VEC_PUSH(&edits->links, &arena, link);
	VEC_PUSH(&cover.files, &arena, file);
	VEC_PUSH(&cover.binds, &arena, bind);
	VEC_PUSH(&edits->tmpfs, &arena, cover);
	VEC_PUSH(&edits->dropped_mounts, &arena, NV_MOUNTS_DIR "/1");
	VEC_PUSH(&plan.dropped_hooks, &arena, "/usr/bin/nvidia-container-runtime-hook");
	VEC_PUSH(&plan.warnings, &arena, "look out");
	return plan;
}

TEST(plan_json_has_everything)
{
	const struct nv_plan plan = whole_plan();

	CHECK_STR(nv_plan_json(&plan, &arena),
		  "{\n"
		  "\t\"mode\": \"native\",\n"
		  "\t\"settings\": \"/etc/nvcrun/config.toml\",\n"
		  "\t\"request\": "
		  "{\"kind\":\"list\",\"source\":\"--gpus\",\"text\":\"1\",\"ids\":[\"1\"],"
		  "\"capabilities\":[\"compute\",\"utility\"]},\n"
		  "\t\"driver\": "
		  "{\"version\":\"1.2\",\"root\":\"/\",\"libraryDirs\":[\"/opt/lib\"]},\n"
		  "\t\"gpus\": [\n"
		  "\t\t{\"index\":1,\"uuid\":\"GPU-aa\",\"busId\":\"0000:07:00.0\",\"minor\":2}\n"
		  "\t],\n"
		  "\t\"env\": [\n\t\t\"NVIDIA_VISIBLE_DEVICES=1\"\n\t],\n"
		  "\t\"devices\": [\n"
		  "\t\t{\"path\":\"/dev/nvidia2\",\"hostPath\":\"/run/driver/dev/nvidia2\","
		  "\"type\":\"c\",\"major\":195,\"minor\":2,\"mode\":\"0640\",\"uid\":0,\"gid\":44,"
		  "\"reason\":\"GPU 1 (GPU-aa)\"}\n"
		  "\t],\n"
		  "\t\"deviceRules\": [\n\t\t\"c 195:2 rw\"\n\t],\n"
		  "\t\"mounts\": [\n"
		  "\t\t{\"destination\":\"/usr/lib64/libcuda.so.1.2\","
		  "\"source\":\"/opt/lib/libcuda.so.1.2\",\"options\":[\"bind\",\"ro\"],"
		  "\"reason\":\"capability compute\"}\n"
		  "\t],\n"
		  "\t\"links\": [\n"
		  "\t\t{\"path\":\"/usr/lib64/libcuda.so.1\",\"target\":\"libcuda.so.1.2\","
		  "\"reason\":\"SONAME\"}\n"
		  "\t],\n"
		  "\t\"tmpfs\": [\n\t\t{\n"
		  "\t\t\t\"destination\": \"/proc/driver/nvidia\",\n"
		  "\t\t\t\"mode\": \"0555\",\n"
		  "\t\t\t\"reason\": \"own\",\n"
		  "\t\t\t\"content\": [\n"
		  "\t\t\t\t{\"file\":\"params\",\"mode\":\"0444\",\"text\":\"ModifyDeviceFiles: "
		  "0\\n\"},\n"
		  "\t\t\t\t{\"bind\":\"gpus/0000:07:00.0\",\"source\":\"/proc/driver/nvidia/gpus/"
		  "x\"}\n"
		  "\t\t\t]\n\t\t}\n\t],\n"
		  "\t\"loaderCache\": {\n"
		  "\t\t\"change\": \"where another would be loaded\",\n"
		  "\t\t\"reason\": \"stubs\",\n"
		  "\t\t\"libraries\": [\n"
		  "\t\t\t{\"name\":\"libcuda.so.1\",\"path\":\"/usr/lib64/"
		  "libcuda.so.1\",\"bits\":64}\n"
		  "\t\t]\n"
		  "\t},\n"
		  "\t\"droppedMounts\": [\n\t\t\"" NV_MOUNTS_DIR "/1\"\n\t],\n"
		  "\t\"droppedHooks\": [\n\t\t\"/usr/bin/nvidia-container-runtime-hook\"\n\t],\n"
		  "\t\"warnings\": [\n\t\t\"look out\"\n\t]\n"
		  "}\n");
}

TEST(plan_text_has_everything)
{
	const struct nv_plan plan = whole_plan();

	CHECK_STR(nvidia_plan_text(&plan, &arena),
		  "Request:    --gpus 1, for compute, utility\n"
		  "Mode:       native\n"
		  "Driver:     1.2 in /, libraries in /opt/lib\n"
		  "Settings:   /etc/nvcrun/config.toml\n"
		  "\n"
		  "GPU         MINOR       PCI BUS ID     UUID\n"
		  "1           2           0000:07:00.0   GPU-aa\n"
		  "\n"
		  "DEVICE         RULE         REASON\n"
		  "/dev/nvidia2   c 195:2 rw   GPU 1 (GPU-aa)\n"
		  "\n"
		  "FILE                        REASON               OF THE HOST\n"
		  "/usr/lib64/libcuda.so.1.2   capability compute   /opt/lib/libcuda.so.1.2\n"
		  "\n"
		  "LINK                      TO               REASON\n"
		  "/usr/lib64/libcuda.so.1   libcuda.so.1.2   SONAME\n"
		  "\n"
		  "COVERED               SHOWS                       REASON\n"
		  "/proc/driver/nvidia   params, gpus/0000:07:00.0   own\n"
		  "\n"
		  "LOADER CACHE       REPLACED                        NAMES       REASON\n"
		  "/etc/ld.so.cache   where another would be loaded   1           stubs\n"
		  "\n"
		  "VARIABLE\n"
		  "NVIDIA_VISIBLE_DEVICES=1\n"
		  "\n"
		  "DROPPED     OF CONFIG.JSON                           REASON\n"
		  "mount       " NV_MOUNTS_DIR "/1      it is a request\n"
		  "hook        /usr/bin/nvidia-container-runtime-hook   nvcrun does its work\n"
		  "\n"
		  "WARNING\n"
		  "look out\n");
}

/* Every member is there, whatever the plan: who reads it need not ask first. */
TEST(plan_json_of_nothing_has_the_same_lists)
{
	static const char *const lists[] = { "gpus",	     "env",	"devices", "deviceRules",
					     "mounts",	     "links",	"tmpfs",   "droppedMounts",
					     "droppedHooks", "warnings" };
	const struct nv_plan plan = { 0 };
	const char *text = nv_plan_json(&plan, &arena);
	const struct value *document;
	struct err err;

	CHECK_INT(json_read(text, strlen(text), "plan", &arena, &document, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		CHECK_HAS(text, arena_printf(&arena, "\t\"%s\": []", lists[i]));
	CHECK_HAS(text, "\"request\": {\"kind\":\"nothing\",\"reason\":\"no --gpus, ");
	CHECK(!strstr(text, "\"driver\""));
}

TEST(plan_says_where_no_request_was_found)
{
	struct nv_plan plan = { 0 };

	CHECK_STR(nv_plan_nothing(&plan, &arena),
		  "no --gpus, nothing in NVIDIA_VISIBLE_DEVICES of process.env");
	plan.settings.accept_mounts = true;
	VEC_PUSH(&plan.settings.swarm_resource, &arena, "DOCKER_RESOURCE_GPU");
	CHECK_STR(nv_plan_nothing(&plan, &arena),
		  "no --gpus, no mount below " NV_MOUNTS_DIR ", nothing in DOCKER_RESOURCE_GPU, "
		  "nothing in NVIDIA_VISIBLE_DEVICES of process.env");
	VEC_PUSH(&plan.request.warnings, &arena, "NVIDIA_VISIBLE_DEVICES=all ignored: why");
	CHECK_STR(nv_plan_nothing(&plan, &arena), "NVIDIA_VISIBLE_DEVICES=all ignored: why");
	plan.request.source = "NVIDIA_VISIBLE_DEVICES=";
	plan.request.text = "void";
	CHECK_STR(nv_plan_nothing(&plan, &arena), "NVIDIA_VISIBLE_DEVICES=void");
	CHECK_HAS(nvidia_plan_text(&plan, &arena),
		  "Request:    nothing is asked for: NVIDIA_VISIBLE_DEVICES=void\n");
}

TEST(plan_names_the_source_alone)
{
	static const struct {
		const char *source, *name;
	} cases[] = {
		{ "--gpus ", "--gpus" },
		{ "NVIDIA_VISIBLE_DEVICES=", "NVIDIA_VISIBLE_DEVICES" },
		{ "mounts in /x: ", "mounts in /x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nv_request request = { .source = cases[i].source };

		CHECK_STR(nv_plan_source(&request, &arena), cases[i].name);
	}
	CHECK(!nv_plan_source(&(struct nv_request){ 0 }, &arena));
}

TEST_MAIN()
