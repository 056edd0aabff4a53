/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: `linux.resources`. */
#include <errno.h>
#include <stdint.h>

#include "base/json.h"
#include "oci/config_decode.h"
#include "oci/config_io.h"

int oci_access_parse(const char *letters, struct oci_device_rule *rule)
{
	if (letters[strspn(letters, "rwm")])
		return -EINVAL;
	rule->read = strchr(letters, 'r') != NULL;
	rule->write = strchr(letters, 'w') != NULL;
	rule->mknod = strchr(letters, 'm') != NULL;
	return 0;
}

static int decode_access(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	const char *letters;
	int r;

	r = decode_string(d, value, field, &letters);
	if (r < 0)
		return r;
	if (oci_access_parse(letters, oci_decode_owner(field, out)) < 0)
		return decode_error(d, value, "`%s` is not made of the letters r, w and m",
				    letters);
	return 0;
}

static const struct name_value rule_types[] = {
	{ "a", 'a' },
	{ "c", 'c' },
	{ "b", 'b' },
};
static const struct words rule_type_words = WORDS(rule_types, "device type");

static int decode_rule_type(struct decode *d, const struct value *value, const struct field *field,
			    void *out)
{
	int letter;
	int r;

	r = decode_enum(d, value, field, &letter);
	if (r == 0)
		*(char *)out = (char)letter;
	return r;
}

/* -1 is every number: what absence means, written out by runc. */
static const struct range device_numbers = { -1, UINT32_MAX };

/* Spec: config-linux.md § Allowed Device list */
static const struct field rule_fields[] = {
	{ "allow", decode_bool, offsetof(struct oci_device_rule, allow), NULL, FIELD_REQUIRED },
	{ "type", decode_rule_type, offsetof(struct oci_device_rule, type), &rule_type_words, 0 },
	{ "major", decode_i64, offsetof(struct oci_device_rule, major), &device_numbers, 0 },
	{ "minor", decode_i64, offsetof(struct oci_device_rule, minor), &device_numbers, 0 },
	{ "access", decode_access, offsetof(struct oci_device_rule, read), NULL, 0 },
};
static const struct fields rule_table = FIELDS(rule_fields, struct oci_device_rule);

static int decode_rule(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_resources *resources = out;
	/* What is absent is not restricted. */
	struct oci_device_rule rule = {
		.type = 'a',
		.major = -1,
		.minor = -1,
		.read = true,
		.write = true,
		.mknod = true,
	};
	int r;

	(void)field;
	r = decode_object(d, value, &rule_table, &rule);
	if (r < 0)
		return r;
	rule.origin = decode_place(d);
	VEC_PUSH(&resources->devices, d->arena, rule);
	return 0;
}

static int decode_rules(struct decode *d, const struct value *value, const struct field *field,
			void *out)
{
	return oci_decode_each(d, value, decode_rule, oci_decode_owner(field, out));
}

/* Bytes or a count; -1 is unlimited. */
static const struct range limits = { -1, INT64_MAX };

/* Spec: config-linux.md § Memory */
static const struct field memory_fields[] = {
	{ "limit", decode_opt_i64, offsetof(struct oci_memory, limit), &limits, 0 },
	{ "reservation", decode_opt_i64, offsetof(struct oci_memory, reservation), &limits, 0 },
	{ "swap", decode_opt_i64, offsetof(struct oci_memory, swap), &limits, 0 },
	{ "kernel", decode_ignore, 0, NULL, 0 },    /* gone from Linux 5.16; ignored by runc */
	{ "kernelTCP", decode_ignore, 0, NULL, 0 }, /* the same */
	{ "swappiness", decode_opt_u64, offsetof(struct oci_memory, swappiness), NULL, 0 },
	{ "disableOOMKiller", decode_bool, offsetof(struct oci_memory, disable_oom_killer), NULL,
	  0 },
	{ "useHierarchy", decode_ignore, 0, NULL, 0 }, /* always, from Linux 5.11 */
	{ "checkBeforeUpdate", decode_bool, offsetof(struct oci_memory, check_before_update), NULL,
	  0 },
};
static const struct fields memory = FIELDS(memory_fields, struct oci_memory);

static const struct range idle_range = { 0, 1 };

