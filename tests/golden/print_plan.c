/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_plan BUNDLE [SETTINGS]: the plan that nvcrun would carry out for a bundle, as JSON, with the device
 * rules. Reads only; needs no root. The cgroup is a fixed one, so that the output is the same everywhere: v2,
 * or v1 for a config with the annotation nvcrun.test.cgroups=v1.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "linux/rootfs_plan.h"
#include "nvidia/inject.h"
#include "oci/config_io.h"
#include "oci/edits.h"
#include "oci/enums.h"

static int edit(struct oci_config *config, const char *bundle, const char *settings_file,
		struct arena *arena, struct strings *warnings, struct err *err)
{
	cleanup_close int root_fd = -EBADF;
	struct nv_settings settings;
	struct nv_request request;
	struct nv_injection nvidia;
	int r;

	/* Whether the machine itself has a driver must not matter. */
	if (!nv_may_be_requested(config, NULL, arena) && !settings_file)
		return 0;
	r = nv_settings_read(settings_file, arena, &settings, err);
	if (r == 0)
		r = nv_request_read(config, NULL, &settings, arena, &request, err);
	if (r < 0)
		return r;
	root_fd = open(arena_printf(arena, "%s/%s", bundle, config->root.path),
		       O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_errno(err, "open the root file system");
	r = nv_inject(&request, &settings, root_fd, arena, &nvidia, err);
	if (r < 0)
		return r;
	*warnings = nvidia.warnings;
	return oci_edits_apply(config, &nvidia.edits, arena, err);
}

/* rootfsPropagation decides both; the second is empty where nothing is set after the pivot. */
static void print_propagation(const struct rootfs_plan *plan, struct json_writer *w)
{
	const struct words *words = &oci_propagation_words;
	const char *final = names_of(words->items, words->count, (int64_t)plan->final_propagation);

	json_string(w, "propagation",
		    names_of(words->items, words->count, (int64_t)plan->propagation));
	if (final)
		json_string(w, "finalPropagation", final);
}

static void add_cgroup(struct rootfs_cgroups *cgroups, struct arena *arena, const char *name,
		       const char *host_dir, const char *aliases)
{
	struct rootfs_cgroup *cgroup = VEC_ADD(&cgroups->items, arena);

	cgroup->name = name;
	cgroup->host_dir = host_dir;
	cgroup->aliases = str_split(arena, aliases, ',', false);
}

static void add_cgroups(const struct oci_config *config, struct arena *arena,
			struct rootfs_cgroups *cgroups)
{
	VEC_EACH(annotation, &config->annotations) {
		if (!str_eq(annotation->key, "nvcrun.test.cgroups"))
			continue;
		add_cgroup(cgroups, arena, "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/test",
			   "cpu,cpuacct");
		add_cgroup(cgroups, arena, "memory", "/sys/fs/cgroup/memory/test", "");
		return;
	}
	add_cgroup(cgroups, arena, "", "/sys/fs/cgroup/test", "");
}

static void print_rules(const struct oci_config *config, struct json_writer *w)
{
	json_array(w, "deviceRules");
	VEC_EACH(rule, &config->linux.resources.devices) {
		char text[96];

		snprintf(text, sizeof(text), "%s %c %ld:%ld %s%s%s", rule->allow ? "allow" : "deny",
			 rule->type, rule->major, rule->minor, rule->read ? "r" : "",
			 rule->write ? "w" : "", rule->mknod ? "m" : "");
		json_string(w, NULL, text);
	}
	json_end_array(w);
}

int main(int argc, char *argv[])
{
	cleanup_json_writer struct json_writer w = { 0 };
	struct rootfs_cgroups cgroups = { 0 };
	struct arena arena = { 0 };
	struct oci_notes notes = { 0 };
	struct oci_config *config;
	struct rootfs_plan plan;
	struct err err = { 0 };
	size_t len;
	int r;

	if (argc < 2 || argc > 3)
		return 2;
	r = oci_config_read(argv[1], &arena, &notes, &config, &err);
	if (r == 0)
		r = edit(config, argv[1], argc == 3 ? argv[2] : NULL, &arena, &notes.warnings,
			 &err);
	if (r == 0)
		add_cgroups(config, &arena, &cgroups);
	if (r == 0)
		r = rootfs_plan_build(config, &cgroups, &arena, &plan, &err);
	if (r < 0) {
		fprintf(stderr, "print_plan: %s\n", err.text);
		arena_done(&arena);
		return 1;
	}
	json_writer_init(&w, "\t");
	json_object(&w, NULL);
	json_strings(&w, "env", &config->process.env);
	print_propagation(&plan, &w);
	rootfs_plan_print(&plan, &w, "ops");
	print_rules(config, &w);
	if (notes.warnings.count)
		json_strings(&w, "warnings", &notes.warnings);
	json_end_object(&w);
	puts(json_writer_text(&w, &arena, &len));
	arena_done(&arena);
	return 0;
}
