/* SPDX-License-Identifier: Apache-2.0 */
/* The command `list`. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/commands.h"
#include "runtime/container.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The directories below the root, sorted; other things there are not ours. */
static int read_ids(int root_fd, struct arena *arena, struct strings *ret_ids, struct err *err)
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

/* Removed since we read its name, or so new that its record is not written yet: nothing to tell. */
static bool is_in_passing(int root_fd, const char *id)
{
	cleanup_close int dir_fd = -EBADF;

	return record_open(root_fd, id, &dir_fd, NULL) == -ENOENT || record_is_locked(dir_fd);
}

int runtime_list(const char *root, struct arena *arena, struct list_entry **ret_entries,
		 size_t *ret_count, struct strings *ret_warnings, struct err *err)
{
	struct strings ids = { 0 }, warnings = { 0 };
	cleanup_close int root_fd = -EBADF;
	VEC(struct list_entry) entries = { 0 };
	int rc;

	rc = record_open_root(root, false, arena, &root_fd, err);
	if (rc == 0)
		rc = read_ids(root_fd, arena, &ids, err);
	if (rc < 0 && (rc != -ENOENT || root))
		return rc;
	VEC_EACH(id, &ids) {
		cleanup_container struct container container = CONTAINER_NONE;
		struct err why = { 0 };

		rc = container_open(root, *id, arena, &container, &why);
		if (rc == 0)
			VEC_ADD(&entries, arena)->state = container_state(&container);
		else if (rc != -ENOENT || !is_in_passing(root_fd, *id))
			VEC_PUSH(&warnings, arena, arena_strdup(arena, why.text));
	}
	*ret_entries = entries.items;
	*ret_count = entries.count;
	*ret_warnings = warnings;
	return 0;
}
