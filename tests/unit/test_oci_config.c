/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of config.json: what is read into the model, what is refused where, what `spec` prints. */
#include "config_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/json.h"
#include "oci/version.h"

/* Expect @text to be refused with exactly these words. */
static void check_refused(const char *text, const char *words)
{
	struct result result = parse(text);
	char found[ERR_TEXT_MAX];

	memcpy(found, result.err.text, sizeof(found));
	arena_done(&result.arena);
	CHECK_INT(result.r, -EINVAL);
	CHECK_STR(found, words);
	CHECK(!result.config);
}

TEST(the_smallest_document)
{
	struct result result = parse(WITH(""));
	const struct oci_config *config = result.config;

	CHECK_STR(result.err.text, "");
	CHECK_INT(result.r, 0);
	CHECK_STR(config->version, "1.0.2");
	CHECK_STR(config->bundle, "/bundle");
	CHECK_STR(config->root.path, "rootfs");
	CHECK(!config->root.readonly);
	CHECK(!config->process.present);
	CHECK(!config->hostname && !config->domainname);
	CHECK(!config->linux.cgroups_path);
	CHECK_INT(config->mounts.count, 0);
	CHECK_INT(result.notes.warnings.count, 0);
	arena_done(&result.arena);
}

TEST(required_members)
{
	check_refused("{}", "config.json:1: ociVersion: required, but missing");
	check_refused("{\"ociVersion\":\"1.0.0\"}", "config.json:1: root: required, but missing");
	check_refused("{\"ociVersion\":\"1.0.0\",\"root\":{}}",
		      "config.json:1: root.path: required, but missing");
	check_refused(WITH(",\"process\":{}"), "config.json:1: process.cwd: required, but missing");
	check_refused(WITH(",\"mounts\":[{}]"),
		      "config.json:1: mounts[0].destination: required, but missing");
	check_refused(LINUX("\"namespaces\":[{\"path\":\"/x\"}]"),
		      "config.json:1: linux.namespaces[0].type: required, but missing");
	check_refused(LINUX("\"resources\":{\"devices\":[{}]}"),
		      "config.json:1: linux.resources.devices[0].allow: required, but missing");
}

TEST(the_line_is_named)
{
	check_refused("{\"ociVersion\":\"1.0.0\",\n\"root\":{\"path\":\"r\"},\n\"linux\":{\n"
		      "\"resources\":{\"memory\":{\n\"limit\":\"1G\"}}}}",
		      "config.json:5: linux.resources.memory.limit: expected an integer, got a "
		      "string");
}

TEST(what_is_no_json_is_refused)
{
	struct result result = parse("{\"ociVersion\":");

	CHECK(result.r < 0);
	CHECK_HAS(result.err.text, "config.json:");
	arena_done(&result.arena);
}

TEST(a_whole_process)
{
	struct result result = parse(WITH(
		",\"process\":{\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
		"\"user\":{\"uid\":1000,\"gid\":100,\"umask\":63,\"additionalGids\":[5,6]},"
		"\"args\":[\"/bin/sh\",\"-c\",\"\"],\"env\":[\"A=\",\"B=c=d\"],\"cwd\":\"/home\","
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,"
		"\"hard\":18446744073709551615}],\"noNewPrivileges\":true,\"oomScoreAdj\":-999}"));
	const struct oci_process *process = &result.config->process;

	CHECK_STR(result.err.text, "");
	CHECK(process->present && process->terminal && process->no_new_privileges);
	CHECK_INT(process->console_size.height, 24);
	CHECK_INT(process->console_size.width, 80);
	CHECK_INT(process->user.uid, 1000);
	CHECK_INT(process->user.gid, 100);
	CHECK(process->user.umask.set);
	CHECK_INT(process->user.umask.v, 077);
	CHECK_INT(process->user.additional_gids.count, 2);
	CHECK_INT(process->user.additional_gids.items[1], 6);
	CHECK_INT(process->args.count, 3);
	CHECK_STR(process->args.items[2], "");
	CHECK_STR(process->env.items[1], "B=c=d");
	CHECK_STR(process->cwd, "/home");
	CHECK_INT(process->rlimits.count, 1);
	CHECK_INT(process->rlimits.items[0].type, RLIMIT_NOFILE);
	CHECK_INT(process->rlimits.items[0].soft, 1024);
	CHECK(process->rlimits.items[0].hard == RLIM_INFINITY);
	CHECK(process->oom_score_adj.set);
	CHECK_INT(process->oom_score_adj.v, -999);
	CHECK(!process->capabilities.set);
	arena_done(&result.arena);
}

