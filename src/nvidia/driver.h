/* SPDX-License-Identifier: Apache-2.0 */
/* The user mode driver on the host: its version, its root, the directories of its libraries. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "nvidia/settings.h"

/* Debian's names of our architecture and of its 32-bit sister, part of library directories. */
#if defined(__aarch64__)
#define NV_TRIPLET   "aarch64-linux-gnu"
#define NV_TRIPLET32 "arm-linux-gnueabihf"
#elif defined(__powerpc64__)
#define NV_TRIPLET   "powerpc64le-linux-gnu"
#define NV_TRIPLET32 "powerpc-linux-gnu"
#else
#define NV_TRIPLET   "x86_64-linux-gnu"
#define NV_TRIPLET32 "i386-linux-gnu"
#endif

struct nv_driver {
	const char *version; /* of the kernel module, which the files must match: `580.159.04` */
	int root_fd;	  /* O_PATH, the directory that counts as / of the driver's files; owned */
	const char *root; /* its host path without trailing slash: empty for / */
	int dev_root_fd;  /* O_PATH, holds dev/; owned */
	const char *dev_root;	     /* its path for errors, empty for / */
	struct strings library_dirs; /* below the root; those that hold the main libraries */
	struct strings further_dirs; /* the other usual ones: the driver may be spread */
};

/*
 * The version of the loaded kernel module.
 *
 * Returns 0; -ENODEV without words when it is not loaded, the caller knows who asks; or another
 * error with words.
 * Source: /sys/module/nvidia/version, else the first line of /proc/driver/nvidia/version.
 */
int nv_driver_version(const struct nv_settings *settings, struct arena *arena,
		      const char **ret_version, struct err *err);

/*
 * Open the driver's root and find its libraries: directories of the settings, those of the loader
 * cache's own entries, then the places where distributions put them.
 *
 * @version: from nv_driver_version(); a library of another version is an error with both numbers
 * @ret:     released by nv_driver_done()
 */
int nv_driver_open(const struct nv_settings *settings, const char *version, struct arena *arena,
		   struct nv_driver *ret, struct err *err);

/*
 * The directories of 32-bit libraries, looked for in the same way; none is no error.
 *
 * @ret_dirs:    below the root, those with a main library
 * @ret_further: the other usual ones
 */
int nv_driver_find_libraries32(const struct nv_driver *driver, const struct nv_settings *settings,
			       struct arena *arena, struct strings *ret_dirs,
			       struct strings *ret_further, struct err *err);

/*
 * For a main library that was not found beside the others: an error with both numbers when
 * <@library>.so.1 there leads to a file of another version. Else 0.
 */
int nv_driver_check_version(const struct nv_driver *driver, const char *library,
			    struct arena *arena, struct err *err);

/* Close the descriptors. */
void nv_driver_done(const struct nv_driver *driver);

/*
 * Open a regular file of the driver for reading, links followed inside its root.
 *
 * @path:	   in the driver's root
 * @ret_fd:	   owned by the caller
 * @ret_host_path: absolute, without links: what a mount may name as its source
 *
 * Returns 0 or -errno without words; -ENOENT also for what is no regular file.
 */
int nv_driver_open_file(const struct nv_driver *driver, const char *path, struct arena *arena,
			int *ret_fd, const char **ret_host_path);

/*
 * A socket or directory (@type: S_IFSOCK, S_IFDIR) of a service, which containers may write to: no
 * link. A directory must be root's or our own: it is in /tmp, where its owner could exchange it for
 * a link to any other before init opens it.
 *
 * Returns 0 or -errno without words; -ENOENT also for what is of another type, -EPERM for another
 * owner's directory.
 */
int nv_driver_find_endpoint(const struct nv_driver *driver, const char *path, mode_t type,
			    struct arena *arena, const char **ret_host_path);

/*
 * Names in a directory of the driver that start with @prefix and end with @suffix, in order of their
 * versions (strverscmp(3)). None where it cannot be read.
 */
struct strings nv_driver_list(const struct nv_driver *driver, const char *dir, const char *prefix,
			      const char *suffix, struct arena *arena);

/* The host path of an open file, as the kernel knows it. Returns 0 or -errno. */
int nv_host_path(int fd, struct arena *arena, const char **ret_path);
