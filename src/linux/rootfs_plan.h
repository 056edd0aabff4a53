/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model -> an ordered list of operations that build the root file system. Data only: the host makes the
 * list (rootfs_plan.c), tests print it (rootfs_print.c), init carries it out (rootfs_apply.c).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/json.h"
#include "oci/config.h"
#include "oci/mount_options.h"

enum rootfs_op_kind {
	OP_MOUNT,  /* a new file system */
	OP_BIND,   /* a host file or directory */
	OP_ATTR,   /* change the attributes of the mount at dest */
	OP_DEVICE, /* a device node */
	OP_LINK,   /* a symbolic link */
	OP_MASK, /* hide a path: null device over a file, empty read-only directory over a directory */
	OP_READONLY,	 /* make a tree read-only */
	OP_LOADER_CACHE, /* have injected libraries found, see linux/loader_cache.h */
	OP_TMPFS, /* a private read-only tmpfs with files over a directory of procfs; skipped without it */
};

enum rootfs_phase {
	PHASE_BEFORE_PIVOT,
	PHASE_AFTER_PIVOT, /* after sysctls are written; dest is below the new `/` */
};

struct rootfs_op {
	enum rootfs_op_kind kind;
	enum rootfs_phase phase;
	const char *dest; /* in the container, absolute */
	const char *
		source; /* BIND: host path; LINK: target; DEVICE: host node bound when mknod(2) is refused */
	const char *
		inside; /* BIND: the source's path in the root file system, by rootfs_sources_find_inside();
			     * NULL: it is the host's */
	const char *fstype;	       /* MOUNT, TMPFS */
	const char *label;	       /* MOUNT: SELinux label for its root; NULL: none */
	struct mount_flags flags;      /* MOUNT, BIND, ATTR, TMPFS: what it has from the start */
	const struct oci_tmpfs *tmpfs; /* TMPFS: what is in it; of the model */
	const struct oci_loader_cache *loader_cache; /* LOADER_CACHE: of the model */
	bool private_copy; /* LOADER_CACHE: the file of the image stays, the root is to be read-only */
	int source_fd; /* BIND: the source as a detached mount, by rootfs_sources_open(), owned by the
				   * plan; 0: init opens the source at its turn */
	mode_t source_type; /* BIND: S_IFREG, S_IFDIR, S_IFSOCK … expected; 0: any */
	bool keep_existing; /* LINK: what is there already may stay */
	bool injected; /* by edits: what it needs in the image is removed again (runtime/residue.h) */
	char device_type;   /* DEVICE: c, b, p */
	dev_t rdev;	    /* DEVICE */
	mode_t mode;	    /* DEVICE: permission bits */
	uid_t uid;	    /* DEVICE */
	gid_t gid;	    /* DEVICE */
	const char *remedy; /* DEVICE: command that makes a missing host node; NULL: none known */
	const char *origin; /* for errors: `mounts[3]`, `nvidia libcuda.so.1` */
};

struct rootfs_plan {
	VEC(struct rootfs_op) ops;
	uint64_t
		propagation; /* of the new mount namespace's root while it is built: MS_SLAVE | MS_REC … */
	uint64_t final_propagation; /* set on `/` after the pivot; 0: none */
};

/* One hierarchy for a mount of type `cgroup`. */
struct rootfs_cgroup {
	const char *
		name; /* directory below the mount point (`memory`), "" for the mount point itself */
	const char *host_dir; /* what is bound there */
	struct strings
		aliases; /* further names, as links to `name`: cpu, cpuacct for cpu,cpuacct */
};

struct rootfs_cgroups {
	VEC(struct rootfs_cgroup) items;
};

/*
 * Build the plan. Reads the model only.
 *
 * @cgroups: what a `cgroup` mount shows; empty: such mounts become an empty read-only tmpfs
 *
 * Errors name the entry: `mounts[3] (/data): …`.
 */
int rootfs_plan_build(const struct oci_config *config, const struct rootfs_cgroups *cgroups,
		      struct arena *arena, struct rootfs_plan *ret, struct err *err);

/*
 * Find the sources that lie in the root file system itself. Init opens them there, at their turn: they may lie on earlier
 * mounts, and a link of the image leads nowhere else.
 *
 * @rootfs: its host path, absolute and clean, not `/`
 */
void rootfs_sources_find_inside(struct rootfs_plan *plan, const char *rootfs);

/*
 * With a user namespace: open, with the host's rights and in the host's mount namespace, the sources of the host, which
 * init could not reach, as detached mounts.
 */
int rootfs_sources_open(struct rootfs_plan *plan, struct err *err);
void rootfs_sources_close(struct rootfs_plan *plan);

/* As JSON, for golden tests and people (docs/plan.md). */
void rootfs_plan_print(const struct rootfs_plan *plan, struct json_writer *w, const char *key);

/*
 * Carry out one phase, in order.
 *
 * @root_fd: O_PATH | O_DIRECTORY of the root file system: before the pivot its mounted tree, after it `/`
 * @warnings: what could not be done, but is no reason to fail, in @arena
 *
 * The error starts with the operation's origin: `mounts[3]: bind /data to /mnt: no such file or directory`.
 */
int rootfs_plan_apply(const struct rootfs_plan *plan, enum rootfs_phase phase, int root_fd,
		      struct arena *arena, struct strings *warnings, struct err *err);