TEST(absent_and_zero_differ)
{
	struct result absent = parse(PROCESS(""));
	struct result zero = parse(PROCESS(",\"oomScoreAdj\":0,\"user\":{\"umask\":0},"
					   "\"capabilities\":{}"));

	CHECK(!absent.config->process.oom_score_adj.set);
	CHECK(!absent.config->process.user.umask.set);
	CHECK(!absent.config->process.capabilities.set);
	CHECK(zero.config->process.oom_score_adj.set);
	CHECK(zero.config->process.user.umask.set);
	CHECK(zero.config->process.capabilities.set);
	CHECK_INT(zero.config->process.capabilities.bounding, 0);
	arena_done(&absent.arena);
	arena_done(&zero.arena);
}

TEST(capabilities_are_bits_and_unknown_ones_warn_once)
{
	struct result result =
		parse(PROCESS(",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_CHECKPOINT_"
			      "RESTORE\",\"CAP_X\"],"
			      "\"effective\":[\"CAP_X\",\"CAP_KILL\"],\"inheritable\":[],"
			      "\"permitted\":[\"CAP_KILL\",\"kill\"],\"ambient\":[\"CAP_KILL\"]}"));
	const struct oci_capabilities *capabilities = &result.config->process.capabilities;

	CHECK(capabilities->set);
	CHECK_INT(capabilities->bounding, 1ULL << 40 | 1);
	CHECK_INT(capabilities->effective, 1 << 5);
	CHECK_INT(capabilities->inheritable, 0);
	CHECK_INT(capabilities->permitted, 1 << 5);
	CHECK_INT(capabilities->ambient, 1 << 5);
	CHECK_INT(result.notes.warnings.count, 2);
	CHECK_STR(result.notes.warnings.items[0],
		  "process.capabilities: ignoring unknown capability `CAP_X`");
	CHECK_STR(result.notes.warnings.items[1],
		  "process.capabilities: ignoring unknown capability `kill`");
	arena_done(&result.arena);
}

TEST(wrong_processes)
{
	check_refused(PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]"),
		      "config.json:1: process.rlimits[0].type: unknown rlimit type `RLIMIT_X` (one "
		      "of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, "
		      "RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, "
		      "RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, "
		      "RLIMIT_STACK)");
	check_refused(PROCESS(",\"oomScoreAdj\":1001"),
		      "config.json:1: process.oomScoreAdj: `1001` is out of range (-1000 to 1000)");
	check_refused(PROCESS(",\"user\":{\"uid\":-1}"),
		      "config.json:1: process.user.uid: `-1` is out of range (0 to 4294967295)");
	check_refused(PROCESS(",\"user\":{\"additionalGids\":[1,\"2\"]}"),
		      "config.json:1: process.user.additionalGids[1]: expected an integer, got a "
		      "string");
	check_refused(
		PROCESS(",\"user\":{\"additionalGids\":1}"),
		"config.json:1: process.user.additionalGids: expected an array, got a number");
	check_refused(PROCESS(",\"capabilities\":{\"bounding\":[1]}"),
		      "config.json:1: process.capabilities.bounding[0]: expected a string, got a "
		      "number");
}

