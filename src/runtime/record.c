/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container: its directory, lock and state.json. */
#include "runtime/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decode.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "oci/config_io.h"
#include "runtime/residue.h"
#include "runtime/start.h"

#define STATE_FILE  "state.json"
#define ID_MAX	    1024
#define SYSTEM_ROOT "/run/nvcrun"
#define DIR_FLAGS   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define ID_CHARACTERS                                                    \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"_+.-"

int record_check_id(const char *id, struct err *err)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX || strspn(id, ID_CHARACTERS) != len || str_eq(id, ".") ||
	    str_eq(id, ".."))
		return err_set(err, EINVAL,
			       "invalid container ID format: `%.64s`: want 1 to %d characters of "
			       "[A-Za-z0-9_+.-], not `.` or `..`",
			       id, ID_MAX);
	return 0;
}

static int default_root(struct arena *arena, const char **ret_root, mode_t *ret_mode,
			struct err *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (!proc_is_real_root() && runtime_dir && runtime_dir[0] == '/') {
		*ret_root = arena_printf(arena, "%s/nvcrun", runtime_dir);
		*ret_mode = S_ISVTX | 0700; /* sticky: systemd-tmpfiles does not clean it up */
		return 0;
	}
	if (geteuid() != 0)
		return err_set(
			err, EINVAL,
			"no place for the states of containers: XDG_RUNTIME_DIR is %s; set it, "
			"or give --root DIR",
			runtime_dir ? "not an absolute path" : "not set");
	*ret_root = SYSTEM_ROOT;
	*ret_mode = 0700;
	return 0;
}

/* Whoever can write here decides which processes and cgroups `delete` kills and removes. */
static int check_root_owner(int fd, const char *root, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "stat the root directory `%s`", root);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, EPERM, "the root directory `%s` belongs to uid %u", root,
			       st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "the root directory `%s` is writable by group or others",
			       root);
	return 0;
}

int record_open_root(const char *root, bool make, struct arena *arena, int *ret_fd, struct err *err)
{
	cleanup_close int host_fd = -EBADF, fd = -EBADF;
	mode_t mode = 0700;
	int rc;

	if (!root) {
		rc = default_root(arena, &root, &mode, err);
		if (rc < 0)
			return rc;
	}
	if (str_eq(path_clean(arena, root), "/"))
		return err_set(err, EINVAL, "option --root argument should not be set to /");
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno != ENOENT || !make))
		return err_errno(err, "open the root directory `%s`", root);
	if (fd < 0) {
		host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (host_fd < 0)
			return err_errno(err, "open /");
		rc = path_make_dirs_in(host_fd, path_absolute(arena, root), mode, &fd);
		if (rc < 0)
			return err_code(err, rc, "make the root directory `%s`", root);
	}
	rc = check_root_owner(fd, root, err);
	if (rc == 0)
		*ret_fd = steal_fd(&fd);
	return rc;
}

static int error_absent(const char *id, struct err *err)
{
	return err_set(err, ENOENT, "container does not exist: %s", id);
}

int record_make(int root_fd, const char *id, int *ret_fd, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int rc;

	rc = record_check_id(id, err);
	if (rc < 0)
		return rc;
	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(err, EEXIST, "container with given ID already exists: %s",
				       id);
		return err_errno(err, "make the directory of container `%s`", id);
	}
	rc = record_open(root_fd, id, &fd, err);
	if (rc == 0)
		rc = record_lock(fd, id, err);
	if (rc == 0)
		*ret_fd = steal_fd(&fd);
	else
		(void)unlinkat(root_fd, id, AT_REMOVEDIR);
	return rc;
}

int record_open(int root_fd, const char *id, int *ret_fd, struct err *err)
{
	int fd, rc;

	rc = record_check_id(id, err);
	if (rc < 0)
		return rc;
	fd = openat(root_fd, id, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT)
		return error_absent(id, err);
	if (fd < 0)
		return err_errno(err, "open the directory of container `%s`", id);
	*ret_fd = fd;
	return 0;
}

