/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules for cgroup v1: devices.allow and devices.deny keep a default and a flat list of
 * exceptions to it. Documentation/admin-guide/cgroup-v1/devices.rst
 */
#include <errno.h>
#include <inttypes.h>

#include "base/str.h"
#include "cgroups/device_access.h"
#include "cgroups/devices.h"
#include "cgroups/dir.h"

static void add_number(struct strbuf *line, int64_t number)
{
	if (number == -1)
		strbuf_addc(line, '*');
	else
		strbuf_addf(line, "%" PRId64, number);
}

/* `c 1:3 rwm` */
static const char *rule_line(const struct oci_device_rule *rule, char type, struct arena *arena)
{
	struct strbuf line = { .arena = arena };

	strbuf_addf(&line, "%c ", type);
	add_number(&line, rule->major);
	strbuf_addc(&line, ':');
	add_number(&line, rule->minor);
	strbuf_addf(&line, " %s%s%s", rule->read ? "r" : "", rule->write ? "w" : "",
		    rule->mknod ? "m" : "");
	return strbuf_text(&line);
}

static int write_line(int cgroup_fd, const char *file, const char *line, struct err *err)
{
	int r = cg_file_write(cgroup_fd, file, line);

	if (r < 0)
		return err_code(err, r, "linux.resources.devices: write `%s` to %s", line, file);
	return 0;
}

int cg_devices_write_v1(int cgroup_fd, const struct cg_device_rules *rules, struct arena *arena,
			struct err *err)
{
	/* `a` sets the default and empties the list; exceptions go to the other file. */
	const char *reset = rules->allow_by_default ? "devices.allow" : "devices.deny";
	const char *file = rules->allow_by_default ? "devices.deny" : "devices.allow";
	int r;

	VEC_EACH(rule, &rules->rules) {
		/* What is left of rules like the default takes a part of an exception back. */
		if (rule->allow == rules->allow_by_default)
			return err_set(
				err, EINVAL,
				"linux.resources.devices: cgroup v1 cannot %s `%s`, a part of"
				" what an earlier rule %s; list the devices one by one",
				rule->allow ? "allow" : "deny", rule_line(rule, rule->type, arena),
				rule->allow ? "denies" : "allows");
	}
	r = write_line(cgroup_fd, reset, "a", err);
	VEC_EACH(rule, &rules->rules) {
		/* Here `a` would mean everything. */
		const char *types = rule->type == 'a' ? "cb" : (char[]){ rule->type, '\0' };

		for (; r == 0 && *types; types++)
			r = write_line(cgroup_fd, file, rule_line(rule, *types, arena), err);
	}
	return r;
}
