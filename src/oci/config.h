/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model: config.json as structures. Data only; everything lives in the arena of the command and is
 * const once edits are applied (oci/edits.h). Field meanings: runtime-spec config.md, config-linux.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/decode.h"
#include "base/ldso_cache.h"
#include "base/vec.h"
#include "oci/seccomp.h"

struct oci_root {
	const char *path; /* as written: absolute or relative to the bundle */
	bool readonly;
};

struct oci_mount {
	const char *destination; /* absolute path in the container, as written */
	const char *type;	 /* NULL for a bind mount without type */
	const char *source;
	struct strings options;
	mode_t source_type; /* S_IFREG …: the source must be that; by edits only, 0: any */
	const char *origin; /* for errors: `mounts[3]`, `nvidia libcuda.so.1` */
	const char *reason; /* of an edit, for people: `capability compute` */
};

struct oci_rlimit {
	int type; /* RLIMIT_* */
	uint64_t soft;
	uint64_t hard;
};

/* Capability sets: bit N = capability N. */
struct oci_capabilities {
	bool set; /* false: process.capabilities is absent, all sets become empty */
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
	struct strings unknown; /* names that this build does not know: a warning, not an error */
};

struct oci_user {
	uid_t uid;
	gid_t gid;
	struct opt_u64 umask;
	VEC(uint32_t) additional_gids;
};

/* man 2 sched_setattr, struct sched_attr; numbers that are absent are 0. */
struct oci_scheduler {
	bool set;
	int policy;   /* SCHED_* */
	int64_t nice; /* -20 to 19: SCHED_OTHER, SCHED_BATCH */
	int64_t priority;
	uint64_t flags;			    /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* nanoseconds: SCHED_DEADLINE */
};

/* man 2 ioprio_set */
struct oci_io_priority {
	bool set;
	int class;	  /* IOPRIO_CLASS_* */
	int64_t priority; /* 0, the highest, to 7 */
};

/* Bit N: CPU N, for sched_setaffinity(2). */
struct oci_cpu_mask {
	unsigned long *words; /* NULL: not given */
	size_t size;	      /* bytes */
};

struct oci_process {
	bool present; /* config.json has a process object */
	bool terminal;
	struct {
		uint64_t height;
		uint64_t width;
	} console_size; /* characters; 0: not given */
	struct oci_user user;
	struct strings args;
	struct strings env;
	const char *cwd;
	struct oci_capabilities capabilities;
	VEC(struct oci_rlimit) rlimits;
	bool no_new_privileges;
	struct opt_i64 oom_score_adj;
	const char *apparmor_profile; /* NULL: none */
	const char *selinux_label;    /* NULL: none */
	struct oci_scheduler scheduler;
	struct oci_io_priority io_priority;
	/* `exec` only: before it enters the container's cgroup, and after. */
	struct oci_cpu_mask exec_cpus_initial, exec_cpus_final;
};

enum oci_namespace_type {
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT,
};

struct oci_namespace {
	bool present;	  /* listed; false: inherited from the runtime */
	const char *path; /* join this one; NULL: a new one */
};

/* One line of a user namespace's map. man 7 user_namespaces. */
struct oci_id_map {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct oci_id_maps {
	struct oci_id_map *items;
	size_t count;
	size_t capacity;
};

struct oci_device {
	const char *path; /* in the container, absolute */
	const char
		*host_path; /* node on the host to bind when mknod is refused; NULL: same as path */
	char type;	    /* c, b, u (= c), p */
	dev_t rdev;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	const char *remedy; /* command that makes a missing node on the host; NULL: none known */
	const char *origin;
	const char *reason; /* of an edit */
};

struct oci_device_rule {
	bool allow;
	char type;     /* a, c, b */
	int64_t major; /* -1: all */
	int64_t minor; /* -1: all */
	bool read, write, mknod;
	const char *origin;
};

struct oci_memory {
	struct opt_i64 limit;	    /* bytes, -1 unlimited */
	struct opt_i64 reservation; /* bytes */
	struct opt_i64 swap;	    /* bytes, memory + swap */
	struct opt_u64 swappiness;  /* percent; v1 only, as in the kernel */
	bool disable_oom_killer;    /* v1 only */
	bool check_before_update;   /* update: refuse a limit below the usage */
};

struct oci_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;		 /* microseconds, <= 0 unlimited */
	struct opt_u64 period;		 /* microseconds */
	struct opt_u64 burst;		 /* microseconds */
	struct opt_i64 realtime_runtime; /* microseconds; v1 only */
	struct opt_u64 realtime_period;	 /* microseconds; v1 only */
	struct opt_i64 idle;		 /* 1: scheduled when nothing else wants to run */
	const char *cpus;
	const char *mems;
};

