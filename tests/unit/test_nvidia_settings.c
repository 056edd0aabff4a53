/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/settings: keys, defaults, refusals. */
#include "nvidia/settings.h"

#include "nvidia/capabilities.h"
#include "nvidia_fixture.h"

static struct err err;

static int read_settings(const char *text, struct nv_settings *ret)
{
	err = (struct err){ 0 };
	return nv_settings_read(fixture_file("config.toml", text), &fixture_arena, ret, &err);
}

static const char *refusal(const char *text)
{
	struct nv_settings settings = { .file = "untouched" };

	CHECK(read_settings(text, &settings) < 0);
	CHECK_STR(settings.file, "untouched");
	return err.text;
}

TEST(empty_file_gives_defaults)
{
	struct nv_settings settings;

	CHECK_INT(read_settings("", &settings), 0);
	CHECK_STR(settings.file, fixture_path("config.toml"));
	CHECK_STR(settings.driver_root, "/");
	CHECK(!settings.dev_root && !settings.ldcache);
	CHECK_INT(settings.library_dirs.count, 0);
	CHECK_INT(settings.binary_dirs.count, 0);
	CHECK(settings.missing_driver_is_error);
	CHECK(settings.accept_env && !settings.accept_mounts);
	CHECK_INT(settings.swarm_resource.count, 0);
	CHECK_INT(settings.capabilities, NV_CAP_EVERY);
	CHECK(settings.protect_proc_driver);
	CHECK(!settings.ignore_capabilities && !settings.may_open_gpus);
	CHECK_INT(settings.loader_cache, NV_LOADER_CACHE_AUTO);
	CHECK_INT(settings.nvml_timeout, 30);
	CHECK_STR(settings.testing.proc_root, "/proc");
	CHECK_STR(settings.testing.sys_root, "/sys");
	CHECK(!settings.testing.fake_devices);
}

TEST(every_key)
{
	struct nv_settings settings;

	CHECK_INT(read_settings("[nvidia]\n"
				"driver-root = \"/run/nvidia/driver\"\n"
				"dev-root = \"/dev/root\"\n"
				"ldcache = \"/cache\"\n"
				"library-dirs = [\"/l1\", \"/l2\"]\n"
				"binary-dirs = [\"/b\"]\n"
				"on-missing-driver = \"warn\"\n"
				"protect-proc-driver = false\n"
				"nvml-timeout = 3600\n"
				"[nvidia.testing]\n"
				"proc-root = \"/p\"\n"
				"sys-root = \"/s\"\n"
				"fake-devices = true\n",
				&settings),
		  0);
	CHECK_STR(settings.driver_root, "/run/nvidia/driver");
	CHECK_STR(settings.dev_root, "/dev/root");
	CHECK_STR(settings.ldcache, "/cache");
	CHECK_INT(settings.library_dirs.count, 2);
	CHECK_STR(settings.library_dirs.items[1], "/l2");
	CHECK_STR(settings.binary_dirs.items[0], "/b");
	CHECK(!settings.missing_driver_is_error);
	CHECK(!settings.protect_proc_driver);
	CHECK_INT(settings.nvml_timeout, 3600);
	CHECK_STR(settings.testing.proc_root, "/p");
	CHECK_STR(settings.testing.sys_root, "/s");
	CHECK(settings.testing.fake_devices);
}

TEST(unknown_keys_name_place_and_choice)
{
	CHECK_HAS(refusal("[nvidia]\n\ndriver-rot = \"/\"\n"),
		  "config.toml:3: unknown key `nvidia.driver-rot` (known: driver-root, dev-root, "
		  "ldcache, library-dirs, binary-dirs, firmware-dirs, config-dirs, capabilities, "
		  "on-missing-driver, protect-proc-driver, loader-cache, nvml-timeout, "
		  "nvidia-config, ");
	CHECK_HAS(
		refusal("[nvidia.testing]\nfake = true\n"),
		":2: unknown key `nvidia.testing.fake` (known: proc-root, sys-root, fake-devices)");
	CHECK_HAS(refusal("[amd]\nroot = 1\n"), "unknown key `amd` (known: nvidia)");
}

/* @nvidia: text of NVIDIA's file; @ours: of [nvidia] in ours. */
static int read_both(const char *nvidia, const char *ours, struct nv_settings *ret)
{
	const char *file = fixture_file("nvidia.toml", nvidia);

	return read_settings(
		arena_printf(&fixture_arena, "[nvidia]\nnvidia-config = \"%s\"\n%s", file, ours),
		ret);
}