int record_lock(int dir_fd, const char *id, struct err *err)
{
	struct stat st;

	while (flock(dir_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_errno(err, "lock container `%s`", id);
	if (fstat(dir_fd, &st) < 0)
		return err_errno(err, "look at the directory of container `%s`", id);
	/* Who held the lock may have removed the directory: then we hold one that has no name. */
	return st.st_nlink == 0 ? error_absent(id, err) : 0;
}

bool record_is_locked(int dir_fd)
{
	cleanup_close int fd = -EBADF;

	/*
	 * A lock belongs to the open file description, so through @dir_fd we would meet, and
	 * release, our own. Shared: two who ask at the same time do not see each other.
	 */
	fd = openat(dir_fd, ".", DIR_FLAGS);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int record_list(int root_fd, struct arena *arena, struct strings *ret_ids, struct err *err)
{
	cleanup_close int fd = -EBADF;
	cleanup_dir DIR *dir = NULL;
	struct strings ids = { 0 };
	struct dirent *entry;
	struct stat st;

	fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_errno(err, "read the root directory");
	(void)steal_fd(&fd);
	while (errno = 0, (entry = readdir(dir)))
		if (record_check_id(entry->d_name, NULL) == 0 &&
		    fstatat(root_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			VEC_PUSH(&ids, arena, arena_strdup(arena, entry->d_name));
	if (errno)
		return err_errno(err, "read the root directory");
	if (ids.count)
		qsort(ids.items, ids.count, sizeof(*ids.items), compare);
	*ret_ids = ids;
	return 0;
}

struct oci_state record_state(const struct record *record, const char *status, pid_t pid)
{
	return (struct oci_state){
		.version = record->oci_version,
		.id = record->id,
		.status = status,
		.pid = pid,
		.bundle = record->bundle,
		.rootfs = record->rootfs,
		.created = record->created,
		.owner = "",
		.annotations = record->annotations,
		.n_annotations = record->n_annotations,
	};
}

int record_write(int dir_fd, const struct record *record, struct err *err)
{
	cleanup_json_writer struct json_writer w;
	struct arena arena = { 0 };
	const char *text;
	size_t len;
	int rc;

	json_writer_init(&w, "  ");
	json_object(&w, NULL);
	json_uint(&w, "version", RECORD_VERSION);
	json_string(&w, "id", record->id);
	json_string(&w, "ociVersion", record->oci_version);
	json_string(&w, "bundle", record->bundle);
	json_string(&w, "rootfs", record->rootfs);
	json_string(&w, "created", record->created);
	json_bool(&w, "creating", record->creating);
	json_bool(&w, "sharesPidNamespace", record->shares_pid_namespace);
	json_object(&w, "init");
	json_int(&w, "pid", record->init.pid);
	json_uint(&w, "start", record->init.start);
	json_end_object(&w);
	cg_place_write(&record->cgroup, &w, "cgroup");
	oci_hooks_write(&record->poststart, &w, "poststart");
	oci_hooks_write(&record->poststop, &w, "poststop");
	json_object(&w, "annotations");
	for (size_t i = 0; i < record->n_annotations; i++)
		json_string(&w, record->annotations[i].key, record->annotations[i].value);
	json_end_object(&w);
	json_end_object(&w);

	text = json_writer_text(&w, &arena, &len);
	rc = fd_replace_file(dir_fd, STATE_FILE, 0600, text, len);
	arena_done(&arena);
	if (rc < 0)
		return err_code(err, rc, "write %s of container `%s`", STATE_FILE, record->id);
	return 0;
}

/* What state.json holds beside the record itself; base types as the decoders write them. */
struct document {
	uint64_t version;
	struct record record;
	struct {
		int64_t pid;
		uint64_t start;
	} init;
	VEC(struct oci_annotation) annotations;
};

static int decode_cgroup(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	(void)field;
	return cg_place_decode(value, d->arena, out, d->err);
}

static int decode_annotations(struct decode *d, const struct value *value,
			      const struct field *field, void *out)
{
	struct document *document = out;

	(void)field;
	if (value->kind != VALUE_OBJECT)
		return decode_error(d, value, "expected an object, got %s",
				    value_kind_words(value->kind));
	VEC_EACH(member, &value->members) {
		struct oci_annotation *annotation;

		if (member->value->kind != VALUE_STRING)
			return decode_error(d, member->value, "expected a string, got %s",
					    value_kind_words(member->value->kind));
		annotation = VEC_ADD(&document->annotations, d->arena);
		annotation->key = member->key;
		annotation->value = member->value->text;
	}
	return 0;
}

static const struct range pid_range = { 0, INT_MAX };

#define INIT(member) offsetof(__typeof__(((struct document *)0)->init), member)
static const struct field init_items[] = {
	{ "pid", decode_i64, INIT(pid), &pid_range, FIELD_REQUIRED },
	{ "start", decode_u64, INIT(start), NULL, FIELD_REQUIRED },
};
static const struct fields init_fields = FIELDS(init_items, ((struct document *)0)->init);

#define DOC(member) offsetof(struct document, member)
#define REC(member) offsetof(struct document, record.member)
static const struct field document_items[] = {
	{ "id", decode_string, REC(id), NULL, FIELD_REQUIRED },
	{ "ociVersion", decode_string, REC(oci_version), NULL, FIELD_REQUIRED },
	{ "bundle", decode_string, REC(bundle), NULL, FIELD_REQUIRED },
	{ "rootfs", decode_string, REC(rootfs), NULL, FIELD_REQUIRED },
	{ "created", decode_string, REC(created), NULL, FIELD_REQUIRED },
	{ "creating", decode_bool, REC(creating), NULL, FIELD_REQUIRED },
	{ "sharesPidNamespace", decode_bool, REC(shares_pid_namespace), NULL, FIELD_REQUIRED },
	{ "init", decode_struct, DOC(init), &init_fields, FIELD_REQUIRED },
	{ "cgroup", decode_cgroup, REC(cgroup), NULL, FIELD_REQUIRED },
	{ "poststart", decode_structs, REC(poststart), &oci_hook_fields, 0 },
	{ "poststop", decode_structs, REC(poststop), &oci_hook_fields, 0 },
	{ "annotations", decode_annotations, 0, NULL, 0 },
};
static const struct fields document_fields = FIELDS(document_items, struct document);

static const struct field version_items[] = {
	{ "version", decode_u64, 0, NULL, FIELD_REQUIRED },
};
static const struct fields version_fields = FIELDS(version_items, uint64_t);

/* The version comes first: of a newer record not even the names of the fields are known. */
static int decode_document(struct decode *d, const struct value *value, const char *id,
			   struct document *document)
{
	uint64_t version = 0;
	int rc;

	rc = decode_object(d, value, &version_fields, &version);
	if (rc < 0)
		return rc;
	if (version != RECORD_VERSION)
		return err_set(d->err, EPROTONOSUPPORT,
			       "container `%s` was made by another version of nvcrun: its %s has "
			       "version %llu, this nvcrun reads version %d",
			       id, STATE_FILE, (unsigned long long)version, RECORD_VERSION);
	return decode_object(d, value, &document_fields, document);
}

int record_read(int dir_fd, const char *id, struct arena *arena, struct record *ret,
		struct err *err)
{
	struct decode d = { .arena = arena, .document = STATE_FILE, .err = err };
	struct document document = { 0 };
	const struct value *value;
	char *text;
	size_t len;
	int rc;

	rc = fd_read_file(dir_fd, STATE_FILE, VALUE_SIZE_MAX, arena, &text, &len);
	if (rc == -ENOENT)
		return err_set(err, ENOENT,
			       "container does not exist: %s (its directory holds no %s: if it is "
			       "not being created just now, `delete --force` removes it)",
			       id, STATE_FILE);
	if (rc < 0)
		return err_code(err, rc, "read %s of container `%s`", STATE_FILE, id);
	rc = json_read(text, len, STATE_FILE, arena, &value, err);
	if (rc == 0)
		rc = decode_document(&d, value, id, &document);
	if (rc == -EPROTONOSUPPORT)
		return rc;
	if (rc < 0)
		return err_prefix(err, "container `%s`", id);

	document.record.init.pid = (pid_t)document.init.pid;
	document.record.init.start = document.init.start;
	document.record.annotations = document.annotations.items;
	document.record.n_annotations = document.annotations.count;
	*ret = document.record;
	return 0;
}

int record_remove(int root_fd, const char *id, struct err *err)
{
	/*
	 * state.json last: whoever is killed here leaves a directory that `delete` still
	 * understands.
	 */
	static const char *const files[] = { START_FIFO,
					     REPORT_FIFO,
					     "." STATE_FILE ".tmp",
					     RECORD_CONFIG,
					     "." RECORD_CONFIG ".tmp",
					     RESIDUE_FILE,
					     "." RESIDUE_FILE ".tmp",
					     STATE_FILE };
	cleanup_close int dir_fd = -EBADF;
	int rc;

	rc = record_open(root_fd, id, &dir_fd, err);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (unlinkat(dir_fd, files[i], 0) < 0 && errno != ENOENT)
			return err_errno(err, "remove %s of container `%s`", files[i], id);
	if (unlinkat(root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_errno(err, "remove the directory of container `%s`", id);
	return 0;
}