TEST(mounts_keep_their_order_and_know_their_place)
{
	struct result result = parse(WITH(
		",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"data\",\"type\":\"\",\"source\":\"../"
		"x\",\"options\":[\"rbind\","
		"\"ro\"]}]"));
	const struct oci_config *config = result.config;

	CHECK_STR(result.err.text, "");
	CHECK_INT(config->mounts.count, 2);
	CHECK_STR(config->mounts.items[0].destination, "/proc");
	CHECK_STR(config->mounts.items[0].type, "proc");
	CHECK_STR(config->mounts.items[0].origin, "mounts[0]");
	CHECK_INT(config->mounts.items[0].options.count, 0);
	CHECK_STR(config->mounts.items[1].destination, "/data");
	CHECK(!config->mounts.items[1].type);
	CHECK_STR(config->mounts.items[1].source, "../x");
	CHECK_STR(config->mounts.items[1].options.items[1], "ro");
	CHECK_STR(config->mounts.items[1].origin, "mounts[1]");
	CHECK_INT(result.notes.warnings.count, 1);
	CHECK_STR(result.notes.warnings.items[0],
		  "mounts[1].destination: taking the relative path `data` from `/`");
	arena_done(&result.arena);
}

TEST(warnings_may_be_unwanted)
{
	static const char text[] = WITH(",\"mounts\":[{\"destination\":\"x\"}]");
	struct arena arena = { 0 };
	struct oci_config *config;

	CHECK_INT(oci_config_parse(text, strlen(text), "/b", &arena, NULL, &config, NULL), 0);
	CHECK_STR(config->mounts.items[0].destination, "/x");
	arena_done(&arena);
}

TEST(annotations)
{
	struct result result = parse(WITH(",\"annotations\":{\"b\":\"1\",\"a\":\"\"}"));

	CHECK_INT(result.config->annotations.count, 2);
	CHECK_STR(result.config->annotations.items[0].key, "b");
	CHECK_STR(result.config->annotations.items[0].value, "1");
	CHECK_STR(result.config->annotations.items[1].value, "");
	arena_done(&result.arena);
	check_refused(WITH(",\"annotations\":{\"\":\"1\"}"),
		      "config.json:1: annotations: a key is empty");
	check_refused(WITH(",\"annotations\":{\"a\":1}"),
		      "config.json:1: annotations: `a`: expected a string, got a number");
	check_refused(WITH(",\"annotations\":[]"),
		      "config.json:1: annotations: expected an object, got an array");
}

TEST(namespaces)
{
	struct result result = parse(
		LINUX("\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"cgroup\",\"path\":\"\"}]"));
	const struct oci_namespace *namespaces = result.config->linux.namespaces;

	for (int type = 0; type < OCI_NS_COUNT; type++) {
		CHECK_INT(namespaces[type].present, type == OCI_NS_MOUNT || type == OCI_NS_CGROUP);
		CHECK(!namespaces[type].path);
	}
	arena_done(&result.arena);
}

TEST(wrong_namespaces)
{
	check_refused(LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":"
			    "\"pid\"}]"),
		      "config.json:1: linux.namespaces[2]: duplicate namespace type `pid`");
	check_refused(LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\"}]"),
		      "config.json: linux.uidMappings: empty, but a new user namespace needs "
		      "mappings");
	check_refused(LINUX("\"namespaces\":[{\"type\":\"network\",\"path\":\"netns/x\"}]"),
		      "config.json:1: linux.namespaces[0]: path `netns/x` is not absolute");
	check_refused(LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
		      "config.json: linux.namespaces: uidMappings need a user namespace");
	check_refused(LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
		      "config.json: linux.namespaces: timeOffsets need a new time namespace");
	check_refused(LINUX("\"namespaces\":[{\"type\":\"net\"}]"),
		      "config.json:1: linux.namespaces[0].type: unknown namespace type `net` (one "
		      "of pid, network, mount, ipc, uts, user, cgroup, time)");
	check_refused(LINUX("\"namespaces\":[\"pid\"]"),
		      "config.json:1: linux.namespaces[0]: expected an object, got a string");
	check_refused(LINUX("\"namespaces\":{}"),
		      "config.json:1: linux.namespaces: expected an array, got an object");
}

