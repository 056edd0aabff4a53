/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of ps(1) are a container's. */
#include <errno.h>

#include "runtime/commands.h"
#include "test.h"

static const pid_t pids[] = { 12, 3456 };

static const char *filter(const char *table, struct arena *arena)
{
	struct err err = { 0 };
	char *text;

	if (ps_filter(table, pids, 2, arena, &text, &err) < 0)
		return arena_strdup(arena, err.text);
	return text;
}

TEST(ps_keeps_the_heading_and_lines_of_the_pids)
{
	struct arena arena = { 0 };

	CHECK_STR(filter("UID          PID    PPID CMD\n"
			 "root          12       1 init\n"
			 "root         120      12 not this\n"
			 "root           1    3456 nor this 12\n"
			 "root        3456      12 sh -c PID\n",
			 &arena),
		  "UID          PID    PPID CMD\n"
		  "root          12       1 init\n"
		  "root        3456      12 sh -c PID\n");
	CHECK_STR(filter("    PID TTY\n     12 ?\n", &arena), "    PID TTY\n     12 ?\n");
	CHECK_STR(filter("\tPID\tTTY\n\t12\t?\n", &arena), "\tPID\tTTY\n\t12\t?\n");
	arena_done(&arena);
}

/* ps -m: threads follow their process, with a dash instead of the pid. */
TEST(ps_keeps_threads_with_their_process)
{
	struct arena arena = { 0 };

	CHECK_STR(filter("PID TTY\n1 ?\n- -\n12 ?\n- -\n- -\n2 ?\n- -\n", &arena),
		  "PID TTY\n12 ?\n- -\n- -\n");
	arena_done(&arena);
}

TEST(ps_needs_the_column)
{
	struct arena arena = { 0 };

	CHECK_HAS(filter("COMMAND\nsh\n", &arena), "no column PID");
	CHECK_HAS(filter("", &arena), "no column PID");
	CHECK_STR(filter("CMD PID\nsh\nsh 12\nsh x\nsh 99999999999\n", &arena), "CMD PID\nsh 12\n");
	arena_done(&arena);
}

TEST_MAIN()
