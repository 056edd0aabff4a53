/* SPDX-License-Identifier: Apache-2.0 */
/* The model -> an ordered list of operations. The order here is the order of the work in init. */
#include "linux/rootfs_plan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/path.h"
#include "base/syscalls.h"

struct builder {
	const struct oci_config *config;
	const struct rootfs_cgroups *cgroups;
	struct arena *arena;
	struct rootfs_plan *plan;
	struct err *err;
	bool dev_is_bound;    /* the user brings his own /dev: nothing is made in it */
	bool dev_is_readonly; /* mounted writable first, see finish_dev() */
};

static struct rootfs_op *add(struct builder *b, enum rootfs_op_kind kind, const char *dest,
			     const char *origin)
{
	struct rootfs_op *op = VEC_ADD(&b->plan->ops, b->arena);

	op->kind = kind;
	op->dest = dest;
	op->origin = origin;
	return op;
}

static const char *absolute_source(struct builder *b, const char *source)
{
	if (source[0] == '/')
		return source;
	return arena_printf(b->arena, "%s/%s", b->config->bundle, source);
}

/*
 * linux.mountLabel for a new file system: an option of it, or, for those that take none, an attribute of its
 * root. The kernel labels the files of procfs and sysfs itself.
 */
static void add_label(struct builder *b, struct rootfs_op *op)
{
	const char *label = b->config->linux.mount_label;

	if (!label || !op->fstype || str_eq(op->fstype, "proc") || str_eq(op->fstype, "sysfs"))
		return;
	VEC_EACH(word, &op->flags.data) {
		if (str_has_prefix(*word, "context="))
			return;
	}
	if (str_eq(op->fstype, "mqueue"))
		op->label = label;
	else
		VEC_PUSH(&op->flags.data, b->arena, arena_printf(b->arena, "context=%s", label));
}

/*
 * A `cgroup` mount: binds of the container's own cgroup directories. In a cgroup namespace that is the
 * same as a new mount, and it needs no guess about which hierarchies the kernel lets us mount.
 */
static void add_cgroup_mount(struct builder *b, const char *dest, const struct oci_mount *mount,
			     const struct mount_flags *flags)
{
	const struct rootfs_cgroups *cgroups = b->cgroups;
	struct mount_flags attributes = *flags;
	struct rootfs_op *op;

	attributes.data = (struct strings){ 0 };
	if (cgroups->items.count == 1 && !*cgroups->items.items[0].name) {
		op = add(b, OP_BIND, dest, mount->origin);
		op->source = cgroups->items.items[0].host_dir;
		op->flags = attributes;
		return;
	}
	op = add(b, OP_MOUNT, dest, mount->origin);
	op->fstype = "tmpfs";
	op->source = "tmpfs";
	op->flags = attributes;
	op->flags.attr_set &=
		~(uint64_t)MOUNT_ATTR_RDONLY; /* written to below, sealed at the end */
	op->flags.ms_set &= ~(uint64_t)MS_RDONLY;
	VEC_PUSH(&op->flags.data, b->arena, "mode=755");
	add_label(b, op);
	VEC_EACH(group, &cgroups->items) {
		op = add(b, OP_BIND, arena_printf(b->arena, "%s/%s", dest, group->name),
			 mount->origin);
		op->source = group->host_dir;
		op->flags = attributes;
		VEC_EACH(alias, &group->aliases) {
			op = add(b, OP_LINK, arena_printf(b->arena, "%s/%s", dest, *alias),
				 mount->origin);
			op->source = group->name;
		}
	}
	if (!(attributes.attr_set & MOUNT_ATTR_RDONLY))
		return;
	op = add(b, OP_ATTR, dest, mount->origin);
	op->flags.attr_set = MOUNT_ATTR_RDONLY;
	op->flags.ms_set = MS_RDONLY;
}

static void note_dev(struct builder *b, struct rootfs_op *op)
{
	if (!str_eq(op->dest, "/dev"))
		return;
	b->dev_is_bound = op->kind == OP_BIND;
	if (op->kind == OP_MOUNT && (op->flags.attr_set & MOUNT_ATTR_RDONLY)) {
		op->flags.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		op->flags.ms_set &= ~(uint64_t)MS_RDONLY;
		b->dev_is_readonly = true;
	}
}