TEST(devices)
{
	struct result result = parse(LINUX(
		"\"devices\":[{\"type\":\"c\",\"path\":\"/dev/fuse\",\"major\":10,\"minor\":229,"
		"\"fileMode\":8576,\"uid\":1,\"gid\":2},{\"type\":\"p\",\"path\":\"/dev/pipe\"}]"));
	const struct oci_device *device = result.config->linux.devices.items;

	CHECK_INT(result.config->linux.devices.count, 2);
	CHECK_STR(device[0].path, "/dev/fuse");
	CHECK_INT(device[0].type, 'c');
	CHECK_INT(major(device[0].rdev), 10);
	CHECK_INT(minor(device[0].rdev), 229);
	/* Podman writes the file type too: 020600. */
	CHECK_INT(device[0].mode, 0600);
	CHECK_INT(device[0].uid, 1);
	CHECK_INT(device[0].gid, 2);
	CHECK_STR(device[0].origin, "linux.devices[0]");
	CHECK_INT(device[1].type, 'p');
	CHECK_INT(device[1].mode, 0666);
	CHECK_INT(result.config->linux.resources.devices.count, 0);
	arena_done(&result.arena);
}

TEST(wrong_devices)
{
	check_refused(LINUX("\"devices\":[{\"type\":\"x\",\"path\":\"/x\"}]"),
		      "config.json:1: linux.devices[0].type: unknown device type `x` (one of c, b, "
		      "u, p)");
	check_refused(LINUX("\"devices\":[{\"type\":\"b\",\"path\":\"/x\",\"major\":1}]"),
		      "config.json:1: linux.devices[0]: type `b` needs major and minor");
	check_refused(LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/x\",\"major\":4096,"
			    "\"minor\":0}]"),
		      "config.json:1: linux.devices[0].major: `4096` is out of range (0 to 4095)");
	check_refused(LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/x\",\"major\":1,"
			    "\"minor\":-1}]"),
		      "config.json:1: linux.devices[0].minor: `-1` is out of range (0 to 1048575)");
}

TEST(device_rules)
{
	struct result result = parse(LINUX(
		"\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\","
		"\"major\":10,\"minor\":-1,\"access\":\"wr\"},{\"allow\":true,\"type\":\"b\","
		"\"access\":\"\"}]}"));
	const struct oci_device_rule *rule = result.config->linux.resources.devices.items;

	CHECK_INT(result.config->linux.resources.devices.count, 3);
	CHECK(!rule[0].allow && rule[0].read && rule[0].write && rule[0].mknod);
	CHECK_INT(rule[0].type, 'a');
	CHECK_INT(rule[0].major, -1);
	CHECK_INT(rule[0].minor, -1);
	CHECK_STR(rule[0].origin, "linux.resources.devices[0]");
	CHECK(rule[1].allow && rule[1].read && rule[1].write && !rule[1].mknod);
	CHECK_INT(rule[1].type, 'c');
	CHECK_INT(rule[1].major, 10);
	CHECK_INT(rule[1].minor, -1);
	CHECK(rule[2].allow && !rule[2].read && !rule[2].write && !rule[2].mknod);
	arena_done(&result.arena);
	check_refused(LINUX("\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}"),
		      "config.json:1: linux.resources.devices[0].access: `rx` is not made of the "
		      "letters r, w and m");
	check_refused(LINUX("\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"p\"}]}"),
		      "config.json:1: linux.resources.devices[0].type: unknown device type `p` "
		      "(one of a, c, b)");
}

