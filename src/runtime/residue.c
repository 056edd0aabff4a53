/* SPDX-License-Identifier: Apache-2.0 */
/* What injected files and links leave in the image. */
#include "runtime/residue.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decode.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/container.h"

#define TEMPORARY ".nvcrun-residue"

/* --- before: what is not there yet */

struct note {
	int root_fd;
	struct arena *arena;
	struct residue *residue;
	const char *
		present; /* the last directory that was found to be there: mostly that of the next, too */
};

static const char *parent_of(const char *path, struct arena *arena)
{
	return arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path));
}

/* A link counts, wherever it leads to. */
static bool is_absent(int root_fd, const char *path)
{
	cleanup_close int fd = -EBADF;

	return path_open_in(root_fd, path, O_PATH | O_NOFOLLOW, &fd) == -ENOENT;
}

static void note_directories(struct note *note, const char *path)
{
	struct strings *directories = &note->residue->directories;

	if (str_eq(path, note->present) || strings_have(directories, path))
		return;
	if (!is_absent(note->root_fd, path)) {
		note->present = path;
		return;
	}
	note_directories(note, parent_of(path, note->arena));
	VEC_PUSH(directories, note->arena, path);
}

static void note_mount_point(struct note *note, const struct rootfs_op *op)
{
	if (!is_absent(note->root_fd, op->dest))
		return;
	note_directories(note, parent_of(op->dest, note->arena));
	VEC_PUSH(&note->residue->mount_points, note->arena, op->dest);
}

/* The text of a link; NULL when @name is none. */
static const char *read_link(int dir_fd, const char *name, struct arena *arena)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, text, sizeof(text));

	return len <= 0 || len == sizeof(text) ? NULL : arena_strndup(arena, text, (size_t)len);
}

/* A file where the link belongs is not replaced (link_make()), so there is nothing to note. */
static void note_link(struct note *note, const struct rootfs_op *op)
{
	struct residue_link link = { .path = op->dest, .target = op->source };
	cleanup_close int fd = -EBADF;
	int r = path_open_in(note->root_fd, op->dest, O_PATH | O_NOFOLLOW, &fd);

	if (r == -ENOENT)
		note_directories(note, parent_of(op->dest, note->arena));
	else if (r == 0)
		link.was = read_link(fd, "", note->arena);
	if (r == -ENOENT || (link.was && !str_eq(link.was, link.target)))
		VEC_PUSH(&note->residue->links, note->arena, link);
}

void residue_note(const struct rootfs_plan *plan, int root_fd, struct arena *arena,
		  struct residue *ret)
{
	struct note note = { .root_fd = root_fd, .arena = arena, .residue = ret, .present = "" };
	struct stat st = { 0 };

	(void)fstat(root_fd, &st);
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	VEC_EACH(op, &plan->ops) {
		/* The private copy of the cache may need one, too (linux/loader_cache.h). */
		if (op->injected && (op->kind == OP_BIND || op->kind == OP_LOADER_CACHE))
			note_mount_point(&note, op);
		else if (op->injected && op->kind == OP_LINK)
			note_link(&note, op);
	}
}

/* --- in between: the file */

static void print_residue(const struct residue *residue, struct json_writer *w)
{
	json_object(w, NULL);
	json_uint(w, "device", residue->device);
	json_uint(w, "inode", residue->inode);
	json_strings(w, "mountPoints", &residue->mount_points);
	json_array(w, "links");
	VEC_EACH(link, &residue->links) {
		json_object(w, NULL);
		json_string(w, "path", link->path);
		json_string(w, "target", link->target);
		if (link->was)
			json_string(w, "was", link->was);
		json_end_object(w);
	}
	json_end_array(w);
	json_strings(w, "directories", &residue->directories);
	json_end_object(w);
}

#define LINK(member) offsetof(struct residue_link, member)
static const struct field link_items[] = {
	{ "path", decode_string, LINK(path), NULL, FIELD_REQUIRED },
	{ "target", decode_string, LINK(target), NULL, FIELD_REQUIRED },
	{ "was", decode_string, LINK(was), NULL, 0 },
};
static const struct fields link_fields = FIELDS(link_items, struct residue_link);