static int add_mount(struct builder *b, const struct oci_mount *mount)
{
	const char *dest = path_clean(b->arena, mount->destination);
	struct mount_flags flags;
	struct rootfs_op *op;
	int r;

	r = mount_flags_parse(&mount->options, b->arena, &flags, b->err);
	if (r < 0)
		return err_prefix(b->err, "%s (%s)", mount->origin, mount->destination);
	if (flags.copy_up && (flags.bind || !mount->type || !str_eq(mount->type, "tmpfs")))
		return err_set(b->err, EINVAL, "%s (%s): option `tmpcopyup` is for type tmpfs only",
			       mount->origin, mount->destination);
	if (flags.ms_set & MS_REMOUNT)
		return err_set(b->err, ENOTSUP, "%s (%s): option `remount` is not supported",
			       mount->origin, mount->destination);
	if (str_eq(dest, "/"))
		return err_set(b->err, EINVAL,
			       "%s: cannot mount over the root directory itself, use root.path",
			       mount->origin);
	if (!flags.bind && mount->type && str_eq(mount->type, "cgroup")) {
		add_cgroup_mount(b, dest, mount, &flags);
		return 0;
	}
	if (!flags.bind && !mount->type)
		return err_set(b->err, EINVAL, "%s (%s): has neither a type nor the option `bind`",
			       mount->origin, mount->destination);
	if (flags.bind && !mount->source)
		return err_set(b->err, EINVAL, "%s (%s): a bind mount needs a source",
			       mount->origin, mount->destination);
	op = add(b, flags.bind ? OP_BIND : OP_MOUNT, dest, mount->origin);
	op->flags = flags;
	op->fstype = flags.bind ? NULL : mount->type;
	op->source = flags.bind ? absolute_source(b, mount->source) : mount->source;
	op->source_type = mount->source_type;
	add_label(b, op);
	note_dev(b, op);
	return 0;
}

/* config-linux.md § Default Devices: what a container may rely on. */
static const struct {
	const char *path;
	unsigned int major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct oci_device *find_device(const struct oci_config *config, const char *path)
{
	VEC_EACH(device, &config->linux.devices) {
		if (str_eq(device->path, path))
			return device;
	}
	return NULL;
}

static void add_devices(struct builder *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		struct rootfs_op *op;

		if (b->dev_is_bound || find_device(b->config, default_devices[i].path))
			continue;
		op = add(b, OP_DEVICE, default_devices[i].path, "default device");
		op->source = op->dest;
		op->device_type = 'c';
		op->rdev = makedev(default_devices[i].major, default_devices[i].minor);
		op->mode = 0666;
	}
	VEC_EACH(device, &b->config->linux.devices) {
		struct rootfs_op *op;

		if (b->dev_is_bound && path_is_below(device->path, "/dev"))
			continue;
		op = add(b, OP_DEVICE, device->path, device->origin);
		op->source = device->host_path ? device->host_path : device->path;
		op->device_type = device->type == 'u' ? 'c' : device->type;
		op->rdev = device->rdev;
		op->mode = device->mode;
		op->uid = device->uid;
		op->gid = device->gid;
		op->remedy = device->remedy;
	}
}

/* runtime-linux.md § Dev symbolic links; /dev/ptmx: config-linux.md § Default Devices. */
static void add_dev_links(struct builder *b)
{
	static const struct {
		const char *path, *target;
		bool keep_existing;
	} links[] = {
		{ "/dev/fd", "/proc/self/fd", true },
		{ "/dev/stdin", "/proc/self/fd/0", true },
		{ "/dev/stdout", "/proc/self/fd/1", true },
		{ "/dev/stderr", "/proc/self/fd/2", true },
		{ "/dev/ptmx", "pts/ptmx", false },
	};

	if (b->dev_is_bound)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct rootfs_op *op = add(b, OP_LINK, links[i].path, "default link");

		op->source = links[i].target;
		op->keep_existing = links[i].keep_existing;
	}
}

/* Writable until its files are in it. */
static void add_tmpfs(struct builder *b, const struct oci_tmpfs *tmpfs)
{
	struct rootfs_op *op = add(b, OP_TMPFS, tmpfs->dest, tmpfs->origin);

	op->fstype = "tmpfs";
	op->source = "tmpfs";
	op->flags.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	VEC_PUSH(&op->flags.data, b->arena, arena_printf(b->arena, "mode=%04o", tmpfs->mode));
	op->tmpfs = tmpfs;
	add_label(b, op);
}

