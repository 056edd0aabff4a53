/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: `linux` without its resources. */
#include <stdint.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "oci/config_decode.h"
#include "oci/enums.h"

struct namespace_entry {
	int type; /* enum oci_namespace_type */
	const char *path;
};

/* Spec: config-linux.md § Namespaces */
static const struct field namespace_fields[] = {
	{ "type", decode_enum, offsetof(struct namespace_entry, type), &oci_namespace_words,
	  FIELD_REQUIRED },
	{ "path", oci_decode_text, offsetof(struct namespace_entry, path), NULL, 0 },
};
static const struct fields namespace = FIELDS(namespace_fields, struct namespace_entry);

static int decode_namespace(struct decode *d, const struct value *value, const struct field *field,
			    void *out)
{
	struct oci_linux *config = out;
	struct namespace_entry entry = { 0 };
	int r;

	(void)field;
	r = decode_object(d, value, &namespace, &entry);
	if (r < 0)
		return r;
	if (config->namespaces[entry.type].present)
		return decode_error(d, value, "duplicate namespace type `%s`",
				    value_get(value, "type")->text);
	if (entry.path && *entry.path != '/')
		return decode_error(d, value, "path `%s` is not absolute", entry.path);
	config->namespaces[entry.type] =
		(struct oci_namespace){ .present = true, .path = entry.path };
	return 0;
}

static int decode_namespaces(struct decode *d, const struct value *value, const struct field *field,
			     void *out)
{
	return oci_decode_each(d, value, decode_namespace, oci_decode_owner(field, out));
}

/* Spec: config-linux.md § User namespace mappings */
static const struct field id_map_fields[] = {
	{ "containerID", decode_u32, offsetof(struct oci_id_map, container_id), NULL,
	  FIELD_REQUIRED },
	{ "hostID", decode_u32, offsetof(struct oci_id_map, host_id), NULL, FIELD_REQUIRED },
	{ "size", decode_u32, offsetof(struct oci_id_map, size), NULL, FIELD_REQUIRED },
};
static const struct fields id_maps = FIELDS(id_map_fields, struct oci_id_map);

struct time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

static const struct field time_offset_fields[] = {
	{ "secs", decode_i64, offsetof(struct time_offset, secs), NULL, 0 },
	{ "nanosecs", decode_u32, offsetof(struct time_offset, nanosecs), NULL, 0 },
};
static const struct fields time_offset = FIELDS(time_offset_fields, struct time_offset);

/* Both clocks as the lines that the kernel reads. Spec: config-linux.md § Offset for Time Namespace */
static int decode_time_offsets(struct decode *d, const struct value *value,
			       const struct field *field, void *out)
{
	static const char *const clocks[] = { "monotonic", "boottime" };
	struct strbuf text = { .arena = d->arena };

	(void)field;
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		const struct value *clock = value_get(value, clocks[i]);
		struct time_offset offset = { 0 };
		int r;

		if (!clock)
			continue;
		r = decode_object(d, clock, &time_offset, &offset);
		if (r < 0)
			return r;
		strbuf_addf(&text, "%s %ld %u\n", clocks[i], offset.secs, offset.nanosecs);
	}
	if (text.len)
		*(const char **)out = text.text;
	return 0;
}

struct device_entry {
	const char *path;
	int type; /* the letter */
	struct opt_i64 major;
	struct opt_i64 minor;
	struct opt_u64 mode; /* permission bits, and from some engines the file type too */
	uint32_t uid;
	uint32_t gid;
};

static const struct name_value device_types[] = {
	{ "c", 'c' },
	{ "b", 'b' },
	{ "u", 'u' },
	{ "p", 'p' },
};
static const struct words device_type_words = WORDS(device_types, "device type");

/* The kernel's dev_t: 12 bits of major, 20 bits of minor number. */
static const struct range majors = { 0, (1 << 12) - 1 };
static const struct range minors = { 0, (1 << 20) - 1 };