#define RESIDUE(member) offsetof(struct residue, member)
static const struct field residue_items[] = {
	{ "device", decode_u64, RESIDUE(device), NULL, FIELD_REQUIRED },
	{ "inode", decode_u64, RESIDUE(inode), NULL, FIELD_REQUIRED },
	{ "mountPoints", decode_strings, RESIDUE(mount_points), NULL, FIELD_REQUIRED },
	{ "links", decode_structs, RESIDUE(links), &link_fields, FIELD_REQUIRED },
	{ "directories", decode_strings, RESIDUE(directories), NULL, FIELD_REQUIRED },
};
static const struct fields residue_fields = FIELDS(residue_items, struct residue);

static int read_residue(int dir_fd, struct arena *arena, struct residue *ret)
{
	struct decode d = { .arena = arena, .document = RESIDUE_FILE };
	const struct value *value;
	char *text;
	size_t len;
	int r = fd_read_file(dir_fd, RESIDUE_FILE, VALUE_SIZE_MAX, arena, &text, &len);

	if (r == 0)
		r = json_read(text, len, RESIDUE_FILE, arena, &value, NULL);
	return r < 0 ? r : decode_object(&d, value, &residue_fields, ret);
}

static bool has_link(const struct residue *residue, const char *path)
{
	VEC_EACH(link, &residue->links) {
		if (str_eq(link->path, path))
			return true;
	}
	return false;
}

static void join_paths(struct strings *ours, const struct strings *theirs, struct arena *arena)
{
	VEC_EACH(path, theirs) {
		if (!strings_have(ours, *path))
			VEC_PUSH(ours, arena, *path);
	}
}

