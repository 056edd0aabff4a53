/* SPDX-License-Identifier: Apache-2.0 */
/* The command `ps`: which processes of the host are the container's. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "runtime/commands.h"
#include "runtime/container.h"

#define PS_TIMEOUT_MS 10000

int runtime_ps(const char *root, const char *id, struct arena *arena, pid_t **ret_pids,
	       size_t *ret_count, struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	const struct record *record = &container.record;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc < 0)
		return rc;
	if (record->cgroup.manager == CG_DISABLED)
		return err_set(err, ENOTSUP,
			       "container `%s` has no cgroup of its own, so its processes are not"
			       " known",
			       id);
	return cg_pids(&record->cgroup, arena, ret_pids, ret_count, err);
}

/* The host's ps(1). Fixed places: the caller's PATH is not ours to trust. */
static const char *find_ps(void)
{
	static const char *const paths[] = { "/usr/sbin/ps", "/usr/bin/ps", "/sbin/ps", "/bin/ps" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return NULL;
}

/* Which column of the heading is PID. */
static int find_column(const struct strings *words, size_t *ret)
{
	for (size_t i = 0; i < words->count; i++) {
		if (str_eq(words->items[i], "PID")) {
			*ret = i;
			return 0;
		}
	}
	return -ENOENT;
}

static bool has_pid(const pid_t *pids, size_t count, const char *word)
{
	int64_t pid;

	if (str_to_i64(word, 1, INT32_MAX, &pid) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
}

static struct strings words_of(struct arena *arena, const char *line)
{
	char *text = arena_strdup(arena, line);

	for (char *at = text; *at; at++) {
		if (*at == '\t')
			*at = ' ';
	}
	return str_split(arena, text, ' ', false);
}

int ps_filter(const char *table, const pid_t *pids, size_t count, struct arena *arena,
	      char **ret_text, struct err *err)
{
	struct strings lines = str_split(arena, table, '\n', false);
	struct strbuf out = { .arena = arena };
	struct strings heading;
	size_t column = 0;
	bool is_wanted = true; /* the heading, and lines of the same process */

	heading = words_of(arena, lines.count ? lines.items[0] : "");
	if (find_column(&heading, &column) < 0)
		return err_set(err, EINVAL,
			       "ps shows no column PID, without which the processes"
			       " of the container cannot be told from others");
	VEC_EACH(line, &lines) {
		struct strings words = words_of(arena, *line);
		const char *word = words.count > column ? words.items[column] : "";

		/* `-`: a thread of the process above. */
		if (line != lines.items && !str_eq(word, "-"))
			is_wanted = has_pid(pids, count, word);
		if (is_wanted)
			strbuf_addf(&out, "%s\n", *line);
	}
	*ret_text = arena_strdup(arena, strbuf_text(&out));
	return 0;
}

int runtime_ps_table(const pid_t *pids, size_t count, const struct strings *args,
		     struct arena *arena, char **ret_text, struct err *err)
{
	const char *ps = find_ps();
	struct strings argv = { 0 };
	char *table;
	int rc;

	if (!ps)
		return err_set(err, ENOENT,
			       "there is no program `ps` (looked in /usr/sbin, /usr/bin, /sbin and"
			       " /bin): install it (Debian: procps), or use --format json");
	VEC_EACH(arg, args)
		VEC_PUSH(&argv, arena, *arg);
	if (!args->count)
		VEC_PUSH(&argv, arena, "-ef");
	VEC_PUSH(&argv, arena, NULL);
	rc = proc_run_program(ps, argv.items, PS_TIMEOUT_MS, arena, &table, err);
	return rc < 0 ? rc : ps_filter(table, pids, count, arena, ret_text, err);
}
