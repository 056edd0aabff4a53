/* SPDX-License-Identifier: Apache-2.0 */
/* The command `list`. */
#include <errno.h>

#include "base/fd.h"
#include "runtime/commands.h"
#include "runtime/container.h"

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
		rc = record_list(root_fd, arena, &ids, err);
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
