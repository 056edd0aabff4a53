/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup of one container, over v1, v2 and hybrid hierarchies. Limits and device rules come from
 * the model; who asked for a device is not known here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/value.h"
#include "oci/config.h"

enum cg_mode { CG_V1, CG_HYBRID, CG_V2 };

/* One mounted hierarchy. */
struct cg_hierarchy {
	const char *mount; /* host path of its root */
	struct strings
		controllers; /* v1: cpu, memory, name=systemd …; v2: cgroup.controllers of the root */
	bool v2;
};

/* Where cgroups are on this host; read once. */
struct cg_layout {
	enum cg_mode mode;
	VEC(struct cg_hierarchy) hierarchies; /* hybrid: the v2 one is among them */
};

/* Who makes the container's cgroup: --cgroup-manager. */
enum cg_manager {
	CG_CGROUPFS, /* we, by directories */
	CG_SYSTEMD,  /* systemd, as a transient unit named like the last component of the path */
	CG_DISABLED, /* nobody: the container stays where the runtime is */
};

/* Their names. */
extern const struct words cg_manager_words;

/* The part of a container's cgroup that outlives this process: it is in the record (runtime/record). */
struct cg_place {
	enum cg_manager manager;
	const char *path;      /* below each hierarchy's mount, starts with `/`; NULL: disabled */
	struct strings mounts; /* the hierarchies joined, by mount path */
	/* Parallel to mounts: the topmost directory that create makes there, relative to the mount, or ""
	 * when all existed. Destroying never goes above it. */
	struct strings made;
};

/* man 7 cgroups. Reads /sys/fs/cgroup and /proc/self/cgroup; asks libexec/nvcrun/mount-table when a layout is unusual. */
int cg_layout_read(struct arena *arena, struct cg_layout *ret, struct err *err);

/* What the place of a cgroup depends on. */
struct cg_wish {
	enum cg_manager manager;
	/*
	 * linux.cgroupsPath or NULL. cgroupfs: absolute, below each mount; relative, the same below `/`;
	 * NULL: `/nvcrun-<id>`. `..` and `.` components are refused.
	 * systemd: `slice:prefix:name`, for the unit `prefix-name.scope`, or `name` where that ends in
	 * `.slice`; NULL: `:nvcrun:<id>`. No slice: `system.slice`, a user's is `user.slice`.
	 */
	const char *cgroups_path;
	const char *id; /* of the container */
};

/*
 * Decide where the container's cgroup is; makes nothing.
 *
 * Refuses (-EBUSY) a place that already holds processes (`container's cgroup is not empty: N process(es)
 * found`) or is frozen (`container's cgroup unexpectedly frozen`). systemd: -ENOTSUP where it does not run.
 */
int cg_place_choose(const struct cg_layout *layout, const struct cg_wish *wish, struct arena *arena,
		    struct cg_place *ret, struct err *err);

/*
 * Whether limits are asked for that this layout cannot set, or any at all when the manager is none; and
 * whether they contradict each other. Before anything is made. Returns 0 or -errno.
 */
int cg_check(const struct cg_layout *layout, const struct cg_place *place,
	     const struct oci_resources *resources, struct arena *arena, struct err *err);

/*
 * systemd: start the unit with @pid in it, and with limits and device rules as its properties. Afterwards
 * cg_create() finds the directories there.
 */
int cg_unit_start(const struct cg_layout *layout, const struct cg_place *place,
		  const struct oci_resources *resources, pid_t pid, struct arena *arena,
		  struct err *err);

/*
 * Make the directories, apply limits and device rules.
 *
 * @ret_fd: v2 (also hybrid's): directory for CLONE_INTO_CGROUP, owned by the caller; -EBADF on pure v1
 *
 * On failure everything made is removed again by cg_destroy() of the caller (undo column).
 * A controller that is not there is an error only if a limit asks for it:
 * `linux.resources.memory.limit: cgroup controller memory is not available (looked at …)`.
 */
int cg_create(const struct cg_layout *layout, const struct cg_place *place,
	      const struct oci_resources *resources, int *ret_fd, struct arena *arena,
	      struct err *err);

/*
 * Put @pid into every hierarchy. @except_v2: it is already in the v2 one by CLONE_INTO_CGROUP.
 */
int cg_enter(const struct cg_place *place, const struct cg_layout *layout, pid_t pid,
	     bool except_v2, struct err *err);

/*
 * For exec: the container's v2 cgroup to be born in. @ret_fd: owned by the caller; untouched where there is none
 */
int cg_open(const struct cg_layout *layout, const struct cg_place *place, int *ret_fd,
	    struct err *err);

/*
 * For exec: put @pid into the container's cgroups; where the v2 one takes no process, into the one that @init
 * moved itself to. @except_v2: it was born in that one
 */
int cg_join(const struct cg_layout *layout, const struct cg_place *place, pid_t pid, pid_t init,
	    bool except_v2, struct err *err);

/* Pids in the cgroup and below. An absent cgroup has none. */
int cg_pids(const struct cg_place *place, struct arena *arena, pid_t **ret_pids, size_t *ret_count,
	    struct err *err);

/*
 * SIGKILL everything in the cgroup and wait until it is empty, at most @timeout_ms: cgroup.kill (Linux
 * 5.14) and cgroup.events, else freeze, signal, thaw.
 */
int cg_kill(const struct cg_place *place, int timeout_ms, struct err *err);

/*
 * Freeze the container's processes, or thaw them, and wait until all are, at most @timeout_ms: v1's freezer
 * where it is mounted, else v2's (Linux 5.2). What could not be frozen in time is thawed again.
 */
int cg_freeze(const struct cg_place *place, bool frozen, int timeout_ms, struct err *err);

/* Whether they were told to freeze. One small read. */
bool cg_is_frozen(const struct cg_place *place);

/*
 * Change limits of a container's cgroup; those that @resources lacks stay as they are. Device rules are not
 * looked at. After a failure the old limits are set again. Spec: runtime-spec has none; runc-update(8).
 */
int cg_update(const struct cg_layout *layout, const struct cg_place *place,
	      const struct oci_resources *resources, struct arena *arena, struct err *err);

/*
 * Remove what create made, children first, then upwards to the recorded topmost directory while empty.
 * Waits for processes that are just dying; absent is success.
 */
int cg_destroy(const struct cg_place *place, int timeout_ms, struct err *err);

/* To and from the record. */
void cg_place_write(const struct cg_place *place, struct json_writer *w, const char *key);
int cg_place_decode(const struct value *value, struct arena *arena, struct cg_place *ret,
		    struct err *err);
