/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules, normalised. Each of the accesses r, w, m is decided for itself by the last rule that
 * matches the device and names that access; a request passes when all its accesses pass. So a rule
 * never loses a letter because a later rule names another one.
 */
#include "cgroups/devices.h"

#include "cgroups/device_access.h"

/* Device numbers that the kernel can have (include/linux/kdev_t.h). */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff

/*
 * What no container may lose, config or not: engines and programs count on it. Evaluated first, as the
 * last of the list; mknod of everything leads, because in the v2 program it decides a third of all cases.
 */
static const struct oci_device_rule defaults[] = {
	/*       type major minor   r      w      m   */
	{ true, 'c', 1, 3, true, true, true, "null" },
	{ true, 'c', 1, 5, true, true, true, "zero" },
	{ true, 'c', 1, 7, true, true, true, "full" },
	{ true, 'c', 1, 8, true, true, true, "random" },
	{ true, 'c', 1, 9, true, true, true, "urandom" },
	{ true, 'c', 5, 0, true, true, true, "tty" },
	{ true, 'c', 5, 2, true, true, true, "ptmx" },
	{ true, 'c', 10, 200, true, true, true, "tun" },
	{ true, 'c', 136, -1, true, true, true, "pts" },
	{ true, 'a', -1, -1, false, false, true, "mknod" },
};

unsigned int cg_device_access(const struct oci_device_rule *rule)
{
	return (rule->mknod ? CG_MKNOD : 0) | (rule->read ? CG_READ : 0) |
	       (rule->write ? CG_WRITE : 0);
}

static void set_access(struct oci_device_rule *rule, unsigned int access)
{
	rule->mknod = access & CG_MKNOD;
	rule->read = access & CG_READ;
	rule->write = access & CG_WRITE;
}

static bool number_covers(int64_t a, int64_t b)
{
	return a == -1 || a == b;
}

static bool number_meets(int64_t a, int64_t b)
{
	return a == b || a == -1 || b == -1;
}

/* Every device of @b is one of @a. */
static bool covers(const struct oci_device_rule *a, const struct oci_device_rule *b)
{
	return (a->type == 'a' || a->type == b->type) && number_covers(a->major, b->major) &&
	       number_covers(a->minor, b->minor);
}

/* Some device and access are in both. */
static bool meets(const struct oci_device_rule *a, const struct oci_device_rule *b)
{
	return (a->type == b->type || a->type == 'a' || b->type == 'a') &&
	       number_meets(a->major, b->major) && number_meets(a->minor, b->minor) &&
	       (cg_device_access(a) & cg_device_access(b));
}

static bool same_devices(const struct oci_device_rule *a, const struct oci_device_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool can_match(const struct oci_device_rule *rule)
{
	return rule->major >= -1 && rule->major <= MAJOR_MAX && rule->minor >= -1 &&
	       rule->minor <= MINOR_MAX;
}

/* A rule for both types is one for each: only there can a later rule cover it. */
static void add_rule(struct cg_device_rules *rules, struct arena *arena,
		     const struct oci_device_rule *rule)
{
	for (const char *type = rule->type == 'a' ? "cb" : (char[]){ rule->type, '\0' }; *type;
	     type++) {
		struct oci_device_rule *added = VEC_ADD(&rules->rules, arena);

		*added = *rule;
		added->type = *type;
	}
}

/* Config's rules. `a` on everything starts afresh, as writing `a` does in v1. */
static void add_config(struct cg_device_rules *rules, struct arena *arena,
		       const struct oci_resources *resources)
{
	VEC_EACH(it, &resources->devices) {
		bool everything = it->type == 'a' && it->major == -1 && it->minor == -1;
		unsigned int access = cg_device_access(it);
		struct oci_device_rule rule = *it;

		/* No access named: `a` means all; else the rule allows nothing, or denies all. */
		if (!access && (everything || !rule.allow))
			access = CG_ACCESS_ALL;
		set_access(&rule, access);
		if (everything && access == CG_ACCESS_ALL) {
			rules->allow_by_default = rule.allow;
			rules->rules.count = 0;
		} else if (can_match(&rule)) {
			add_rule(rules, arena, &rule);
		}
	}
}

/* Take off each rule what a later one decides anyway. */
static void strip_covered(struct cg_device_rules *rules)
{
	for (size_t i = 0; i < rules->rules.count; i++) {
		struct oci_device_rule *rule = &rules->rules.items[i];

		for (size_t j = i + 1; j < rules->rules.count; j++) {
			const struct oci_device_rule *later = &rules->rules.items[j];

			if (covers(later, rule))
				set_access(rule, cg_device_access(rule) & ~cg_device_access(later));
		}
	}
}

/* Join a rule with the next of the same devices, unless one between them decides otherwise. */
static void join_same(struct cg_device_rules *rules)
{
	for (size_t i = 0; i < rules->rules.count; i++) {
		struct oci_device_rule *rule = &rules->rules.items[i];

		for (size_t j = i + 1; j < rules->rules.count; j++) {
			struct oci_device_rule *later = &rules->rules.items[j];

			if (later->allow != rule->allow) {
				if (meets(later, rule))
					break;
			} else if (cg_device_access(later) && same_devices(later, rule)) {
				set_access(later, cg_device_access(later) | cg_device_access(rule));
				set_access(rule, 0);
				break;
			}
		}
	}
}

/* Whether the rules before it, or the default, say the same. */
static bool is_pointless(const struct cg_device_rules *rules, size_t i)
{
	const struct oci_device_rule *rule = &rules->rules.items[i];
	unsigned int access = cg_device_access(rule);

	while (access && i-- > 0) {
		const struct oci_device_rule *earlier = &rules->rules.items[i];

		if (!meets(earlier, rule))
			continue;
		if (earlier->allow != rule->allow)
			return false;
		if (covers(earlier, rule) && !(access & ~cg_device_access(earlier)))
			return true;
	}
	return !access || rule->allow == rules->allow_by_default;
}

static void drop_pointless(struct cg_device_rules *rules)
{
	size_t kept = 0;

	for (size_t i = 0; i < rules->rules.count; i++) {
		rules->rules.items[kept] = rules->rules.items[i];
		kept += !is_pointless(rules, kept);
	}
	rules->rules.count = kept;
}

void cg_device_rules_build(const struct oci_resources *resources, struct arena *arena,
			   struct cg_device_rules *ret)
{
	struct cg_device_rules rules = { .allow_by_default = false };

	if (resources)
		add_config(&rules, arena, resources);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		VEC_PUSH(&rules.rules, arena, defaults[i]);
	strip_covered(&rules);
	join_same(&rules);
	drop_pointless(&rules);
	*ret = rules;
}
