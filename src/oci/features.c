/* SPDX-License-Identifier: Apache-2.0 */
/* The features document. */
#include "oci/features.h"

#include "base/json.h"
#include "oci/config_decode.h"
#include "oci/enums.h"
#include "oci/mount_options.h"
#include "oci/version.h"

/* The program that talks to systemd is built where its library is. */
#ifdef HAVE_SYSTEMD
#define HAS_SYSTEMD true
#else
#define HAS_SYSTEMD false
#endif

/* { "<key>": { "enabled": … } } */
static void write_enabled(struct json_writer *w, const char *key, bool is_enabled)
{
	json_object(w, key);
	json_bool(w, "enabled", is_enabled);
	json_end_object(w);
}

static void write_namespaces(struct json_writer *w)
{
	json_array(w, "namespaces");
	for (size_t i = 0; i < oci_namespace_words.count; i++) {
		const struct name_value *word = &oci_namespace_words.items[i];

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
	json_bool(w, "systemd", HAS_SYSTEMD);
	json_bool(w, "systemdUser", false);
	json_bool(w, "rdma", false);
	json_end_object(w);
}

/* @is_supported: NULL: all of them */
static void write_words(struct json_writer *w, const char *key, const struct words *words,
			bool (*is_supported)(uint32_t))
{
	json_array(w, key);
	for (size_t i = 0; i < words->count; i++) {
		if (!is_supported || is_supported((uint32_t)words->items[i].value))
			json_string(w, NULL, words->items[i].name);
	}
	json_end_array(w);
}

static void write_seccomp(struct json_writer *w)
{
	json_object(w, "seccomp");
	json_bool(w, "enabled", true);
	write_words(w, "actions", &oci_seccomp_action_words, oci_seccomp_action_is_supported);
	write_words(w, "operators", &oci_seccomp_op_words, NULL);
	write_words(w, "archs", &oci_seccomp_arch_words, NULL);
	write_words(w, "knownFlags", &oci_seccomp_flag_words, NULL);
	write_words(w, "supportedFlags", &oci_seccomp_flag_words, oci_seccomp_flag_is_supported);
	json_end_object(w);
}

/* Spec: features-linux.md */
static void write_linux(struct json_writer *w)
{
	json_object(w, "linux");
	write_namespaces(w);
	write_capabilities(w);
	write_cgroup(w);
	write_seccomp(w);
	write_enabled(w, "apparmor", true);
	write_enabled(w, "selinux", true);
	write_enabled(w, "intelRdt", false);
	json_object(w, "mountExtensions");
	write_enabled(w, "idmap", false);
	json_end_object(w);
	write_enabled(w, "netDevices", false);
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
	write_words(&w, "hooks", &oci_hook_words, NULL);
	json_strings(&w, "mountOptions", &options);
	write_linux(&w);
	json_object(&w, "annotations");
	json_string(&w, "io.nvcrun.version", PACKAGE_VERSION);
	json_end_object(&w);
	json_end_object(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, &len));
}
