/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a host: /etc/nvcrun/config.toml, and what NVIDIA's own file says about requests. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Setting loader-cache: when that of a container is changed. */
enum nv_loader_cache {
	NV_LOADER_CACHE_AUTO,  /* where the driver's libraries would not be found without */
	NV_LOADER_CACHE_MERGE, /* where they are not in it */
	NV_LOADER_CACHE_NONE,
};

struct nv_settings {
	const char *file;	 /* where they came from; NULL: built-in defaults */
	const char *driver_root; /* "/" */
	const char
		*dev_root; /* directory that holds dev/; NULL: driver root if it has one, else / */
	const char *ldcache;	     /* NULL: <driver root>/etc/ld.so.cache */
	struct strings library_dirs; /* searched first, below the driver root */
	struct strings binary_dirs;
	struct strings firmware_dirs; /* hold nvidia/<version>/gsp*.bin */
	struct strings config_dirs;   /* of graphics: hold glvnd/, vulkan/ … */
	const char *nvidia_config;    /* NVIDIA's file; NULL: the usual one, which may be absent */
	bool accept_mounts; /* mounts below /var/run/nvidia-container-devices are requests */
	bool accept_env;    /* variables of unprivileged containers are requests, too */
	struct strings swarm_resource; /* variables that stand for NVIDIA_VISIBLE_DEVICES */
	unsigned int capabilities;     /* NV_CAP_*: the most that containers get */
	bool ignore_capabilities;      /* capabilities = "ignore": all of these for every request */
	bool missing_driver_is_error;  /* on-missing-driver = "error" (default) | "warn" */
	bool protect_proc_driver; /* containers without a GPU see no file of the driver in procfs */
	enum nv_loader_cache loader_cache;
	int64_t nvml_timeout; /* seconds, until NVML is given up */
	bool may_open_gpus; /* in no file: set by who makes a container, so that a GPU may be opened
				* to learn its UUID */
	struct nv_testing {
		const char *proc_root; /* "/proc": its driver/nvidia, devices */
		const char *sys_root;  /* "/sys" */
		bool fake_devices;     /* nodes are not checked and need not exist */
	} testing;
};

/* Those of a host without files. */
struct nv_settings nv_settings_default(void);

/* What the names of swarm_resource start with: as docker's swarm makes them. */
#define NV_SWARM_PREFIX "DOCKER_RESOURCE_"

/*
 * Read the settings: first the keys about requests that NVIDIA's container toolkit has, from its own
 * file (nvidia_config, else /etc/nvidia-container-runtime/config.toml), then ours, which win.
 *
 * @file: --settings FILE, or NULL: NVCRUN_CONFIG of the environment, else
 *        /etc/nvcrun/config.toml; only the last may be absent (defaults then)
 *
 * As root the file must be owned by root and not writable by group or others. Unknown keys are
 * errors that name file, line and key: a misspelt setting must not be silent. NVIDIA's file has keys
 * for other programs, so there they are not.
 */
int nv_settings_read(const char *file, struct arena *arena, struct nv_settings *ret,
		     struct err *err);

/*
 * Whether only root can change what @st describes, a settings file or driver root: owned by root
 * and not writable by others. Always true when we are not root ourselves; inside a user namespace,
 * where the host's root shows as the overflow user, only the mode counts.
 */
bool nv_is_trusted(const struct stat *st);