static int compare_paths(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void join(struct residue *ours, const struct residue *theirs, struct arena *arena)
{
	join_paths(&ours->mount_points, &theirs->mount_points, arena);
	join_paths(&ours->directories, &theirs->directories, arena);
	/* Either may have made a directory in one of the other's. */
	if (ours->directories.count)
		qsort(ours->directories.items, ours->directories.count,
		      sizeof(*ours->directories.items), compare_paths);
	VEC_EACH(link, &theirs->links) {
		if (!has_link(ours, link->path))
			VEC_PUSH(&ours->links, arena, *link);
	}
}

int residue_write(const struct residue *residue, int dir_fd, struct err *err)
{
	cleanup_json_writer struct json_writer w = { 0 };
	struct residue joined = *residue, there = { 0 };
	struct arena arena = { 0 };
	const char *text;
	size_t len;
	int r;

	if (!residue->mount_points.count && !residue->links.count)
		return 0;
	if (read_residue(dir_fd, &arena, &there) == 0)
		join(&joined, &there, &arena);
	json_writer_init(&w, "  ");
	print_residue(&joined, &w);
	text = json_writer_text(&w, &arena, &len);
	r = fd_replace_file(dir_fd, RESIDUE_FILE, 0600, text, len);
	arena_done(&arena);
	return r < 0 ? err_code(err, r, "write %s of the container", RESIDUE_FILE) : 0;
}

/* --- after: what create made */

static bool is_root(const struct residue *residue, const struct stat *st)
{
	return residue->device == st->st_dev && residue->inode == st->st_ino;
}

/*
 * Whether another container has the same root file system, which then also takes over the note; or whether that cannot be
 * told. There is no lock: one that is made right now is seen from its record on, which is written long before its first
 * mount. One that has stopped counts, too: it may be started again by who keeps it, and processes of it may live.
 */
static bool leave_to_other(const struct record *record, const char *root,
			   const struct residue *residue, struct arena *arena)
{
	cleanup_close int root_fd = -EBADF;
	struct strings ids = { 0 };
	bool is_unknown = false;

	if (record_open_root(root, false, arena, &root_fd, NULL) < 0 ||
	    record_list(root_fd, arena, &ids, NULL) < 0)
		return true;
	VEC_EACH(id, &ids) {
		cleanup_container struct container other = CONTAINER_NONE;
		struct stat st;
		int r;

		if (str_eq(*id, record->id))
			continue;
		r = container_open(root, *id, arena, &other, NULL);
		is_unknown |= r < 0 && r != -ENOENT;
		if (r < 0 || !other.record.rootfs || stat(other.record.rootfs, &st) < 0 ||
		    !is_root(residue, &st))
			continue;
		(void)residue_write(residue, other.dir_fd, NULL);
		return true;
	}
	return is_unknown;
}

/* The directory of what is removed; mostly that of the next, too. */
struct place {
	int root_fd;
	struct arena *arena;
	const char *path;
	int fd; /* O_PATH, owned; < 0: there is none */
};

/* The name of @path in its directory, which is then open as @place->fd; NULL where there is none. */
static const char *go_to(struct place *place, const char *path)
{
	const char *parent;

	if (path[0] != '/')
		return NULL;
	parent = parent_of(path, place->arena);
	if (!place->path || !str_eq(parent, place->path)) {
		fd_close(place->fd);
		place->fd = -EBADF;
		place->path = parent;
		(void)path_open_in(place->root_fd, parent, O_PATH | O_DIRECTORY, &place->fd);
	}
	return place->fd < 0 ? NULL : strrchr(path, '/') + 1;
}

/* A mount point that is still as it was made; its program, or another tool, may have written to it. */
static void remove_empty(struct place *place, const char *path)
{
	const char *name = go_to(place, path);
	struct stat st;

	if (!name || fstatat(place->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		(void)unlinkat(place->fd, name, AT_REMOVEDIR); /* only when empty */
	else if (S_ISREG(st.st_mode) && st.st_size == 0)
		(void)unlinkat(place->fd, name, 0);
}

/* The image's own link again, its owner as that of ours: root of the container. */
static void put_back(int dir_fd, const char *name, const char *target)
{
	cleanup_close int fd = -EBADF;
	struct stat st, made;

	(void)unlinkat(dir_fd, TEMPORARY, 0);
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    symlinkat(target, dir_fd, TEMPORARY) < 0)
		return;
	/* By a descriptor: whoever writes to the directory may exchange it for another file. */
	fd = openat(dir_fd, TEMPORARY, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &made) == 0 && S_ISLNK(made.st_mode))
		(void)!fchownat(fd, "", st.st_uid, st.st_gid, AT_EMPTY_PATH);
	if (renameat(dir_fd, TEMPORARY, dir_fd, name) < 0)
		(void)unlinkat(dir_fd, TEMPORARY, 0);
}

static void remove_link(struct place *place, const struct residue_link *link)
{
	const char *name = go_to(place, link->path);
	const char *now = name ? read_link(place->fd, name, place->arena) : NULL;

	if (!now || !str_eq(now, link->target))
		return;
	if (link->was)
		put_back(place->fd, name, link->was);
	else
		(void)unlinkat(place->fd, name, 0);
}

void residue_remove(const struct record *record, const char *root, int dir_fd, struct arena *arena)
{
	struct place place = { .arena = arena, .fd = -EBADF };
	cleanup_close int root_fd = -EBADF;
	struct residue residue = { 0 };
	struct stat st;

	if (read_residue(dir_fd, arena, &residue) < 0 ||
	    leave_to_other(record, root, &residue, arena))
		return;
	/* Where another directory has its name now, nothing of it is ours. */
	root_fd = open(record->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || fstat(root_fd, &st) < 0 || !is_root(&residue, &st))
		return;
	place.root_fd = root_fd;
	VEC_EACH(link, &residue.links)
		remove_link(&place, link);
	VEC_EACH(path, &residue.mount_points)
		remove_empty(&place, *path);
	for (size_t i = residue.directories.count; i-- > 0;)
		remove_empty(&place, residue.directories.items[i]);
	fd_close(place.fd);
}
