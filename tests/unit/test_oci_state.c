/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the documents that are printed: state and features. */
#include "test.h"

#include "base/json.h"
#include "oci/features.h"
#include "oci/mount_options.h"
#include "oci/state.h"
#include "oci/version.h"

static const char *state_text(const struct oci_state *state, const char *indent,
			      struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 };
	size_t len;

	json_writer_init(&w, indent);
	oci_state_write(state, &w, NULL);
	return json_writer_text(&w, arena, &len);
}

TEST(the_keys_of_a_state_are_in_order)
{
	static const struct oci_annotation annotations[] = { { "b/c", "1" }, { "a", "" } };
	struct oci_state state = {
		.version = "1.0.2",
		.id = "ctr",
		.status = "running",
		.pid = 4242,
		.bundle = "/b",
		.rootfs = "/b/rootfs",
		.created = "2026-01-02T03:04:05.000000006Z",
		.owner = "",
		.annotations = annotations,
		.n_annotations = ARRAY_SIZE(annotations),
	};
	struct arena arena = { 0 };

	CHECK_STR(state_text(&state, NULL, &arena),
		  "{\"ociVersion\":\"1.0.2\",\"id\":\"ctr\",\"pid\":4242,\"status\":\"running\","
		  "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
		  "\"created\":\"2026-01-02T03:04:05.000000006Z\","
		  "\"annotations\":{\"b/c\":\"1\",\"a\":\"\"},\"owner\":\"\"}");
	arena_done(&arena);
}

TEST(no_annotations_are_left_out)
{
	struct oci_state state = {
		.version = "1.0.2",
		.id = "ctr",
		.status = "stopped",
		.bundle = "/b",
		.rootfs = "/r",
		.created = "now",
		.owner = "root",
	};
	struct arena arena = { 0 };

	CHECK_STR(state_text(&state, NULL, &arena),
		  "{\"ociVersion\":\"1.0.2\",\"id\":\"ctr\",\"pid\":0,\"status\":\"stopped\","
		  "\"bundle\":\"/b\",\"rootfs\":\"/r\",\"created\":\"now\",\"owner\":\"root\"}");
	CHECK(str_has_prefix(state_text(&state, "  ", &arena),
			     "{\n  \"ociVersion\": \"1.0.2\",\n  \"id\": \"ctr\",\n"));
	arena_done(&arena);
}

/* The member at @path (with dots) of the features document. */
static const struct value *feature(struct arena *arena, const char *path)
{
	const char *text = oci_features_text(arena);
	struct strings keys = str_split(arena, path, '.', false);
	const struct value *value = NULL;

	CHECK_INT(json_read(text, strlen(text), "features", arena, &value, NULL), 0);
	VEC_EACH(key, &keys)
		value = value_get(value, *key);
	return value;
}

static bool has_text(const struct value *array, const char *text)
{
	VEC_EACH(it, &array->items) {
		if ((*it)->kind == VALUE_STRING && str_eq((*it)->text, text))
			return true;
	}
	return false;
}

TEST(features_are_a_document)
{
	struct arena arena = { 0 };
	const char *text = oci_features_text(&arena);

	CHECK(str_has_prefix(text, "{\n\t\"ociVersionMin\": \"1.0.0\",\n"));
	CHECK(str_has_suffix(text, "\n}\n"));
	CHECK(!strstr(text, "null"));
	CHECK_STR(feature(&arena, "ociVersionMax")->text, OCI_VERSION);
	CHECK_STR(value_get(feature(&arena, "annotations"), "io.nvcrun.version")->text,
		  PACKAGE_VERSION);
	arena_done(&arena);
}

TEST(features_tell_no_more_than_there_is)
{
	static const char *const absent[] = {
		"linux.cgroup.systemdUser",
		"linux.cgroup.rdma",
		"linux.intelRdt.enabled",
		"linux.netDevices.enabled",
		"linux.mountExtensions.idmap.enabled",
	};
	struct arena arena = { 0 };
	const struct value *namespaces = feature(&arena, "linux.namespaces");

	for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
		const struct value *value = feature(&arena, absent[i]);

		if (!value || value->kind != VALUE_BOOL || value->boolean)
			FAIL("%s is not false", absent[i]);
	}
	CHECK(feature(&arena, "linux.cgroup.systemd")->boolean);
	CHECK(feature(&arena, "linux.seccomp.enabled")->boolean);
	CHECK(has_text(feature(&arena, "linux.seccomp.actions"), "SCMP_ACT_ERRNO"));
	CHECK(!has_text(feature(&arena, "linux.seccomp.actions"), "SCMP_ACT_NOTIFY"));
	CHECK(has_text(feature(&arena, "linux.seccomp.operators"), "SCMP_CMP_MASKED_EQ"));
	CHECK(has_text(feature(&arena, "linux.seccomp.archs"), "SCMP_ARCH_X32"));
	CHECK_INT(feature(&arena, "linux.seccomp.knownFlags")->items.count, 4);
	CHECK_INT(feature(&arena, "linux.seccomp.supportedFlags")->items.count, 3);
	CHECK(feature(&arena, "linux.cgroup.v1")->boolean);
	CHECK(feature(&arena, "linux.cgroup.v2")->boolean);
	CHECK(feature(&arena, "linux.apparmor.enabled")->boolean);
	CHECK(feature(&arena, "linux.selinux.enabled")->boolean);
	CHECK_INT(feature(&arena, "hooks")->items.count, 6);
	CHECK(has_text(feature(&arena, "hooks"), "createContainer"));
	CHECK_INT(namespaces->items.count, OCI_NS_COUNT);
	CHECK(has_text(namespaces, "network"));
	CHECK(has_text(namespaces, "user"));
	CHECK_INT(feature(&arena, "linux.capabilities")->items.count, 41);
	arena_done(&arena);
}

TEST(features_list_every_mount_option)
{
	struct arena arena = { 0 };
	const struct value *options = feature(&arena, "mountOptions");
	struct strings names = mount_option_names(&arena);

	CHECK_INT(options->items.count, names.count);
	CHECK(has_text(options, "rro"));
	CHECK(!has_text(options, "idmap"));
	VEC_EACH(name, &names)
		CHECK(has_text(options, *name));
	arena_done(&arena);
}

TEST_MAIN()