TEST(resources)
{
	struct result result = parse(LINUX(
		"\"cgroupsPath\":\"/a/b\",\"resources\":{\"memory\":{\"limit\":1048576,"
		"\"reservation\":0,\"swap\":-1,\"kernel\":5,\"kernelTCP\":6},"
		"\"cpu\":{\"shares\":512,\"quota\":-1,\"period\":100000,\"cpus\":\"0-1\",\"mems\":"
		"\"\",\"idle\":0},\"pids\":{\"limit\":0}}"));
	const struct oci_resources *resources = &result.config->linux.resources;

	CHECK_STR(result.err.text, "");
	CHECK_STR(result.config->linux.cgroups_path, "/a/b");
	CHECK_INT(resources->memory.limit.v, 1048576);
	CHECK(resources->memory.reservation.set);
	CHECK_INT(resources->memory.swap.v, -1);
	CHECK_INT(resources->cpu.shares.v, 512);
	CHECK_INT(resources->cpu.quota.v, -1);
	CHECK_INT(resources->cpu.period.v, 100000);
	CHECK_STR(resources->cpu.cpus, "0-1");
	CHECK(!resources->cpu.mems);
	/* 0 is a limit. */
	CHECK(resources->pids_limit.set);
	CHECK_INT(resources->pids_limit.v, 0);
	arena_done(&result.arena);
	check_refused(LINUX("\"resources\":{\"memory\":{\"limit\":-2}}"),
		      "config.json:1: linux.resources.memory.limit: `-2` is out of range (-1 to "
		      "9223372036854775807)");
	check_refused(LINUX("\"resources\":{\"pids\":{\"limit\":1.5}}"),
		      "config.json:1: linux.resources.pids.limit: expected an integer, got `1.5`");
	check_refused(LINUX("\"resources\":{\"cpu\":{\"idle\":2}}"),
		      "config.json:1: linux.resources.cpu.idle: `2` is out of range (0 to 1)");
}

TEST(block_io)
{
	struct result result = parse(LINUX(
		"\"resources\":{\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,"
		"\"minor\":0,\"weight\":20}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,"
		"\"rate\":1048576},{\"major\":8,\"minor\":16,\"rate\":0}],"
		"\"throttleWriteIOPSDevice\":[]}}"));
	const struct oci_block_io *block_io = &result.config->linux.resources.block_io;

	CHECK_STR(result.err.text, "");
	CHECK_INT(block_io->weight.v, 500);
	CHECK_INT(block_io->device_weights.count, 1);
	CHECK_INT(block_io->device_weights.items[0].weight, 20);
	CHECK_INT(block_io->read_bytes.count, 2);
	CHECK_INT(block_io->read_bytes.items[0].rate, 1048576);
	CHECK_INT(block_io->read_bytes.items[1].minor, 16);
	CHECK_INT(block_io->write_operations.count, 0);
	arena_done(&result.arena);
	check_refused(LINUX("\"resources\":{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,"
			    "\"rate\":1}]}}"),
		      "config.json:1: linux.resources.blockIO.throttleReadBpsDevice[0].minor: "
		      "required, but missing");
}

TEST(rootfs_propagation)
{
	struct result slave = parse(LINUX("\"rootfsPropagation\":\"rslave\""));
	struct result empty = parse(LINUX("\"rootfsPropagation\":\"\""));

	CHECK_INT(slave.config->linux.rootfs_propagation, MS_SLAVE | MS_REC);
	CHECK_INT(empty.config->linux.rootfs_propagation, 0);
	arena_done(&slave.arena);
	arena_done(&empty.arena);
	check_refused(LINUX("\"rootfsPropagation\":\"none\""),
		      "config.json:1: linux.rootfsPropagation: unknown propagation `none` (one of "
		      "shared, rshared, slave, rslave, private, rprivate, unbindable, "
		      "runbindable)");
}