/* Spec: config-linux.md § Devices */
static const struct field device_fields[] = {
	{ "type", decode_enum, offsetof(struct device_entry, type), &device_type_words,
	  FIELD_REQUIRED },
	{ "path", decode_string, offsetof(struct device_entry, path), NULL, FIELD_REQUIRED },
	{ "major", decode_opt_i64, offsetof(struct device_entry, major), &majors, 0 },
	{ "minor", decode_opt_i64, offsetof(struct device_entry, minor), &minors, 0 },
	{ "fileMode", decode_opt_u64, offsetof(struct device_entry, mode), NULL, 0 },
	{ "uid", decode_u32, offsetof(struct device_entry, uid), NULL, 0 },
	{ "gid", decode_u32, offsetof(struct device_entry, gid), NULL, 0 },
};
static const struct fields device = FIELDS(device_fields, struct device_entry);

/* As runc and crun do where fileMode is absent. */
#define DEVICE_MODE 0666

static int decode_device(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	struct oci_linux *config = out;
	struct device_entry entry = { 0 };
	int r;

	(void)field;
	r = decode_object(d, value, &device, &entry);
	if (r < 0)
		return r;
	if (entry.type != 'p' && (!entry.major.set || !entry.minor.set))
		return decode_error(d, value, "type `%c` needs major and minor", entry.type);
	*VEC_ADD(&config->devices, d->arena) = (struct oci_device){
		.path = entry.path,
		.type = (char)entry.type,
		.rdev = makedev((unsigned int)entry.major.v, (unsigned int)entry.minor.v),
		.mode = entry.mode.set ? (mode_t)(entry.mode.v & 07777) : DEVICE_MODE,
		.uid = entry.uid,
		.gid = entry.gid,
		.origin = decode_place(d),
	};
	return 0;
}

static int decode_devices(struct decode *d, const struct value *value, const struct field *field,
			  void *out)
{
	return oci_decode_each(d, value, decode_device, oci_decode_owner(field, out));
}

/* uint64_t of MS_* bits */
static int decode_propagation(struct decode *d, const struct value *value,
			      const struct field *field, void *out)
{
	int flags;
	int r;

	if (value->kind == VALUE_STRING && !*value->text)
		return 0;
	r = decode_enum(d, value, field, &flags);
	if (r == 0)
		*(uint64_t *)out = (uint64_t)flags;
	return r;
}

/* Spec: config-linux.md */
static const struct field linux_fields[] = {
	{ "namespaces", decode_namespaces, offsetof(struct oci_linux, namespaces), NULL, 0 },
	{ "devices", decode_devices, offsetof(struct oci_linux, devices), NULL, 0 },
	{ "cgroupsPath", oci_decode_text, offsetof(struct oci_linux, cgroups_path), NULL, 0 },
	{ "resources", decode_struct, offsetof(struct oci_linux, resources), &oci_resources_fields,
	  0 },
	{ "rootfsPropagation", decode_propagation, offsetof(struct oci_linux, rootfs_propagation),
	  &oci_propagation_words, 0 },
	{ "maskedPaths", decode_strings, offsetof(struct oci_linux, masked_paths), NULL, 0 },
	{ "readonlyPaths", decode_strings, offsetof(struct oci_linux, readonly_paths), NULL, 0 },
	{ "uidMappings", decode_structs, offsetof(struct oci_linux, uid_maps), &id_maps, 0 },
	{ "gidMappings", decode_structs, offsetof(struct oci_linux, gid_maps), &id_maps, 0 },
	{ "timeOffsets", decode_time_offsets, offsetof(struct oci_linux, time_offsets), NULL, 0 },
	{ "netDevices", decode_refuse, 0, NULL, 0 },
	{ "mountLabel", oci_decode_text, offsetof(struct oci_linux, mount_label), NULL, 0 },
	{ "personality", oci_decode_personality, offsetof(struct oci_linux, personality), NULL, 0 },
	{ "sysctl", oci_decode_sysctls, offsetof(struct oci_linux, sysctls), NULL, 0 },
	{ "seccomp", oci_decode_seccomp, offsetof(struct oci_linux, seccomp), NULL, 0 },
	{ "intelRdt", decode_refuse, 0, NULL, 0 },
	{ "memoryPolicy", decode_refuse, 0, NULL, 0 },
};
const struct fields oci_linux_fields = FIELDS(linux_fields, struct oci_linux);
