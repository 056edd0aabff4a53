/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as JSON: golden tests compare it, people read it. Only what an operation uses is printed. */
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/names.h"
#include "base/syscalls.h"
#include "linux/rootfs_plan.h"
#include "oci/enums.h"

static const char *const kind_names[] = {
	[OP_MOUNT] = "mount",	    [OP_BIND] = "bind",	  [OP_ATTR] = "attr",
	[OP_DEVICE] = "device",	    [OP_LINK] = "link",	  [OP_MASK] = "mask",
	[OP_READONLY] = "readonly", [OP_TMPFS] = "tmpfs", [OP_LOADER_CACHE] = "loaderCache",
};

static const struct name_value attr_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
};

/* What MOUNT_ATTR_* cannot say: flags of the super block. */
static const struct name_value superblock_names[] = {
	{ "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },
	{ "lazytime", MS_LAZYTIME },
	{ "mand", MS_MANDLOCK },
};

static void print_bits(struct json_writer *w, const char *key, uint64_t bits,
		       const struct name_value *names, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!(bits & (uint64_t)names[i].value))
			continue;
		if (!any)
			json_array(w, key);
		json_string(w, NULL, names[i].name);
		any = true;
	}
	if (any)
		json_end_array(w);
}

static void print_attrs(struct json_writer *w, const char *key, uint64_t attrs)
{
	print_bits(w, key, attrs, attr_names, ARRAY_SIZE(attr_names));
}

/* In order, because each is a call of its own. */
static void print_propagation(const struct mount_flags *flags, struct json_writer *w)
{
	if (!flags->propagation.count)
		return;
	json_array(w, "propagation");
	VEC_EACH(propagation, &flags->propagation)
		json_string(w, NULL,
			    names_of(oci_propagation_words.items, oci_propagation_words.count,
				     (int64_t)*propagation));
	json_end_array(w);
}

static void print_flags(const struct mount_flags *flags, struct json_writer *w)
{
	if (flags->recursive_bind)
		json_bool(w, "recursive", true);
	print_attrs(w, "set", flags->attr_set);
	print_attrs(w, "clear", flags->attr_clear);
	print_attrs(w, "setRecursive", flags->rec_attr_set);
	print_attrs(w, "clearRecursive", flags->rec_attr_clear);
	print_bits(w, "superblock", flags->ms_set, superblock_names, ARRAY_SIZE(superblock_names));
	print_propagation(flags, w);
	if (flags->copy_up)
		json_bool(w, "copyUp", true);
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

static void print_tmpfs(const struct oci_tmpfs *tmpfs, struct json_writer *w)
{
	char mode[8];

	json_string(w, "onlyOver", "an existing directory of procfs");
	json_array(w, "files");
	VEC_EACH(file, &tmpfs->files) {
		snprintf(mode, sizeof(mode), "%04o", file->mode);
		json_object(w, NULL);
		json_string(w, "name", file->name);
		json_string(w, "mode", mode);
		json_string(w, "text", file->text);
		json_end_object(w);
	}
	json_end_array(w);
	json_array(w, "binds");
	VEC_EACH(bind, &tmpfs->binds) {
		json_object(w, NULL);
		json_string(w, "name", bind->name);
		json_string(w, "source", bind->source);
		json_end_object(w);
	}
	json_end_array(w);
}

static void print_loader_cache(const struct rootfs_op *op, struct json_writer *w)
{
	if (op->loader_cache->always)
		json_bool(w, "always", true);
	if (op->private_copy)
		json_bool(w, "privateCopy", true);
	json_array(w, "libraries");
	VEC_EACH(library, &op->loader_cache->libraries) {
		char text[PATH_MAX];

		snprintf(text, sizeof(text), "%s%s => %s", library->name,
			 library->flags == LDSO_FLAGS_OWN ? "" : " (32-bit)", library->path);
		json_string(w, NULL, text);
	}
	json_end_array(w);
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
	if (op->label)
		json_string(w, "label", op->label);
	if (op->kind == OP_DEVICE)
		print_device(op, w);
	if (op->kind == OP_TMPFS)
		print_tmpfs(op->tmpfs, w);
	if (op->kind == OP_LOADER_CACHE)
		print_loader_cache(op, w);
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