/* Members that are known, but not in the model: `%s` stands for their value. */
static const struct {
	const char *text;
	const char *place;
} unsupported[] = {
	{ WITH(",\"mounts\":[{\"destination\":\"/x\",\"uidMappings\":%s}]"),
	  "mounts[0].uidMappings" },
	{ WITH(",\"mounts\":[{\"destination\":\"/x\",\"gidMappings\":%s}]"),
	  "mounts[0].gidMappings" },
	{ LINUX("\"netDevices\":%s"), "linux.netDevices" },
	{ LINUX("\"seccomp\":{\"listenerPath\":%s}"), "linux.seccomp.listenerPath" },
	{ LINUX("\"seccomp\":{\"listenerMetadata\":%s}"), "linux.seccomp.listenerMetadata" },
	{ LINUX("\"intelRdt\":%s"), "linux.intelRdt" },
	{ LINUX("\"memoryPolicy\":%s"), "linux.memoryPolicy" },
	{ LINUX("\"resources\":{\"blockIO\":{\"leafWeight\":%s}}"),
	  "linux.resources.blockIO.leafWeight" },
	{ LINUX("\"resources\":{\"hugepageLimits\":%s}"), "linux.resources.hugepageLimits" },
	{ LINUX("\"resources\":{\"network\":%s}"), "linux.resources.network" },
	{ LINUX("\"resources\":{\"rdma\":%s}"), "linux.resources.rdma" },
	{ LINUX("\"resources\":{\"unified\":%s}"), "linux.resources.unified" },
};

/* @text with @value for its `%s`. */
static const char *fill(struct arena *arena, const char *text, const char *value)
{
	const char *gap = strstr(text, "%s");

	return arena_printf(arena, "%.*s%s%s", (int)(gap - text), text, value, gap + 2);
}

TEST(what_cannot_be_applied_is_refused_unless_empty)
{
	static const char *const empty[] = { "{}", "[]", "\"\"", "0", "false", "null" };
	struct arena arena = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++) {
		check_refused(fill(&arena, unsupported[i].text, "{\"a\":1}"),
			      arena_printf(&arena,
					   "config.json:1: %s: not supported by this version of "
					   "nvcrun",
					   unsupported[i].place));
		for (size_t j = 0; j < ARRAY_SIZE(empty); j++) {
			struct result result = parse(fill(&arena, unsupported[i].text, empty[j]));

			CHECK_STR(result.err.text, "");
			arena_done(&result.arena);
		}
	}
	arena_done(&arena);
}

TEST(other_platforms_and_unknown_members_are_ignored)
{
	struct result result = parse(WITH(
		",\"windows\":{\"layerFolders\":[1]},\"solaris\":{\"a\":1},\"vm\":{\"a\":1},"
		"\"zos\":{\"a\":1},\"freebsd\":{\"a\":1},\"linux\":{\"new\":[1]},\"nosuch\":true,"
		"\"hostname\":\"\",\"hooks\":null"));

	CHECK_STR(result.err.text, "");
	CHECK(!result.config->hostname);
	arena_done(&result.arena);
}

TEST(the_default_is_a_config_of_ours)
{
	struct arena arena = { 0 };
	struct oci_notes notes = { 0 };
	struct oci_default wish = { 0 };
	struct oci_config *config;
	struct err err = { 0 };
	char *text;
	size_t len;

	VEC_PUSH(&wish.env, &arena, "NVIDIA_VISIBLE_DEVICES=all");
	CHECK_INT(oci_config_default(&wish, &arena, &text, &len), 0);
	CHECK_INT(strlen(text), len);
	CHECK(str_has_prefix(text,
			     "{\n\t\"ociVersion\": \"" OCI_VERSION "\",\n\t\"process\": {\n"));
	CHECK(str_has_suffix(text, "\n}\n"));
	CHECK_INT(oci_config_parse(text, len, "/b", &arena, &notes, &config, &err), 0);
	CHECK_INT(notes.warnings.count, 0);
	CHECK_STR(config->hostname, "nvcrun");
	CHECK_STR(config->root.path, "rootfs");
	CHECK(config->root.readonly);
	CHECK(config->process.terminal && config->process.no_new_privileges);
	CHECK_STR(config->process.args.items[0], "sh");
	CHECK_INT(config->process.env.count, 3);
	CHECK_STR(config->process.env.items[2], "NVIDIA_VISIBLE_DEVICES=all");
	CHECK_INT(config->process.capabilities.bounding, 1 << 29 | 1 << 10 | 1 << 5);
	CHECK_INT(config->process.capabilities.permitted, 1 << 29 | 1 << 10 | 1 << 5);
	CHECK_INT(config->process.capabilities.effective, 1 << 29 | 1 << 10 | 1 << 5);
	CHECK_INT(config->process.capabilities.inheritable, 0);
	CHECK_INT(config->process.capabilities.ambient, 0);
	CHECK_INT(config->process.rlimits.items[0].hard, 1024);
	CHECK_INT(config->mounts.count, 7);
	CHECK_STR(config->mounts.items[1].options.items[3], "size=65536k");
	CHECK_STR(config->mounts.items[6].destination, "/sys/fs/cgroup");
	CHECK(config->linux.namespaces[OCI_NS_CGROUP].present);
	CHECK(!config->linux.namespaces[OCI_NS_USER].present);
	CHECK_INT(config->linux.masked_paths.count, 10);
	CHECK_INT(config->linux.readonly_paths.count, 5);
	CHECK_INT(config->linux.resources.devices.count, 1);
	CHECK(!config->linux.resources.devices.items[0].allow);
	arena_done(&arena);
}

