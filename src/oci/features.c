/* SPDX-License-Identifier: Apache-2.0 */
/* The features document. */
#include "oci/features.h"

#include "base/json.h"
#include "oci/config_decode.h"
#include "oci/enums.h"
#include "oci/mount_options.h"
#include "oci/version.h"

/* { "<key>": { "enabled": false } } */
static void write_disabled(struct json_writer *w, const char *key)
{
	json_object(w, key);
	json_bool(w, "enabled", false);
	json_end_object(w);
}

static void write_namespaces(struct json_writer *w)
{
	json_array(w, "namespaces");
	for (size_t i = 0; i < oci_namespace_words.count; i++) {
		const struct name_value *word = &oci_namespace_words.items[i];

		if (oci_namespace_is_supported((enum oci_namespace_type)word->value))
			json_string(w, NULL, word->name);
	}
	json_end_array(w);
}

static void write_capabilities(struct json_writer *w)
{
	json_array(w, "capabilities");
	for (size_t i = 0; i < oci_capability_words.count; i++)
		json_string(w, NULL, oci_capability_words.items[i].name);
	json_end_array(w);
}

static void write_cgroup(struct json_writer *w)
{
	json_object(w, "cgroup");
	json_bool(w, "v1", true);
	json_bool(w, "v2", true);
	json_bool(w, "systemd", false);
	json_bool(w, "systemdUser", false);
	json_bool(w, "rdma", false);
	json_end_object(w);
}

/* Spec: features-linux.md */
static void write_linux(struct json_writer *w)
{
	json_object(w, "linux");
	write_namespaces(w);
	write_capabilities(w);
	write_cgroup(w);
	write_disabled(w, "seccomp");
	write_disabled(w, "apparmor");
	write_disabled(w, "selinux");
	write_disabled(w, "intelRdt");
	json_object(w, "mountExtensions");
	write_disabled(w, "idmap");
	json_end_object(w);
	write_disabled(w, "netDevices");
	json_end_object(w);
}

char *oci_features_text(struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 };
	struct strings options = mount_option_names(arena);
	size_t len;

	json_writer_init(&w, "\t");
	json_object(&w, NULL);
	json_string(&w, "ociVersionMin", OCI_VERSION_MIN);
	json_string(&w, "ociVersionMax", OCI_VERSION);
	/* An empty list says that none are run; without the key nothing would be known. */
	json_array(&w, "hooks");
	json_end_array(&w);
	json_strings(&w, "mountOptions", &options);
	write_linux(&w);
	json_object(&w, "annotations");
	json_string(&w, "io.nvcrun.version", PACKAGE_VERSION);
	json_end_object(&w);
	json_end_object(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, &len));
}
