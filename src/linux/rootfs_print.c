/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as JSON: golden tests compare it, people read it. Only what an operation uses is printed. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/names.h"
#include "base/syscalls.h"
#include "linux/rootfs_plan.h"

static const char *const kind_names[] = {
	[OP_MOUNT] = "mount",	    [OP_BIND] = "bind", [OP_ATTR] = "attr",
	[OP_DEVICE] = "device",	    [OP_LINK] = "link", [OP_MASK] = "mask",
	[OP_READONLY] = "readonly",
};

static const struct name_value attr_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
};

static void print_attrs(struct json_writer *w, const char *key, uint64_t attrs)
{
	if (!attrs)
		return;
	json_array(w, key);
	for (size_t i = 0; i < ARRAY_SIZE(attr_names); i++) {
		if (attrs & (uint64_t)attr_names[i].value)
			json_string(w, NULL, attr_names[i].name);
	}
	json_end_array(w);
}

static void print_flags(const struct mount_flags *flags, struct json_writer *w)
{
	if (flags->recursive_bind)
		json_bool(w, "recursive", true);
	print_attrs(w, "set", flags->attr_set);
	print_attrs(w, "clear", flags->attr_clear);
	print_attrs(w, "setRecursive", flags->rec_attr_set);
	if (flags->data.count)
		json_strings(w, "data", &flags->data);
}

static void print_device(const struct rootfs_op *op, struct json_writer *w)
{
	char text[48];

	snprintf(text, sizeof(text), "%c %u:%u", op->device_type, major(op->rdev), minor(op->rdev));
	json_string(w, "device", text);
	snprintf(text, sizeof(text), "%04o %u:%u", op->mode, op->uid, op->gid);
	json_string(w, "mode", text);
}

static void print_op(const struct rootfs_op *op, struct json_writer *w)
{
	json_object(w, NULL);
	json_string(w, "op", kind_names[op->kind]);
	json_string(w, "dest", op->dest);
	if (op->fstype)
		json_string(w, "type", op->fstype);
	if (op->source)
		json_string(w, "source", op->source);
	print_flags(&op->flags, w);
	if (op->kind == OP_DEVICE)
		print_device(op, w);
	if (op->phase == PHASE_AFTER_PIVOT)
		json_bool(w, "afterPivot", true);
	json_string(w, "origin", op->origin);
	json_end_object(w);
}

void rootfs_plan_print(const struct rootfs_plan *plan, struct json_writer *w, const char *key)
{
	json_array(w, key);
	VEC_EACH(op, &plan->ops)
		print_op(op, w);
	json_end_array(w);
}