/* After the libraries and their links: what is there then decides. */
static void add_loader_cache(struct builder *b, const struct oci_loader_cache *cache)
{
	struct rootfs_op *op;

	if (!cache->libraries.count)
		return;
	op = add(b, OP_LOADER_CACHE, "/etc/ld.so.cache", cache->origin);
	/* Of the private copy. */
	op->fstype = "tmpfs";
	op->source = "tmpfs";
	op->flags.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	VEC_PUSH(&op->flags.data, b->arena, "mode=0755");
	add_label(b, op);
	op->loader_cache = cache;
	op->private_copy = b->config->root.readonly;
}

/* What edits brought (GPU libraries, links): after /dev, so that nothing of config.json covers it. */
static int add_edits(struct builder *b)
{
	size_t first = b->plan->ops.count;

	VEC_EACH(mount, &b->config->extra_mounts) {
		int r = add_mount(b, mount);

		if (r < 0)
			return r;
	}
	VEC_EACH(link, &b->config->links) {
		struct rootfs_op *op;

		/* As with nodes: it is the host's. */
		if (b->dev_is_bound && path_is_below(link->path, "/dev"))
			continue;
		op = add(b, OP_LINK, link->path, link->origin);
		op->source = link->target;
	}
	VEC_EACH(tmpfs, &b->config->tmpfs)
		add_tmpfs(b, tmpfs);
	add_loader_cache(b, &b->config->loader_cache);
	for (size_t i = first; i < b->plan->ops.count; i++)
		b->plan->ops.items[i].injected = true;
	return 0;
}

/* A read-only /dev is sealed only now: nodes had to be made in it. */
static void finish_dev(struct builder *b)
{
	struct rootfs_op *op;

	if (!b->dev_is_readonly)
		return;
	op = add(b, OP_ATTR, "/dev", "read-only /dev");
	op->phase = PHASE_AFTER_PIVOT; /* /dev/console is made after the pivot */
	op->flags.attr_set = MOUNT_ATTR_RDONLY;
	op->flags.ms_set = MS_RDONLY;
}

/* Whether an earlier entry of the list is the same. */
static bool is_repeated(const struct strings *list, const char **entry)
{
	const struct strings earlier = { .items = list->items,
					 .count = (size_t)(entry - list->items) };

	return strings_have(&earlier, *entry);
}

/* After the pivot and sysctls: masked, then read-only paths, the read-only root last. */
static void add_seals(struct builder *b)
{
	const struct oci_linux *linux = &b->config->linux;
	struct rootfs_op *op;

	VEC_EACH(path, &linux->masked_paths) {
		if (is_repeated(&linux->masked_paths, path))
			continue;
		op = add(b, OP_MASK, *path, "linux.maskedPaths");
		op->phase = PHASE_AFTER_PIVOT;
	}
	VEC_EACH(path, &linux->readonly_paths) {
		op = add(b, OP_READONLY, *path, "linux.readonlyPaths");
		op->phase = PHASE_AFTER_PIVOT;
	}
	if (b->config->root.readonly) {
		op = add(b, OP_ATTR, "/", "root.readonly");
		op->phase = PHASE_AFTER_PIVOT;
		op->flags.attr_set = MOUNT_ATTR_RDONLY;
		op->flags.ms_set = MS_RDONLY;
	}
}

/*
 * Slave unless asked otherwise: mounts of the host still reach it and unmounts too, so no host mount is
 * pinned by a container; nothing goes back. Shared and unbindable are (also) for the finished root.
 */
static void set_propagation(struct builder *b)
{
	uint64_t asked = b->config->linux.rootfs_propagation;

	b->plan->propagation = asked && !(asked & MS_UNBINDABLE) ? asked : MS_SLAVE | MS_REC;
	b->plan->final_propagation = asked & (MS_SHARED | MS_UNBINDABLE) ? asked : 0;
}

int rootfs_plan_build(const struct oci_config *config, const struct rootfs_cgroups *cgroups,
		      struct arena *arena, struct rootfs_plan *ret, struct err *err)
{
	struct rootfs_plan plan = { 0 };
	struct builder b = {
		.config = config, .cgroups = cgroups, .arena = arena, .plan = &plan, .err = err
	};
	int r;

	set_propagation(&b);
	VEC_EACH(mount, &config->mounts) {
		r = add_mount(&b, mount);
		if (r < 0)
			return r;
	}
	add_devices(&b);
	add_dev_links(&b);
	r = add_edits(&b);
	if (r < 0)
		return r;
	finish_dev(&b);
	add_seals(&b);
	*ret = plan;
	return 0;
}