TEST(the_rootless_default)
{
	struct oci_default wish = { .rootless = true, .uid = 1000, .gid = 1001 };
	struct arena arena = { 0 };
	struct oci_config *config;
	struct err err = { 0 };
	char *text;
	size_t len;

	CHECK_INT(oci_config_default(&wish, &arena, &text, &len), 0);
	CHECK_INT(oci_config_parse(text, len, "/b", &arena, NULL, &config, &err), 0);
	CHECK(config->linux.namespaces[OCI_NS_USER].present);
	CHECK(!config->linux.namespaces[OCI_NS_NETWORK].present);
	CHECK_INT(config->linux.uid_maps.items[0].host_id, 1000);
	CHECK_INT(config->linux.gid_maps.items[0].host_id, 1001);
	CHECK_INT(config->linux.resources.devices.count, 0);
	CHECK_STR(config->mounts.items[5].source, "/sys");
	VEC_EACH(option, &config->mounts.items[2].options)
		CHECK(!str_has_prefix(*option, "gid="));
	arena_done(&arena);
}

TEST(a_bundle_is_read)
{
	char bundle[] = "/tmp/test_oci_config.XXXXXX";
	struct arena arena = { 0 };
	struct oci_default wish = { 0 };
	struct oci_config *config = NULL;
	struct err missing = { 0 }, err = { 0 };
	char *text;
	int dir_fd, r, absent;
	size_t len;

	CHECK(mkdtemp(bundle));
	absent = oci_config_read(bundle, &arena, NULL, &config, &missing);
	CHECK_INT(oci_config_default(&wish, &arena, &text, &len), 0);
	dir_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fd_replace_file(dir_fd, "config.json", 0644, text, len), 0);
	r = oci_config_read(bundle, &arena, NULL, &config, &err);
	CHECK_INT(unlinkat(dir_fd, "config.json", 0), 0);
	fd_close(dir_fd);
	CHECK_INT(rmdir(bundle), 0);

	CHECK_INT(absent, -ENOENT);
	CHECK_STR(missing.text,
		  arena_printf(&arena,
			       "config.json: open %s/config.json: no such file or directory "
			       "(`nvcrun spec --bundle %s` makes one)",
			       bundle, bundle));
	CHECK_STR(err.text, "");
	CHECK_INT(r, 0);
	CHECK_STR(config->bundle, bundle);
	arena_done(&arena);
}

TEST(an_unreadable_bundle_is_named)
{
	struct arena arena = { 0 };
	struct oci_config *config;
	struct err err = { 0 };

	CHECK_INT(oci_config_read("/dev/null", &arena, NULL, &config, &err), -ENOTDIR);
	CHECK_STR(err.text, "config.json: read /dev/null/config.json: not a directory");
	arena_done(&arena);
}

TEST_MAIN()
