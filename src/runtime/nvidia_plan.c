/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` would do for GPUs: its own first rows, and nothing after them. */
#include "runtime/nvidia_plan.h"

#include "runtime/steps.h"

/* As that of create, but that no device is opened. */
static int plan_nvidia(struct create *c, struct err *err)
{
	return nv_inject(&c->request, &c->settings, c->rootfs_fd, c->arena, &c->nvidia, err);
}

/* Errors start with the names of create's rows, so they are the same. */
static const struct step rows[] = {
	{ "read-config", HOST, NULL, step_read_config, NULL },
	{ "inject-nvidia", HOST, wants_nvidia, plan_nvidia, NULL },
};

static int walk(struct create *c, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].wanted && !rows[i].wanted(c))
			continue;
		if (rows[i].run(c, err) < 0)
			return err_prefix(err, "%s", rows[i].name);
	}
	return 0;
}

int runtime_nvidia_plan(const struct create_options *options, struct arena *arena,
			struct nv_plan *ret, struct err *err)
{
	struct nv_plan plan = { 0 };
	struct create c;
	int r;

	create_init(&c, options, arena);
	r = walk(&c, err);
	create_done(&c);
	if (r < 0)
		return r;
	plan.request = c.request;
	plan.settings = c.settings;
	plan.injection = c.nvidia;
	VEC_EACH(hook, &c.config->hooks[OCI_HOOK_PRESTART]) {
		if (oci_edits_drops_hook(&plan.injection.edits, hook))
			VEC_PUSH(&plan.dropped_hooks, arena, hook->path);
	}
	VEC_EACH(warning, &plan.request.warnings)
		VEC_PUSH(&plan.warnings, arena, *warning);
	VEC_EACH(warning, &plan.injection.warnings)
		VEC_PUSH(&plan.warnings, arena, *warning);
	*ret = plan;
	return 0;
}
