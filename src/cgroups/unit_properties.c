/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits and device rules as properties of a systemd unit. man 5 systemd.resource-control,
 * man 5 org.freedesktop.systemd1
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroups/device_access.h"
#include "cgroups/unit.h"

/* A mask of so many bits holds every processor and memory node that Linux can have. */
#define LIST_MAX 8192

#define USEC_PER_SEC 1000000

/*
 * Add the properties for the text of one file.
 *
 * @settings: all, for files that belong together
 * @property: name for the usual case of one
 */
typedef int (*property_fn)(const struct cg_settings *settings, const struct cg_setting *setting,
			   const char *property, struct arena *arena, struct strings *ret,
			   struct err *err);

#define PROPERTY(name)                                                                     \
	static int name(const struct cg_settings *settings __attribute__((unused)),        \
			const struct cg_setting *setting,                                  \
			const char *property __attribute__((unused)), struct arena *arena, \
			struct strings *ret, struct err *err __attribute__((unused)))

static void add(struct strings *list, struct arena *arena, const char *name, uint64_t number)
{
	VEC_PUSH(list, arena, arena_printf(arena, "%s=t:%" PRIu64, name, number));
}

/* A number of the kernel; `max` and `-1` are infinity. */
PROPERTY(number)
{
	uint64_t n = UINT64_MAX;

	(void)str_to_u64(setting->text, UINT64_MAX, &n);
	add(ret, arena, property, n);
	return 0;
}

/*
 * systemd keeps the quota as time per second, in whole percents: rounded up, or else sub-cgroups could not
 * be given as much as the container.
 */
static void add_quota(struct strings *ret, struct arena *arena, uint64_t quota, uint64_t period)
{
	uint64_t per_second = UINT64_MAX;

	if (quota != UINT64_MAX) {
		const uint64_t percent = USEC_PER_SEC / 100;

		per_second = (uint64_t)((double)quota * USEC_PER_SEC / (double)period);
		per_second = (per_second + percent - 1) / percent * percent;
	}
	add(ret, arena, "CPUQuotaPerSecUSec", per_second);
	add(ret, arena, "CPUQuotaPeriodUSec", period);
}

/* `50000 100000` */
PROPERTY(cpu_max)
{
	struct strings words = str_split(arena, setting->text, ' ', false);
	uint64_t quota = UINT64_MAX, period = 0;

	(void)str_to_u64(words.items[0], UINT64_MAX, &quota);
	if (str_to_u64(words.items[1], UINT64_MAX, &period) < 0 || !period)
		return err_set(err, EINVAL, "%s: `%s` has no period", setting->field,
			       setting->text);
	add_quota(ret, arena, quota, period);
	return 0;
}

/* v1 has quota and period in two files, the period first, and only where it was given. */
PROPERTY(cpu_quota)
{
	uint64_t quota = UINT64_MAX, period = 100000;

	(void)str_to_u64(setting->text, UINT64_MAX, &quota);
	VEC_EACH(other, settings) {
		if (str_eq(other->file, "cpu.cfs_period_us"))
			(void)str_to_u64(other->text, UINT64_MAX, &period);
	}
	add_quota(ret, arena, quota, period);
	return 0;
}

static int set_range(const struct cg_setting *setting, const char *range, unsigned char *mask,
		     struct arena *arena, struct err *err)
{
	struct strings ends = str_split(arena, str_trim(arena, range), '-', true);
	uint64_t first, last;

	if (!ends.count || ends.count > 2 || str_to_u64(ends.items[0], LIST_MAX - 1, &first) < 0 ||
	    str_to_u64(ends.items[ends.count - 1], LIST_MAX - 1, &last) < 0 || first > last)
		return err_set(err, EINVAL, "%s: `%s` is no list such as 0-2,5 of numbers below %d",
			       setting->field, setting->text, LIST_MAX);
	for (uint64_t i = first; i <= last; i++)
		mask[i / 8] |= (unsigned char)(1U << i % 8);
	return 0;
}

/* `0-2,5` as a bit mask, the first byte first. */
PROPERTY(list)
{
	struct strings ranges = str_split(arena, setting->text, ',', false);
	unsigned char mask[LIST_MAX / 8] = { 0 };
	struct strbuf text = { .arena = arena };
	size_t len = sizeof(mask);

	VEC_EACH(range, &ranges) {
		int r = set_range(setting, *range, mask, arena, err);

		if (r < 0)
			return r;
	}
	while (len && !mask[len - 1])
		len--;
	strbuf_addf(&text, "%s=ay:", property);
	for (size_t i = 0; i < len; i++)
		strbuf_addf(&text, "%02x", mask[i]);
	VEC_PUSH(ret, arena, text.text);
	return 0;
}

static const struct {
	const char *file;
	const char *property;
	property_fn add;
} properties[] = {
	/* v2 */
	{ "memory.max", "MemoryMax", number },
	{ "memory.low", "MemoryLow", number },
	{ "memory.swap.max", "MemorySwapMax", number },
	{ "cpu.weight", "CPUWeight", number },
	{ "cpu.max", NULL, cpu_max },
	{ "cpuset.cpus", "AllowedCPUs", list },
	{ "cpuset.mems", "AllowedMemoryNodes", list },
	/* v1; its cpuset is none of systemd's */
	{ "memory.limit_in_bytes", "MemoryLimit", number },
	{ "cpu.shares", "CPUShares", number },
	{ "cpu.cfs_quota_us", NULL, cpu_quota },
	/* both */
	{ "pids.max", "TasksMax", number },
};

int cg_unit_limits(const struct cg_settings *settings, struct arena *arena, struct strings *ret,
		   struct err *err)
{
	VEC_EACH(setting, settings) {
		for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
			int r;

			if (!str_eq(setting->file, properties[i].file))
				continue;
			r = properties[i].add(settings, setting, properties[i].property, arena, ret,
					      err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* `/dev/char/195:0 rwm`, `char-195 rw`, `block-* m`: a minor number alone cannot be named. */
static void add_rule(struct strbuf *list, const struct oci_device_rule *rule)
{
	const char *type = rule->type == 'b' ? "block" : "char";

	strbuf_adds(list, list->text[list->len - 1] == ':' ? "" : ",");
	if (rule->major == -1)
		strbuf_addf(list, "%s-*", type);
	else if (rule->minor == -1)
		strbuf_addf(list, "%s-%" PRId64, type, rule->major);
	else
		strbuf_addf(list, "/dev/%s/%" PRId64 ":%" PRId64, type, rule->major, rule->minor);
	strbuf_addf(list, " %s%s%s", rule->read ? "r" : "", rule->write ? "w" : "",
		    rule->mknod ? "m" : "");
}

void cg_unit_devices(const struct cg_device_rules *rules, struct arena *arena, struct strings *ret)
{
	struct strbuf list = { .arena = arena };

	VEC_PUSH(ret, arena,
		 rules->allow_by_default ? "DevicePolicy=s:auto" : "DevicePolicy=s:strict");
	strbuf_adds(&list, "DeviceAllow=a(ss):");
	VEC_EACH(rule, &rules->rules) {
		struct oci_device_rule one = *rule;

		if (rules->allow_by_default || !rule->allow)
			continue;
		for (const char *type = rule->type == 'a' ? "cb" : (char[]){ rule->type, '\0' };
		     *type; type++) {
			one.type = *type;
			add_rule(&list, &one);
		}
	}
	VEC_PUSH(ret, arena, list.text);
}
