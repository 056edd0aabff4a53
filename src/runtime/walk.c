/* SPDX-License-Identifier: Apache-2.0 */
/* The walker of step tables: both sides, hand-overs, errors, undo. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/steps.h"

static bool is_wanted(const struct create *c, size_t row)
{
	return !c->table->rows[row].wanted || c->table->rows[row].wanted(c);
}

static int run_row(struct create *c, size_t row, struct err *err)
{
	int r;

	log_debug("%s: %s", c->me == HOST ? "host" : "init", c->table->rows[row].name);
	r = step_inject(c->table->rows[row].name, err);
	if (r == 0)
		r = c->table->rows[row].run(c, err);
	return r < 0 ? err_prefix(err, "%s", c->table->rows[row].name) : 0;
}

static void undo_from(struct create *c, size_t row)
{
	for (size_t i = row + 1; i-- > 0;) {
		if (c->table->rows[i].undo && is_wanted(c, i)) {
			log_debug("host: undo %s", c->table->rows[i].name);
			c->table->rows[i].undo(c);
		}
	}
}

/* The other side vanished without a word: say how. */
static int err_init_died(struct create *c, size_t row, struct err *err)
{
	char words[64] = "its status is unknown";
	int status;

	if (proc_wait_child(c->clone.pid, &status) == 0)
		proc_status_words(status, words, sizeof(words));
	c->clone.pid = 0; /* reaped: nothing to kill */
	return err_set(err, ESRCH, "container init died before %s: %s", c->table->rows[row].name,
		       words);
}

/*
 * The host waits while init walks its rows. @row: the first row of init. Returns the host's next row, the
 * number of rows when init needs the host no more, or -errno.
 */
static ssize_t host_wait(struct create *c, size_t row, struct err *err)
{
	size_t next = row;
	int r;

	while (next < c->table->count && (c->table->rows[next].side == INIT || !is_wanted(c, next)))
		next++;
	r = sync_wait_turn(&c->sync, next < c->table->count ? (uint32_t)next : SYNC_END, err);
	/* In `run` init says so when it is about to execute; then end of file is how execve(2) succeeds. */
	if (r == 0 && next == c->table->count && c->options->run) {
		r = sync_wait_turn(&c->sync, SYNC_END, err);
		if (r == 1)
			return (ssize_t)next;
	}
	if (r < 0)
		return r;
	return r == 0 ? (ssize_t)next : err_init_died(c, row, err);
}

static int walk_host(struct create *c, size_t *row, struct err *err)
{
	for (*row = 0; *row < c->table->count; ++*row) {
		ssize_t next;
		int r;

		if (!is_wanted(c, *row))
			continue;
		if (c->table->rows[*row].side == HOST) {
			r = run_row(c, *row, err);
			if (r < 0 || c->me == INIT)
				return r;
			continue;
		}
		r = sync_send_turn(&c->sync, (uint32_t)*row, err);
		if (r < 0)
			return err_init_died(c, *row, err);
		next = host_wait(c, *row, err);
		if (next < 0)
			return (int)next;
		if ((size_t)next == c->table->count)
			return 0;
		*row = (size_t)next - 1;
	}
	return 0;
}

/* What a row of init warned of. */
static int send_warnings(struct create *c, size_t first, struct err *err)
{
	int r = 0;

	for (size_t i = first; r == 0 && c->sync.fd >= 0 && i < c->warnings.count; i++)
		r = sync_send_warning(&c->sync, c->warnings.items[i], err);
	return r;
}

/*
 * Init, born in row `clone`: never returns. Any failure is told to the host, or, once that is gone, to
 * `start`; end of file from the host means that it was killed: then nothing must stay.
 */
static _Noreturn void walk_init(struct create *c, size_t row)
{
	enum side side = HOST;
	struct err err = { 0 };
	size_t warned;
	int r = 0;

	for (row++; row < c->table->count && r == 0; row++) {
		if (!is_wanted(c, row))
			continue;
		if (c->table->rows[row].side == HOST) {
			if (side == INIT)
				r = sync_send_turn(&c->sync, (uint32_t)row, &err);
			side = HOST;
			continue;
		}
		if (side == HOST)
			r = sync_wait_turn(&c->sync, (uint32_t)row, &err);
		side = INIT;
		if (r != 0)
			_exit(255);
		warned = c->warnings.count;
		r = run_row(c, row, &err);
		if (r == 0)
			r = send_warnings(c, warned, &err);
	}
	if (c->sync.fd >= 0)
		sync_send_error(&c->sync, (uint32_t)row, &err);
	else
		start_channel_report(&c->start, &err);
	_exit(255);
}

int create_walk(struct create *c, const struct step_table *table, struct err *err)
{
	size_t row;
	int r;

	c->table = table;
	/* Cgroups and pid files are for others to read, whatever the caller's mask. */
	umask(022);
	r = walk_host(c, &row, err);
	if (c->me == INIT)
		walk_init(c, row);
	VEC_EACH(warning, &c->warnings)
		log_warning("%s", *warning);
	VEC_EACH(warning, &c->sync.warnings)
		log_warning("%s", *warning);
	if (r < 0)
		undo_from(c, row < c->table->count ? row : c->table->count - 1);
	return r;
}
