/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount-table: the mounts of the calling process as JSON on stdout. A program of its own, because
 * libmount has no static archive for the main binary to use.
 *
 *	mount-table [FSTYPE…]	keep only these file system types
 *
 * One object per mount, in the order of mounting: target, root (of the mount within its file system),
 * fstype, options (of the mount), super (options of the file system). man 5 proc, mountinfo.
 */
#include <errno.h>
#include <libmount.h>

#include "base/json.h"
#include "base/str.h"

#define MOUNTINFO "/proc/self/mountinfo"

static bool is_wanted(const char *fstype, char *const *wanted)
{
	if (!*wanted)
		return true;
	for (; *wanted; wanted++) {
		if (str_eq(fstype, *wanted))
			return true;
	}
	return false;
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static void write_mount(struct json_writer *w, struct libmnt_fs *fs)
{
	json_object(w, NULL);
	json_string(w, "target", text_or_empty(mnt_fs_get_target(fs)));
	json_string(w, "root", text_or_empty(mnt_fs_get_root(fs)));
	json_string(w, "fstype", text_or_empty(mnt_fs_get_fstype(fs)));
	json_string(w, "options", text_or_empty(mnt_fs_get_vfs_options(fs)));
	json_string(w, "super", text_or_empty(mnt_fs_get_fs_options(fs)));
	json_end_object(w);
}

/* Returns 0, or -errno after saying so on stderr. */
static int print_table(struct libmnt_table *table, struct libmnt_iter *iter, char *const *wanted)
{
	cleanup_json_writer struct json_writer w;
	struct arena arena = { 0 };
	struct libmnt_fs *fs;
	size_t len;
	int r = 0;

	json_writer_init(&w, NULL);
	json_array(&w, NULL);
	while (mnt_table_next_fs(table, iter, &fs) == 0) {
		if (is_wanted(text_or_empty(mnt_fs_get_fstype(fs)), wanted))
			write_mount(&w, fs);
	}
	json_end_array(&w);
	if (puts(json_writer_text(&w, &arena, &len)) == EOF || fflush(stdout) == EOF) {
		r = -errno;
		fprintf(stderr, "mount-table: write: %s\n", strerror(-r));
	}
	arena_done(&arena);
	return r;
}

int main(int argc, char **argv)
{
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_table *table = mnt_new_table();
	int r;

	if (!iter || !table || argc < 1) {
		fprintf(stderr, "mount-table: out of memory\n");
		return EXIT_FAILURE;
	}
	r = mnt_table_parse_file(table, MOUNTINFO);
	if (r == 0)
		r = print_table(table, iter, argv + 1);
	else
		fprintf(stderr, "mount-table: read %s: %s\n", MOUNTINFO, strerror(-r));
	mnt_free_iter(iter);
	mnt_unref_table(table);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
