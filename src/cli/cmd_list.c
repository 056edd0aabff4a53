/* SPDX-License-Identifier: Apache-2.0 */
/* The command `list`. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/passwd.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/print_table.h"
#include "runtime/commands.h"
#include "runtime/record.h"

enum { FORMAT_TABLE, FORMAT_JSON };

struct list_options {
	int format;
	bool quiet;
};

static const struct name_value format_names[] = {
	{ "table", FORMAT_TABLE },
	{ "json", FORMAT_JSON },
};
static const struct words formats = WORDS(format_names, "format");

static const struct cli_option options[] = {
	{ "format", 'f', OPTION_WORD, NULL, "how the list looks (default table)",
	  offsetof(struct list_options, format), &formats },
	{ "quiet", 'q', OPTION_FLAG, NULL, "only the ids, one a line",
	  offsetof(struct list_options, quiet), NULL },
};

static const char *user_name(uid_t uid, struct arena *arena)
{
	cleanup_close int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	struct passwd_entry entry;

	if (fd >= 0 && passwd_find_uid(fd, uid, arena, &entry) == 0)
		return entry.name;
	return arena_printf(arena, "#%u", uid);
}

/* The owner of a container is who owns its directory. */
static int add_owners(const char *root, struct list_entry *entries, size_t count,
		      struct arena *arena, struct err *err)
{
	cleanup_close int root_fd = -EBADF;
	struct stat st;
	int r;

	r = record_open_root(root, false, arena, &root_fd, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		/* One that was deleted meanwhile has no owner to show. */
		if (fstatat(root_fd, entries[i].state.id, &st, AT_SYMLINK_NOFOLLOW) == 0)
			entries[i].state.owner = user_name(st.st_uid, arena);
	}
	return 0;
}

static char *ids_text(const struct list_entry *entries, size_t count, struct arena *arena)
{
	struct strbuf out = { .arena = arena };

	for (size_t i = 0; i < count; i++)
		strbuf_addf(&out, "%s\n", entries[i].state.id);
	return arena_strdup(arena, strbuf_text(&out));
}

static char *table_text(const struct list_entry *entries, size_t count, struct arena *arena)
{
	static const char *const titles[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	struct table table = { .arena = arena, .n_columns = ARRAY_SIZE(titles) };

	table_add(&table, titles);
	for (size_t i = 0; i < count; i++) {
		const struct oci_state *state = &entries[i].state;
		const char *const cells[ARRAY_SIZE(titles)] = {
			state->id,	arena_printf(arena, "%d", state->pid),
			state->status,	state->bundle,
			state->created, state->owner,
		};

		table_add(&table, cells);
	}
	return table_print(&table);
}

static char *json_text(const struct list_entry *entries, size_t count, struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 };
	size_t len;

	json_writer_init(&w, NULL);
	json_array(&w, NULL);
	for (size_t i = 0; i < count; i++)
		oci_state_write(&entries[i].state, &w, NULL);
	json_end_array(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, &len));
}

static int run(const struct cli_call *call, struct err *err)
{
	static char *(*const printers[])(const struct list_entry *, size_t, struct arena *) = {
		[FORMAT_TABLE] = table_text,
		[FORMAT_JSON] = json_text,
	};
	const char *root = call->globals->root;
	const struct list_options *list = call->options;
	struct strings warnings = { 0 };
	struct list_entry *entries;
	size_t count;
	int r;

	r = runtime_list(root, call->arena, &entries, &count, &warnings, err);
	if (r < 0)
		return r;
	cli_print_warnings(&warnings);
	if (list->quiet)
		return cli_print(ids_text(entries, count, call->arena), err);
	if (count) {
		r = add_owners(root, entries, count, call->arena, err);
		if (r < 0)
			return r;
	}
	return cli_print(printers[list->format](entries, count, call->arena), err);
}

const struct cli_command cli_list = {
	.name = "list",
	.summary = "list the containers",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct list_options),
	.run = run,
};
