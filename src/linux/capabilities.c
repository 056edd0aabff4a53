/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets, by libcap. */
#include "linux/capabilities.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "oci/enums.h"

static uint64_t own_bounding(void)
{
	uint64_t set = 0;

	for (cap_value_t cap = 0; cap < 64; cap++) {
		int has = cap_get_bound(cap);

		if (has < 0)
			break;
		if (has)
			set |= 1ULL << cap;
	}
	return set;
}

/* man 7 capabilities: ambient ones must be permitted and inheritable. runc's words. */
static void warn_ambient(const struct oci_capabilities *sets, struct arena *arena,
			 struct strings *warnings)
{
	uint64_t lost = sets->ambient & ~(sets->permitted & sets->inheritable);

	for (size_t i = 0; i < oci_capability_words.count; i++) {
		const struct name_value *word = &oci_capability_words.items[i];

		if (lost & (1ULL << word->value))
			VEC_PUSH(warnings, arena,
				 arena_printf(arena,
					      "can't raise ambient capability %s: it is not "
					      "permitted and inheritable",
					      word->name));
	}
}

void capabilities_limit(struct oci_capabilities *sets, struct arena *arena,
			struct strings *warnings)
{
	uint64_t asked = sets->bounding | sets->effective | sets->inheritable | sets->permitted |
			 sets->ambient;
	uint64_t available = own_bounding();
	uint64_t missing = asked & ~available;

	for (size_t i = 0; i < oci_capability_words.count; i++) {
		const struct name_value *word = &oci_capability_words.items[i];

		if (missing & (1ULL << word->value))
			VEC_PUSH(warnings, arena,
				 arena_printf(arena,
					      "process.capabilities: ignoring unavailable "
					      "capability `%s`",
					      word->name));
	}
	sets->bounding &= available;
	sets->permitted &= available;
	sets->effective &= sets->permitted;
	sets->inheritable &= available;
	warn_ambient(sets, arena, warnings);
	sets->ambient &= sets->permitted & sets->inheritable;
}

int capabilities_drop_bounding(const struct oci_capabilities *sets, struct err *err)
{
	for (cap_value_t cap = 0; cap < 64; cap++) {
		if (sets->bounding & (1ULL << cap))
			continue;
		if (cap_drop_bound(cap) == 0)
			continue;
		if (errno == EINVAL) /* beyond the kernel's last */
			break;
		if (errno == EPERM && cap_get_bound(cap) == 0)
			continue;
		return err_errno(err, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

int capabilities_keep(struct err *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_errno(err, "keep capabilities over the change of user");
	return 0;
}

static int raise_all(cap_t caps, cap_flag_t flag, uint64_t set)
{
	for (cap_value_t cap = 0; cap < 64; cap++) {
		if ((set & (1ULL << cap)) && cap_set_flag(caps, flag, 1, &cap, CAP_SET) < 0)
			return -1;
	}
	return 0;
}

static int set_ambient(uint64_t set)
{
	if (cap_reset_ambient() < 0 && errno != EINVAL) /* EINVAL: Linux before 4.3 */
		return -1;
	for (cap_value_t cap = 0; cap < 64; cap++) {
		if ((set & (1ULL << cap)) && cap_set_ambient(cap, CAP_SET) < 0)
			return -1;
	}
	return 0;
}

int capabilities_apply(const struct oci_capabilities *sets, struct err *err)
{
	cap_t caps = cap_init();
	int r;

	if (!caps)
		return err_errno(err, "make a capability set");
	if (raise_all(caps, CAP_EFFECTIVE, sets->effective) < 0 ||
	    raise_all(caps, CAP_PERMITTED, sets->permitted) < 0 ||
	    raise_all(caps, CAP_INHERITABLE, sets->inheritable) < 0 || cap_set_proc(caps) < 0)
		r = err_errno(err, "apply process.capabilities");
	else if (set_ambient(sets->ambient) < 0)
		r = err_errno(err, "raise ambient capabilities");
	else
		r = 0;
	cap_free(caps);
	return r;
}
