/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/request: --gpus, variables and mounts. */
#include <errno.h>
#include <linux/capability.h>

#include "base/str.h"
#include "nvidia/capabilities.h"
#include "nvidia/request.h"
#include "test.h"

static struct arena arena;
static struct err err;

__attribute__((destructor)) static void done(void)
{
	arena_done(&arena);
}

/* NULL: the option is not given, the variable not set. */
static int read_request(const char *gpus, const char *visible, const char *capabilities,
			struct nv_request *ret)
{
	const struct nv_settings settings = nv_settings_default();
	struct oci_config config = { 0 };

	err = (struct err){ 0 };
	if (visible)
		VEC_PUSH(&config.process.env, &arena,
			 arena_printf(&arena, "NVIDIA_VISIBLE_DEVICES=%s", visible));
	if (capabilities)
		VEC_PUSH(&config.process.env, &arena,
			 arena_printf(&arena, "NVIDIA_DRIVER_CAPABILITIES=%s", capabilities));
	return nv_request_read(&config, gpus, &settings, &arena, ret, &err);
}

static struct nv_request option(const char *gpus)
{
	struct nv_request request;

	CHECK_INT(read_request(gpus, NULL, NULL, &request), 0);
	return request;
}

static struct nv_request variable(const char *visible)
{
	struct nv_request request;

	CHECK_INT(read_request(NULL, visible, NULL, &request), 0);
	return request;
}

static const char *refusal(const char *gpus, const char *visible, const char *capabilities)
{
	struct nv_request request = { .text = "untouched" };

	CHECK(read_request(gpus, visible, capabilities, &request) < 0);
	CHECK_STR(request.text, "untouched");
	return err.text;
}

static const char *ids_of(const struct nv_request *request)
{
	struct strbuf buf = { .arena = &arena };

	VEC_EACH(it, &request->ids)
		strbuf_addf(&buf, "[%s]", *it);
	return strbuf_text(&buf);
}

TEST(option_words)
{
	struct nv_request request = option("all");

	CHECK_INT(request.kind, NV_ALL);
	CHECK_STR(request.visible, "all");
	CHECK_INT(request.capabilities, NV_CAP_COMPUTE | NV_CAP_UTILITY);
	request = option("none");
	CHECK_INT(request.kind, NV_NO_GPU);
	CHECK_STR(request.visible, "none");
	CHECK(nv_is_requested(&request));
}

TEST(option_list)
{
	struct nv_request request = option("1,0,1,GPU-0a1B-2c,0");

	CHECK_INT(request.kind, NV_LIST);
	CHECK_STR(ids_of(&request), "[1][0][GPU-0a1B-2c]");
	CHECK_STR(request.visible, "1,0,GPU-0a1B-2c");
}

TEST(option_count)
{
	struct nv_request request = option("count=3");

	CHECK_INT(request.kind, NV_COUNT);
	CHECK_INT(request.count, 3);
	CHECK_STR(request.visible, "0,1,2");
}

