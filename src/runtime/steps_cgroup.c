/* SPDX-License-Identifier: Apache-2.0 */
/* The host's rows of the create table about the container's cgroup. */
#include <errno.h>

#include "runtime/steps.h"

#define DESTROY_TIMEOUT_MS 10000

int choose_cgroup(struct create *c, struct err *err)
{
	const struct cg_wish wish = {
		.manager = c->options->cgroup_manager,
		.cgroups_path = c->config->linux.cgroups_path,
		.id = c->options->id,
	};
	int r = 0;

	/* Without a cgroup of its own it does not matter whether the host has any. */
	if (wish.manager != CG_DISABLED)
		r = cg_layout_read(c->arena, &c->layout, err);
	if (r == 0)
		r = cg_place_choose(&c->layout, &wish, c->arena, &c->record.cgroup, err);
	return r;
}

static bool is_rootless(const struct create *c)
{
	return c->options->rootless == ROOTLESS_TRUE ||
	       (c->options->rootless == ROOTLESS_AUTO && !proc_is_real_root());
}

/* Who may make no cgroup gets a container without one, if that is all that is missing then. */
static int go_without_cgroup(struct create *c, struct err *err)
{
	const struct cg_place none = { .manager = CG_DISABLED };
	int r;

	if (c->config->linux.cgroups_path ||
	    cg_check(&c->layout, &none, &c->config->linux.resources, c->arena, NULL) < 0)
		return err_prefix(err,
				  "rootless needs no limits + no cgrouppath when no permission is"
				  " granted for cgroups");
	undo_create_cgroup(c);
	c->record.cgroup = none;
	r = record_write(c->record_fd, &c->record, err);
	/* What a mount of type `cgroup` shows is another thing now. */
	return r < 0 ? r : step_plan_rootfs(c, err);
}

int step_create_cgroup(struct create *c, struct err *err)
{
	const struct oci_resources *resources = &c->config->linux.resources;
	int r;

	/* systemd makes it around a process: that comes with enter-cgroup. */
	if (c->record.cgroup.manager != CG_CGROUPFS)
		return cg_check(&c->layout, &c->record.cgroup, resources, c->arena, err);
	r = cg_create(&c->layout, &c->record.cgroup, resources, &c->cgroup_fd, c->arena, err);
	if ((r == -EACCES || r == -EPERM || r == -EROFS) && is_rootless(c))
		return go_without_cgroup(c, err);
	return r;
}

/* Whether this create made a cgroup: what it found may hold other processes by now. */
static bool has_made_one(const struct cg_place *place)
{
	VEC_EACH(made, &place->made) {
		if (**made)
			return true;
	}
	return false;
}

void undo_create_cgroup(struct create *c)
{
	/* Else all died with init; the cgroup may have been given to another container, too. */
	if (c->record.shares_pid_namespace && has_made_one(&c->record.cgroup))
		(void)cg_kill(&c->record.cgroup, DESTROY_TIMEOUT_MS, NULL);
	(void)cg_destroy(&c->record.cgroup, DESTROY_TIMEOUT_MS, NULL);
}

static int start_unit(struct create *c, struct err *err)
{
	const struct oci_resources *resources = &c->config->linux.resources;
	int r = cg_unit_start(&c->layout, &c->record.cgroup, resources, c->clone.pid, c->arena,
			      err);

	if (r < 0) {
		/* A unit of that name may be another's: it is not ours to stop. */
		c->record.cgroup = (struct cg_place){ .manager = CG_DISABLED };
		return r;
	}
	return cg_create(&c->layout, &c->record.cgroup, resources, &c->cgroup_fd, c->arena, err);
}

int step_enter_cgroup(struct create *c, struct err *err)
{
	if (c->record.cgroup.manager == CG_SYSTEMD) {
		int r = start_unit(c, err);

		if (r < 0)
			return r;
	}
	return cg_enter(&c->record.cgroup, &c->layout, c->clone.pid, c->clone.in_cgroup, err);
}
