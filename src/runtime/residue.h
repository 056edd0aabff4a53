/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What injected files and links leave in the image: mount points, links, their directories. They have to be there
 * while the container is, and an image that is made of it afterwards must not have them.
 *
 * The host looks before init is cloned, and notes in the record what is not there yet. So what is removed at the end is
 * what create made, and whoever is killed in between leaves the note. Volumes are not seen: what is made in one of
 * them stays there.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "linux/rootfs_plan.h"
#include "runtime/record.h"

/* In the record, beside state.json; only where there is something to remove. */
#define RESIDUE_FILE "residue.json"

struct residue_link {
	const char *path;
	const char *target;
	const char
		*was; /* target of the image's own link, which is put back; NULL: there was none */
};

/* Paths in the container, absolute and clean. */
struct residue {
	uint64_t
		device; /* of the root file system's directory: what is removed later is in that one only */
	uint64_t inode;
	struct strings mount_points;
	VEC(struct residue_link) links;
	struct strings directories; /* parents before children */
};

/*
 * What the injected operations of @plan will make or replace in the root file system as it is now.
 *
 * @root_fd: the root file system as the host sees it
 *
 * What the caller may not look at counts as there. Strings are in @arena, or shared with the plan.
 */
void residue_note(const struct rootfs_plan *plan, int root_fd, struct arena *arena,
		  struct residue *ret);

/*
 * Write RESIDUE_FILE into the directory of a record, or add to the one that another container handed over; an empty
 * residue makes none. Returns 0 or -errno.
 */
int residue_write(const struct residue *residue, int dir_fd, struct err *err);

/*
 * Remove what was noted, in the root file system of @record, whose init must be dead: empty files, links that are still
 * ours, directories that are empty. All else stays. Where another container below @root has the same root file system the
 * note becomes its own, and is carried out with it: removing a mount point unmounts what others have on it. There is no
 * error: the root file system may be gone or read-only.
 *
 * @root:   --root or NULL, for the other containers
 * @dir_fd: the directory of the record
 */
void residue_remove(const struct record *record, const char *root, int dir_fd, struct arena *arena);
