/* SPDX-License-Identifier: Apache-2.0 */
/* What the host has for GPU containers, for `nvcrun nvidia info`: what an injection of everything finds. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "nvidia/inventory.h"
#include "nvidia/settings.h"

enum nv_file_kind {
	NV_FILE_LIBRARY,
	NV_FILE_PROGRAM,
	NV_FILE_FIRMWARE,
	NV_FILE_SOCKET,
	NV_FILE_OTHER,
	NV_FILE_KINDS,
};

/* `libraries`, `programs` …, by enum nv_file_kind. */
extern const char *const nv_file_kind_names[NV_FILE_KINDS];

/* How many files of each kind a capability brings, or a directory holds. */
struct nv_files {
	const char *name; /* `compute`; a host path */
	size_t counts[NV_FILE_KINDS];
};

struct nv_node {
	const char *path; /* below the device root */
	bool present;
};

struct nv_info {
	const char *driver_version;
	const char *driver_root;     /* host path; NULL: no files of the driver were found */
	struct strings library_dirs; /* below the root */
	struct nv_gpus gpus;
	struct nv_gpus left_out;
	VEC(struct nv_node) nodes;
	VEC(struct nv_files) capabilities;
	VEC(struct nv_files) directories;
	const char *persistence; /* socket of nvidia-persistenced; NULL: it does not run */
	struct strings warnings; /* what containers with everything are warned about */
	struct strings problems; /* why containers could not get something, each with the remedy */
};

/*
 * Read the host. Needs no rights, opens no device.
 *
 * @root_fd: any root file system, where files would go
 *
 * A host with a driver that has faults is no error: they are in problems. -ENODEV: no driver is loaded; the words
 * say where it was looked for.
 */
int nv_info_read(const struct nv_settings *settings, int root_fd, struct arena *arena,
		 struct nv_info *ret, struct err *err);

/* As JSON with a final newline, in @arena. */
char *nv_info_json(const struct nv_info *info, struct arena *arena);