static const char nvidia_text[] = "#accept-nvidia-visible-devices-envvar-when-unprivileged = true\n"
				  "accept-nvidia-visible-devices-envvar-when-unprivileged = false\n"
				  "accept-nvidia-visible-devices-as-volume-mounts = true\n"
				  "disable-require = false\n"
				  "swarm-resource = \"DOCKER_RESOURCE_GPU, DOCKER_RESOURCE_B\"\n"
				  "supported-driver-capabilities = \"compat32,compute,utility\"\n"
				  "[nvidia-container-cli]\n"
				  "environment = []\n"
				  "root = \"/run/nvidia/driver\"\n"
				  "ldcache = \"\"\n"
				  "ldconfig = \"@/sbin/ldconfig\"\n"
				  "[nvidia-container-runtime.modes.cdi]\n"
				  "annotation-prefixes = [\"cdi.k8s.io/\"]\n";

TEST(file_of_nvidia)
{
	struct nv_settings settings;

	CHECK_INT(read_both(nvidia_text, "", &settings), 0);
	CHECK(!settings.accept_env && settings.accept_mounts);
	CHECK_INT(settings.swarm_resource.count, 2);
	CHECK_STR(settings.swarm_resource.items[1], "DOCKER_RESOURCE_B");
	CHECK_INT(settings.capabilities, NV_CAP_COMPAT32 | NV_CAP_COMPUTE | NV_CAP_UTILITY);
	CHECK_STR(settings.file, fixture_path("config.toml"));
	CHECK_STR(settings.driver_root, "/run/nvidia/driver");
	CHECK(!settings.ldcache);
}

TEST(ours_win_over_nvidias)
{
	struct nv_settings settings;

	CHECK_INT(read_both(nvidia_text,
			    "accept-nvidia-visible-devices-envvar-when-unprivileged = true\n"
			    "accept-nvidia-visible-devices-as-volume-mounts = false\n"
			    "swarm-resource = \"\"\n"
			    "driver-root = \"/\"\n"
			    "supported-driver-capabilities = \"all\"\n",
			    &settings),
		  0);
	CHECK(settings.accept_env && !settings.accept_mounts);
	CHECK_INT(settings.swarm_resource.count, 0);
	CHECK_INT(settings.capabilities, NV_CAP_EVERY);
	CHECK_STR(settings.driver_root, "/");
	CHECK_INT(read_both(nvidia_text, "swarm-resource = \"DOCKER_RESOURCE_X\"\n", &settings), 0);
	CHECK_INT(settings.swarm_resource.count, 1);
}

TEST(file_of_nvidia_with_errors)
{
	struct nv_settings settings;

	CHECK(read_both("swarm-resource = 1\n", "", &settings) < 0);
	CHECK_HAS(err.text, "nvidia.toml:1: swarm-resource: expected a string");
	CHECK(read_both("[nvidia-container-cli]\nroot = \"run/x\"\n", "", &settings) < 0);
	CHECK_HAS(err.text, "nvidia.toml:2: nvidia-container-cli.root: expected an absolute path");
	CHECK(read_both("[a\n", "", &settings) < 0);
	CHECK_HAS(err.text, "nvidia.toml:1");
	CHECK_HAS(refusal("[nvidia]\nnvidia-config = \"/nonexistent/x\"\n"),
		  "open settings /nonexistent/x: no such file or directory");
	CHECK_HAS(refusal("[nvidia]\nswarm-resource = \"DOCKER_RESOURCE_A,GPU\"\n"),
		  ":2: nvidia.swarm-resource: expected names that start with DOCKER_RESOURCE_, got "
		  "`GPU`");
	CHECK_HAS(
		refusal("[nvidia]\nsupported-driver-capabilities = \"compute,fast\"\n"),
		"nvidia.supported-driver-capabilities: unknown capability `fast` (known: compute");
	if (geteuid() != 0)
		return;
	CHECK_INT(chmod(fixture_file("nvidia.toml", ""), 0666), 0);
	CHECK_HAS(refusal(arena_printf(&fixture_arena, "[nvidia]\nnvidia-config = \"%s\"\n",
				       fixture_path("nvidia.toml"))),
		  "nvidia.toml: owned by uid 0, mode 0666");
	fixture_remove("nvidia.toml");
}

TEST(values)
{
	CHECK_HAS(refusal("[nvidia]\ndriver-root = 1\n"),
		  ":2: nvidia.driver-root: expected a string");
	CHECK_HAS(refusal("[nvidia]\ndriver-root = \"run\"\n"),
		  ":2: nvidia.driver-root: expected an absolute path, got `run`");
	CHECK_HAS(refusal("[nvidia]\ndriver-root = \"\"\n"), "expected an absolute path, got ``");
	CHECK_HAS(refusal("[nvidia]\nlibrary-dirs = [\"/a\", \"b\"]\n"),
		  "nvidia.library-dirs: expected an absolute path, got `b`");
	CHECK_HAS(refusal("[nvidia]\nlibrary-dirs = \"/a\"\n"), "expected an array");
	CHECK_HAS(refusal("[nvidia]\non-missing-driver = \"ignore\"\n"), "ignore");
	CHECK_HAS(refusal("nvidia = 3\n"), "nvidia: expected an object");
	CHECK_HAS(refusal("[nvidia\n"), "config.toml:1");
}