struct oci_block_weight {
	uint32_t major;
	uint32_t minor;
	uint64_t weight;
};

struct oci_block_rate {
	uint32_t major;
	uint32_t minor;
	uint64_t rate; /* bytes or operations a second; 0 unlimited */
};

struct oci_block_rates {
	struct oci_block_rate *items;
	size_t count;
	size_t capacity;
};

struct oci_block_io {
	struct opt_u64 weight; /* 10 to 1000 */
	VEC(struct oci_block_weight) device_weights;
	struct oci_block_rates read_bytes;
	struct oci_block_rates write_bytes;
	struct oci_block_rates read_operations;
	struct oci_block_rates write_operations;
};

struct oci_resources {
	VEC(struct oci_device_rule) devices;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct opt_i64 pids_limit; /* -1 unlimited */
	struct oci_block_io block_io;
};

struct oci_sysctl {
	const char *name; /* as written */
	const char *path; /* below /proc/sys: net/ipv4/conf/eth0.100/forwarding */
	const char *value;
};

struct oci_linux {
	struct oci_namespace namespaces[OCI_NS_COUNT];
	struct oci_id_maps uid_maps;
	struct oci_id_maps gid_maps;
	const char *time_offsets; /* lines for /proc/PID/timens_offsets; NULL: none */
	VEC(struct oci_device) devices;
	const char *cgroups_path;
	struct oci_resources resources;
	uint64_t
		rootfs_propagation; /* MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE [| MS_REC]; 0: default */
	struct strings masked_paths;
	struct strings readonly_paths;
	const char *mount_label;    /* SELinux context of new file systems; NULL: none */
	struct opt_u64 personality; /* PER_* */
	VEC(struct oci_sysctl) sysctls;
	struct oci_seccomp seccomp;
};

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_COUNT,
};

struct oci_hook {
	const char *path;	/* absolute; where it is looked for depends on the kind */
	struct strings args;	/* argv, argv[0] included; empty: the path alone */
	struct strings env;	/* the whole environment */
	struct opt_i64 timeout; /* seconds, > 0 */
};

struct oci_hook_list {
	struct oci_hook *items;
	size_t count;
	size_t capacity;
};

struct oci_annotation {
	const char *key;
	const char *value;
};

/* A symbolic link made in the root file system. No JSON field: filled by edits only. */
struct oci_link {
	const char *path; /* in the container, absolute */
	const char *target;
	const char *origin;
	const char *reason;
};

/* A file of a private tmpfs. */
struct oci_tmpfs_file {
	const char *name; /* relative, may have directories */
	mode_t mode;
	const char *text;
};

/* A host directory shown in a private tmpfs, read-only. */
struct oci_tmpfs_bind {
	const char *name; /* relative, may have directories */
	const char *source;
};

/*
 * A small read-only file system over a directory of the container's procfs, where config.json may mount
 * nothing. It needs no mount point: where procfs has no such directory nothing is done. No JSON field: filled
 * by edits only.
 */
struct oci_tmpfs {
	const char *dest; /* in the container, absolute */
	mode_t mode;	  /* of its root */
	VEC(struct oci_tmpfs_file) files;
	VEC(struct oci_tmpfs_bind) binds;
	const char *origin;
	const char *reason;
};

/*
 * Libraries that the container's loader shall find in place of others of the same names. Whether its cache has to
 * change for that, what is in the container decides. No JSON field: filled by edits only.
 */
struct oci_loader_cache {
	struct ldso_libraries libraries; /* empty: nothing to do */
	bool always; /* have them in the cache even where they are found without */
	const char *origin;
	const char *reason;
};

struct oci_config {
	const char *
		text; /* the document itself, kept in the record: later edits of it change nothing */
	size_t text_len;
	const char *version; /* ociVersion as written */
	const char *bundle;  /* absolute host path */
	struct oci_root root;
	const char *hostname;
	const char *domainname;
	struct oci_process process;
	VEC(struct oci_mount) mounts;
	struct oci_hook_list hooks[OCI_HOOK_COUNT];
	struct oci_linux linux;
	VEC(struct oci_annotation) annotations;
	VEC(struct oci_mount) extra_mounts;   /* by edits: done after /dev is set up */
	VEC(struct oci_link) links;	      /* by edits */
	VEC(struct oci_tmpfs) tmpfs;	      /* by edits */
	struct oci_loader_cache loader_cache; /* by edits */
};