TEST(bus_ids)
{
	static const char *const texts[] = { "00000000:06:00.0", "0000:c8:00.0", "0:06:00",
					     "06:00.0", "6:0.0" };
	static const char *const wrong[] = {
		"000000000:06:00.0", "0000:006:00.0", "06:00.", "06:00.0x", "::", "a:b",
		"1:2:3:4",	     "0:0x6:00.0"
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_STR(option(texts[i]).ids.items[0], texts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		CHECK_HAS(refusal(wrong[i], NULL, NULL), "is no GPU");
}

TEST(option_bad_grammar)
{
	static const char *const texts[] = { "foo",	"0,foo", "0,",	  ",",	       "0,,1",
					     "0, 1",	"-1",	 "all,0", "none,0",    "GPU-",
					     "GPU-xyz", "void",	 "0x1",	  "4294967296" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_HAS(refusal(texts[i], NULL, NULL),
			  arena_printf(&arena, "--gpus %s: `", texts[i]));
	CHECK_STR(refusal("0,foo", NULL, NULL), "--gpus 0,foo: `foo` is no GPU: expected all, "
						"none, a list of indices, GPU-<uuid>, PCI bus ids "
						"or MIG devices such as 0,1:0, or count=N");
	CHECK_HAS(refusal("", NULL, NULL), "--gpus: empty: expected all, none");
}

TEST(option_bad_count)
{
	static const char *const texts[] = { "count=", "count=0", "count=-1", "count=257",
					     "count=all" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		CHECK_HAS(refusal(texts[i], NULL, NULL), "expected a count from 1 to 256");
}

TEST(forms_of_others)
{
	static const struct {
		const char *id;
		const char *what;
	} forms[] = {
		{ "nvidia.com/gpu=0", "CDI names are" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *words =
			arena_printf(&arena, "%s: %s not supported by this version: use",
				     forms[i].id, forms[i].what);

		CHECK_HAS(refusal(forms[i].id, NULL, NULL), words);
		CHECK_HAS(refusal(NULL, forms[i].id, NULL), words);
		CHECK_INT(err.code, ENOTSUP);
	}
}

TEST(variable_that_asks_for_nothing)
{
	static const char *const texts[] = { "", " ", ",", "void", "0,void", "void,all", " void " };

	CHECK_INT(variable(NULL).kind, NV_NOTHING);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct nv_request request = variable(texts[i]);

		CHECK_INT(request.kind, NV_NOTHING);
		CHECK(!nv_is_requested(&request));
	}
}

TEST(variable_words)
{
	CHECK_INT(variable("all").kind, NV_ALL);
	CHECK_INT(variable("0,all").kind, NV_ALL);
	CHECK_INT(variable("none,all").kind, NV_ALL);
	CHECK_INT(variable("foo, all").kind, NV_ALL);
	CHECK_INT(variable("none").kind, NV_NO_GPU);
	CHECK_INT(variable("none, none,").kind, NV_NO_GPU);
	CHECK(!variable("all").visible);
	CHECK_STR(refusal(NULL, "none,0", NULL),
		  "NVIDIA_VISIBLE_DEVICES=none,0: `none` and GPUs exclude each other");
	CHECK_HAS(refusal(NULL, "0,none", NULL), "exclude each other");
}

TEST(variable_list)
{
	struct nv_request request = variable(" 1 ,0,, 1\t,0,");

	CHECK_INT(request.kind, NV_LIST);
	CHECK_STR(ids_of(&request), "[1][0]");
	CHECK(!request.visible);
	CHECK_HAS(refusal(NULL, "0,gpu1", NULL), "NVIDIA_VISIBLE_DEVICES=0,gpu1: `gpu1` is no GPU");
}

TEST(option_wins_over_variable)
{
	struct nv_request request;

	CHECK_INT(read_request("0", "all", NULL, &request), 0);
	CHECK_INT(request.kind, NV_LIST);
	CHECK_INT(read_request("0", "junk=", NULL, &request), 0);
	CHECK_INT(read_request("0", "void", NULL, &request), 0);
	CHECK_INT(request.kind, NV_LIST);
}

TEST(capabilities)
{
	static const struct {
		const char *text;
		unsigned int set;
	} rows[] = {
		{ NULL, NV_CAP_COMPUTE | NV_CAP_UTILITY },
		{ "", NV_CAP_COMPUTE | NV_CAP_UTILITY },
		{ " , ", NV_CAP_COMPUTE | NV_CAP_UTILITY },
		{ "all", NV_CAP_EVERY },
		{ "compute", NV_CAP_COMPUTE },
		{ "utility", NV_CAP_UTILITY },
		{ "compute, utility", NV_CAP_COMPUTE | NV_CAP_UTILITY },
		{ "utility,video,display,video", NV_CAP_UTILITY | NV_CAP_VIDEO | NV_CAP_DISPLAY },
		{ "graphics,ngx,compat32", NV_CAP_GRAPHICS | NV_CAP_NGX | NV_CAP_COMPAT32 },
		{ "all,video", NV_CAP_EVERY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nv_request request;

		CHECK_INT(read_request("all", NULL, rows[i].text, &request), 0);
		CHECK_INT(request.capabilities, rows[i].set);
	}
	CHECK_HAS(refusal(NULL, "all", "compute,fast"),
		  "NVIDIA_DRIVER_CAPABILITIES: unknown capability `fast` (known: compute");
}

TEST(capabilities_do_not_matter_without_request)
{
	struct nv_request request;

	CHECK_INT(read_request(NULL, "void", "junk", &request), 0);
	CHECK_INT(read_request(NULL, NULL, "junk", &request), 0);
}

TEST(endless_list)
{
	struct strbuf list = { .arena = &arena };

	for (unsigned int i = 0; i < 10000; i++)
		strbuf_addf(&list, "%u,", i);
	CHECK_STR(refusal(NULL, list.text, NULL), "NVIDIA_VISIBLE_DEVICES=…: more than 256 GPUs");
	list.len = 0;
	for (unsigned int i = 0; i < 100000; i++)
		strbuf_adds(&list, "0,");
	CHECK_INT(variable(list.text).ids.count, 1);
}

TEST(long_text_leaves_room_for_the_words)
{
	struct strbuf junk = { .arena = &arena };

	for (unsigned int i = 0; i < 100000; i++)
		strbuf_addc(&junk, 'x');
	CHECK_HAS(refusal(NULL, junk.text, NULL), "is no GPU: expected all, none");
	CHECK_HAS(refusal("0", NULL, junk.text), "(known: compute, utility");
}

/* A container of these variables, NULL at the end. */
static struct oci_config container(const char *const *env)
{
	struct oci_config config = { 0 };

	for (; *env; env++)
		VEC_PUSH(&config.process.env, &arena, *env);
	return config;
}
#define CONTAINER(...) container((const char *const[]){ __VA_ARGS__, NULL })

static struct nv_request read_with(const struct oci_config *config,
				   const struct nv_settings *settings)
{
	struct nv_request request = { 0 };

	CHECK(nv_may_be_requested(config, NULL, &arena));
	CHECK_INT(nv_request_read(config, NULL, settings, &arena, &request, &err), 0);
	return request;
}

static void add_mount(struct oci_config *config, const char *source, const char *destination)
{
	struct oci_mount *mount = VEC_ADD(&config->mounts, &arena);

	mount->source = source;
	mount->destination = destination;
}

TEST(legacy_images)
{
	struct nv_settings settings = nv_settings_default();
	struct oci_config config = CONTAINER("CUDA_VERSION=8.0");
	struct nv_request request = read_with(&config, &settings);

	CHECK_INT(request.kind, NV_ALL);
	CHECK_INT(request.capabilities, NV_CAP_EVERY);
	CHECK(!request.visible);
	settings.capabilities = NV_CAP_UTILITY | NV_CAP_VIDEO;
	request = read_with(&config, &settings);
	CHECK_INT(request.capabilities, NV_CAP_UTILITY | NV_CAP_VIDEO);

	settings = nv_settings_default();
	config = CONTAINER("CUDA_VERSION=8.0", "NVIDIA_REQUIRE_CUDA=");
	CHECK_INT(read_with(&config, &settings).kind, NV_ALL);
	config = CONTAINER("CUDA_VERSION=8.0", "NVIDIA_VISIBLE_DEVICES=");
	CHECK_INT(read_with(&config, &settings).kind, NV_NOTHING);
	config = CONTAINER("CUDA_VERSION=8.0", "NVIDIA_VISIBLE_DEVICES=1");
	CHECK_INT(read_with(&config, &settings).kind, NV_LIST);
	config = CONTAINER("CUDA_VERSION=12.0", "NVIDIA_REQUIRE_CUDA=cuda>=12.0");
	CHECK(!nv_may_be_requested(&config, NULL, &arena));
	config = CONTAINER("CUDA_VERSION=");
	CHECK(!nv_may_be_requested(&config, NULL, &arena));
}

TEST(plain_containers_need_no_settings)
{
	struct oci_config config = CONTAINER("PATH=/bin", "NVIDIA_DRIVER_CAPABILITIES=all");

	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices");
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices/");
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices0/0");
	add_mount(&config, "/dev/zero", "/var/run/nvidia-container-devices/0");
	add_mount(&config, NULL, "/var/run/nvidia-container-devices/0");
	CHECK(!nv_may_be_requested(&config, NULL, &arena));
	CHECK(nv_may_be_requested(&config, "0", &arena));
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices/0");
	CHECK(nv_may_be_requested(&config, NULL, &arena));
	config = CONTAINER("DOCKER_RESOURCE_GPU=");
	CHECK(nv_may_be_requested(&config, NULL, &arena));
}

TEST(hooks_that_pass_a_request_on)
{
	static const char *const paths[] = {
		"/usr/bin/nvidia-container-runtime-hook-2", "/nvidia-container-toolkit/x",
		"/usr/bin/nvidia-container-runtime",	    "/usr/bin/nvidia-container-toolkit",
		"/nvidia-container-runtime-hook",
	};
	const struct nv_settings settings = nv_settings_default();
	struct oci_config config = { 0 };
	struct nv_request request;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		VEC_ADD(&config.hooks[OCI_HOOK_PRESTART], &arena)->path = paths[i];
		VEC_ADD(&config.hooks[OCI_HOOK_CREATE_CONTAINER], &arena)->path = paths[i];
		CHECK_INT(nv_may_be_requested(&config, NULL, &arena), i >= 3);
	}
	request = read_with(&config, &settings);
	CHECK_INT(request.kind, NV_NOTHING);
	CHECK_INT(request.hooks.count, 2);
	CHECK_STR(request.hooks.items[0], "nvidia-container-toolkit");
	CHECK_STR(request.hooks.items[1], "nvidia-container-runtime-hook");
}

TEST(mounts)
{
	struct nv_settings settings = nv_settings_default();
	struct oci_config config = CONTAINER("NVIDIA_VISIBLE_DEVICES=3");
	struct nv_request request;

	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices/1");
	add_mount(&config, "/dev//null", "/var/run/../run//nvidia-container-devices/GPU-0a/");
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices/1/");
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices2/2");
	add_mount(&config, "/dev/zero", "/var/run/nvidia-container-devices/2");

	request = read_with(&config, &settings);
	CHECK_STR(ids_of(&request), "[3]");
	CHECK_INT(request.mounts.count, 0);

	settings.accept_mounts = true;
	request = read_with(&config, &settings);
	CHECK_STR(ids_of(&request), "[1][GPU-0a]");
	CHECK_INT(request.mounts.count, 3);
	CHECK_STR(request.mounts.items[2], "/var/run/nvidia-container-devices/1/");

	/* The command line wins, but what asks is no mount. */
	CHECK_INT(nv_request_read(&config, "0", &settings, &arena, &request, &err), 0);
	CHECK_STR(ids_of(&request), "[0]");
	CHECK_INT(request.mounts.count, 3);

	/* For those the setting about variables does not matter. */
	settings.accept_env = false;
	CHECK_STR(ids_of((request = read_with(&config, &settings), &request)), "[1][GPU-0a]");
	config.mounts.count = 0;
	add_mount(&config, "/dev/null", "/var/run/nvidia-container-devices/all");
	CHECK_INT(read_with(&config, &settings).kind, NV_ALL);
}

TEST(mounts_of_other_kinds)
{
	static const struct {
		const char *id, *words;
	} rows[] = {
		{ "cdi/nvidia.com/gpu/0", "cdi/nvidia.com/gpu/0: CDI names are not supported" },
		{ "cdi/nvidia.com/gpu=0", "CDI names are not supported by this version" },
		{ "imex/0", "imex/0: IMEX channels are not supported by this version" },
		{ "0,1", "mounts in /var/run/nvidia-container-devices: 0,1: `0,1` is no GPU" },
	};
	struct nv_settings settings = nv_settings_default();

	settings.accept_mounts = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_config config = { 0 };
		struct nv_request request;

		err = (struct err){ 0 };
		add_mount(&config, "/dev/null",
			  arena_printf(&arena, "/var/run/nvidia-container-devices/%s", rows[i].id));
		CHECK(nv_request_read(&config, NULL, &settings, &arena, &request, &err) < 0);
		CHECK_HAS(err.text, rows[i].words);
	}
}

TEST(variables_of_unprivileged_containers)
{
	struct nv_settings settings = nv_settings_default();
	struct oci_config config = CONTAINER("NVIDIA_VISIBLE_DEVICES=all,MIG-x");
	struct nv_request request;

	settings.accept_env = false;
	request = read_with(&config, &settings);
	CHECK_INT(request.kind, NV_NOTHING);
	CHECK_INT(request.warnings.count, 1);
	CHECK_STR(request.warnings.items[0],
		  "NVIDIA_VISIBLE_DEVICES=all,MIG-x ignored: the container is not privileged, and "
		  "accept-nvidia-visible-devices-envvar-when-unprivileged is false");
	CHECK_INT(nv_request_read(&config, "0", &settings, &arena, &request, &err), 0);
	CHECK_INT(request.kind, NV_LIST);
	config.process.capabilities.effective = ~0ULL;
	CHECK_INT(read_with(&config, &settings).kind, NV_NOTHING);
	config.process.capabilities.bounding = 1ULL << CAP_SYS_ADMIN;
	request = read_with(&config, &settings);
	CHECK_INT(request.kind, NV_ALL);
	CHECK_INT(request.warnings.count, 0);
	config = CONTAINER("NVIDIA_VISIBLE_DEVICES=void");
	CHECK_INT(read_with(&config, &settings).warnings.count, 0);
	config = CONTAINER("CUDA_VERSION=8.0");
	request = read_with(&config, &settings);
	CHECK_INT(request.kind, NV_NOTHING);
	CHECK_INT(request.warnings.count, 1);
}

TEST(swarm)
{
	struct nv_settings settings = nv_settings_default();
	struct oci_config config = CONTAINER("DOCKER_RESOURCE_B=1", "DOCKER_RESOURCE_A=GPU-0a, 0",
					     "NVIDIA_VISIBLE_DEVICES=all");
	struct nv_request request;

	CHECK_INT(read_with(&config, &settings).kind, NV_ALL);
	settings.swarm_resource =
		str_words(&arena, "DOCKER_RESOURCE_A,DOCKER_RESOURCE_B,DOCKER_RESOURCE_C");
	request = read_with(&config, &settings);
	CHECK_STR(ids_of(&request), "[GPU-0a][0][1]");
	CHECK_STR(request.source, "DOCKER_RESOURCE_A,DOCKER_RESOURCE_B=");
	config = CONTAINER("DOCKER_RESOURCE_C=", "NVIDIA_VISIBLE_DEVICES=all", "CUDA_VERSION=8");
	CHECK_INT(read_with(&config, &settings).kind, NV_NOTHING);
	config = CONTAINER("DOCKER_RESOURCE_D=0", "NVIDIA_VISIBLE_DEVICES=all");
	CHECK_INT(read_with(&config, &settings).kind, NV_ALL);
}

TEST(capabilities_that_only_all_brought)
{
	static const unsigned int base = NV_CAP_COMPUTE | NV_CAP_UTILITY;
	static const struct {
		const char *text;
		unsigned int implied;
	} rows[] = {
		{ NULL, 0 },
		{ "graphics,compat32", 0 },
		{ "all", NV_CAP_EVERY & ~base },
		{ "all,video", NV_CAP_EVERY & ~base & ~NV_CAP_VIDEO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nv_request request;

		CHECK_INT(read_request("all", NULL, rows[i].text, &request), 0);
		CHECK_INT(request.implied, rows[i].implied);
	}
}

TEST(capabilities_that_the_host_ignores)
{
	struct nv_settings settings = nv_settings_default();
	struct nv_request request;
	struct oci_config config =
		CONTAINER("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=fast");

	settings.ignore_capabilities = true;
	request = read_with(&config, &settings);
	CHECK_INT(request.capabilities, NV_CAP_EVERY);
	settings.capabilities = NV_CAP_COMPUTE | NV_CAP_VIDEO;
	request = read_with(&config, &settings);
	CHECK_INT(request.capabilities, NV_CAP_COMPUTE | NV_CAP_VIDEO);
	CHECK_INT(request.implied, NV_CAP_VIDEO);
}

TEST(capabilities_that_the_host_allows)
{
	struct nv_settings settings = nv_settings_default();
	struct nv_request request;
	struct oci_config config = CONTAINER("NVIDIA_VISIBLE_DEVICES=all",
					     "NVIDIA_DRIVER_CAPABILITIES=utility,video,compute");

	settings.capabilities = NV_CAP_UTILITY;
	CHECK_INT(nv_request_read(&config, NULL, &settings, &arena, &request, &err), -EINVAL);
	CHECK_STR(err.text, "NVIDIA_DRIVER_CAPABILITIES: unsupported capabilities found: "
			    "compute,video (supported-driver-capabilities: utility)");
	config = CONTAINER("NVIDIA_VISIBLE_DEVICES=all");
	request = read_with(&config, &settings);
	CHECK_INT(request.capabilities, NV_CAP_UTILITY);
	config = CONTAINER("NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all,video");
	request = read_with(&config, &settings);
	CHECK_INT(request.capabilities, NV_CAP_UTILITY);
}

TEST_MAIN()