TEST(capabilities_may_be_ignored)
{
	struct nv_settings settings;

	CHECK_INT(read_settings("[nvidia]\ncapabilities = \"honour\"\n", &settings), 0);
	CHECK(!settings.ignore_capabilities);
	CHECK_INT(read_settings("[nvidia]\ncapabilities = \"ignore\"\n", &settings), 0);
	CHECK(settings.ignore_capabilities);
	CHECK_HAS(refusal("[nvidia]\ncapabilities = \"all\"\n"), "nvidia.capabilities");
	CHECK_HAS(err.text, "`all`");
}

TEST(directories_of_firmware_and_config_files)
{
	struct nv_settings settings;

	CHECK_INT(read_settings("[nvidia]\nfirmware-dirs = [\"/f\"]\n"
				"config-dirs = [\"/a\", \"/b\"]\n",
				&settings),
		  0);
	CHECK_INT(settings.firmware_dirs.count, 1);
	CHECK_STR(settings.firmware_dirs.items[0], "/f");
	CHECK_INT(settings.config_dirs.count, 2);
	CHECK_STR(settings.config_dirs.items[1], "/b");
	CHECK_HAS(refusal("[nvidia]\nfirmware-dirs = [\"f\"]\n"), "absolute path");
}

TEST(keys_of_later_versions_are_refused_by_name)
{
	static const char *const keys[] = {
		"mode", "layout", "run-cdi-hooks", "cdi-strict", "cdi-spec-dirs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK_HAS(refusal(arena_printf(&fixture_arena, "[nvidia]\n%s = \"x\"\n", keys[i])),
			  keys[i]);
}

TEST(loader_cache)
{
	static const struct {
		const char *text;
		enum nv_loader_cache expected;
	} cases[] = {
		{ "[nvidia]\nloader-cache = \"auto\"\n", NV_LOADER_CACHE_AUTO },
		{ "[nvidia]\nloader-cache = \"merge\"\n", NV_LOADER_CACHE_MERGE },
		{ "[nvidia]\nloader-cache = \"none\"\n", NV_LOADER_CACHE_NONE },
	};
	struct nv_settings settings;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_INT(read_settings(cases[i].text, &settings), 0);
		CHECK_INT(settings.loader_cache, cases[i].expected);
	}
	CHECK_HAS(refusal("[nvidia]\nloader-cache = \"run\"\n"),
		  "config.toml:2: nvidia.loader-cache: `run` is not supported, no ldconfig is run");
	CHECK_HAS(refusal("[nvidia]\nloader-cache = \"exec\"\n"), "`exec`");
	CHECK_HAS(refusal("[nvidia]\nloader-cache = 1\n"), ":2:");
}

TEST(files)
{
	struct nv_settings settings;

	CHECK_INT(nv_settings_read(fixture_path("none.toml"), &fixture_arena, &settings, &err),
		  -ENOENT);
	CHECK_HAS(err.text, "none.toml: no such file or directory");
	CHECK_INT(nv_settings_read(fixture_root, &fixture_arena, &settings, &err), -EINVAL);
	CHECK_HAS(err.text, "not a regular file");
	CHECK_INT(mkfifo(fixture_path("fifo"), 0600), 0);
	CHECK_INT(nv_settings_read(fixture_path("fifo"), &fixture_arena, &settings, &err), -EINVAL);
}

TEST(environment)
{
	struct nv_settings settings;

	setenv("NVCRUN_CONFIG", fixture_file("env.toml", "[nvidia]\ndriver-root = \"/e\"\n"), 1);
	CHECK_INT(nv_settings_read(NULL, &fixture_arena, &settings, &err), 0);
	CHECK_STR(settings.driver_root, "/e");
	setenv("NVCRUN_CONFIG", fixture_path("none.toml"), 1);
	CHECK_INT(nv_settings_read(NULL, &fixture_arena, &settings, &err), -ENOENT);
	unsetenv("NVCRUN_CONFIG");
}

TEST(as_root_others_must_not_write)
{
	struct nv_settings settings;
	const char *path = fixture_file("open.toml", "");

	if (geteuid() != 0) {
		printf("# skip needs root\n");
		return;
	}
	CHECK_INT(nv_settings_read(path, &fixture_arena, &settings, &err), 0);
	CHECK_INT(chmod(path, 0664), 0);
	CHECK_INT(nv_settings_read(path, &fixture_arena, &settings, &err), -EPERM);
	CHECK_HAS(err.text, "open.toml: owned by uid 0, mode 0664");
	CHECK_INT(chmod(path, 0644), 0);
	if (chown(path, 12345, 0) == 0) {
		CHECK_INT(nv_settings_read(path, &fixture_arena, &settings, &err), -EPERM);
		CHECK_HAS(err.text, "owned by uid 12345");
	}
}

TEST_MAIN()