/* Spec: config-linux.md § CPU */
static const struct field cpu_fields[] = {
	{ "shares", decode_opt_u64, offsetof(struct oci_cpu, shares), NULL, 0 },
	{ "quota", decode_opt_i64, offsetof(struct oci_cpu, quota), NULL, 0 },
	{ "period", decode_opt_u64, offsetof(struct oci_cpu, period), NULL, 0 },
	{ "cpus", oci_decode_text, offsetof(struct oci_cpu, cpus), NULL, 0 },
	{ "mems", oci_decode_text, offsetof(struct oci_cpu, mems), NULL, 0 },
	{ "burst", decode_opt_u64, offsetof(struct oci_cpu, burst), NULL, 0 },
	{ "realtimeRuntime", decode_opt_i64, offsetof(struct oci_cpu, realtime_runtime), &limits,
	  0 },
	{ "realtimePeriod", decode_opt_u64, offsetof(struct oci_cpu, realtime_period), NULL, 0 },
	{ "idle", decode_opt_i64, offsetof(struct oci_cpu, idle), &idle_range, 0 },
};
static const struct fields cpu = FIELDS(cpu_fields, struct oci_cpu);

/* Spec: config-linux.md § PIDs. The offset is that of the resources: it has one field. */
static const struct field pids_fields[] = {
	{ "limit", decode_opt_i64, offsetof(struct oci_resources, pids_limit), &limits, 0 },
};
static const struct fields pids = FIELDS(pids_fields, struct oci_resources);

static const struct field block_weight_fields[] = {
	{ "major", decode_u32, offsetof(struct oci_block_weight, major), NULL, FIELD_REQUIRED },
	{ "minor", decode_u32, offsetof(struct oci_block_weight, minor), NULL, FIELD_REQUIRED },
	{ "weight", decode_u64, offsetof(struct oci_block_weight, weight), NULL, 0 },
	{ "leafWeight", decode_refuse, 0, NULL, 0 },
};
static const struct fields block_weight = FIELDS(block_weight_fields, struct oci_block_weight);

static const struct field block_rate_fields[] = {
	{ "major", decode_u32, offsetof(struct oci_block_rate, major), NULL, FIELD_REQUIRED },
	{ "minor", decode_u32, offsetof(struct oci_block_rate, minor), NULL, FIELD_REQUIRED },
	{ "rate", decode_u64, offsetof(struct oci_block_rate, rate), NULL, 0 },
};
static const struct fields block_rate = FIELDS(block_rate_fields, struct oci_block_rate);

#define BLOCK_IO(member) offsetof(struct oci_block_io, member)

/* Spec: config-linux.md § Block IO. leafWeight was CFQ's, which is gone from Linux 5.0. */
static const struct field block_io_fields[] = {
	{ "weight", decode_opt_u64, BLOCK_IO(weight), NULL, 0 },
	{ "leafWeight", decode_refuse, 0, NULL, 0 },
	{ "weightDevice", decode_structs, BLOCK_IO(device_weights), &block_weight, 0 },
	{ "throttleReadBpsDevice", decode_structs, BLOCK_IO(read_bytes), &block_rate, 0 },
	{ "throttleWriteBpsDevice", decode_structs, BLOCK_IO(write_bytes), &block_rate, 0 },
	{ "throttleReadIOPSDevice", decode_structs, BLOCK_IO(read_operations), &block_rate, 0 },
	{ "throttleWriteIOPSDevice", decode_structs, BLOCK_IO(write_operations), &block_rate, 0 },
};
static const struct fields block_io = FIELDS(block_io_fields, struct oci_block_io);

/* Spec: config-linux.md § Control groups */
static const struct field resources_fields[] = {
	{ "devices", decode_rules, offsetof(struct oci_resources, devices), NULL, 0 },
	{ "memory", decode_struct, offsetof(struct oci_resources, memory), &memory, 0 },
	{ "cpu", decode_struct, offsetof(struct oci_resources, cpu), &cpu, 0 },
	{ "pids", decode_struct, 0, &pids, 0 },
	{ "blockIO", decode_struct, offsetof(struct oci_resources, block_io), &block_io, 0 },
	{ "hugepageLimits", decode_refuse, 0, NULL, 0 },
	{ "network", decode_refuse, 0, NULL, 0 },
	{ "rdma", decode_refuse, 0, NULL, 0 },
	{ "unified", decode_refuse, 0, NULL, 0 },
};
const struct fields oci_resources_fields = FIELDS(resources_fields, struct oci_resources);

int oci_resources_parse(const char *text, size_t len, const char *name, struct arena *arena,
			struct oci_resources *ret, struct err *err)
{
	struct decode d = { .arena = arena, .document = name, .err = err };
	struct oci_resources resources = { 0 };
	const struct value *value;
	int r;

	r = json_read(text, len, name, arena, &value, err);
	if (r == 0)
		r = decode_object(&d, value, &oci_resources_fields, &resources);
	if (r == 0)
		*ret = resources;
	return r;
}
