/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands against each other: every round runs each contestant once, so that whatever
 * disturbs the machine disturbs all of them, and what counts is the ratio within a round.
 *
 *	pairs [-r ROUNDS] [-w WARMUP] -- NAME STEP [";" STEP]... [-- NAME STEP...]...
 *
 * A step is one of
 *	time COMMAND...	run it and add its duration to the contestant's time of this round
 *	do COMMAND...	run it outside the time
 *	reap PIDFILE	wait, outside the time, for the process that a command has left behind
 * In every word {} stands for an id that is new in each round. A command that fails ends the
 * program.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_CONTESTANTS = 8,
	MAX_STEPS = 8,
	MAX_WORDS = 64,
	ID_SIZE = 48,
};

struct step {
	enum { STEP_TIME, STEP_DO, STEP_REAP } kind;
	char **words; /* in argv */
	int count;
};

struct contestant {
	const char *name;
	struct step steps[MAX_STEPS];
	int count;
	double *ms; /* one time per round */
};

struct contest {
	struct contestant contestants[MAX_CONTESTANTS];
	int count;
	int rounds;
	int warmup; /* rounds before those that count */
};

extern char **environ;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list arguments;

	fputs("pairs: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("out of memory");
	return memory;
}

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* A copy of @word with @id for {}. */
static char *fill_in(const char *word, const char *id)
{
	const char *place = strstr(word, "{}");
	size_t size = strlen(word) + ID_SIZE;
	char *filled = allocate(size, 1);

	if (place)
		snprintf(filled, size, "%.*s%s%s", (int)(place - word), word, id, place + 2);
	else
		snprintf(filled, size, "%s", word);
	return filled;
}

/*
 * Run a command with nothing on stdin and nobody at stdout: a pipe there would be held open by a
 * container that the command leaves behind.
 *
 * Returns its duration in milliseconds, from before the spawn until it is reaped.
 */
static double run(char **words, const posix_spawn_file_actions_t *actions)
{
	int status, error;
	double begin;
	pid_t pid;

	begin = now_ms();
	error = posix_spawnp(&pid, words[0], actions, NULL, words, environ);
	if (error)
		die("run %s: %s", words[0], strerror(error));
	if (wait4(pid, &status, 0, NULL) < 0)
		die("wait for %s: %s", words[0], strerror(errno));
	if (status != 0) {
		for (char **word = words; *word; word++)
			fprintf(stderr, "%s ", *word);
		fputc('\n', stderr);
		die("this command ended with %s %d", WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
	return now_ms() - begin;
}

/* The process became ours when its parent ended: main made us the subreaper, like a shim. */
static void reap(const char *pid_file)
{
	FILE *file = fopen(pid_file, "re");
	int pid;

	if (!file || fscanf(file, "%d", &pid) != 1)
		die("read a process id from %s: %s", pid_file, strerror(errno));
	fclose(file);
	if (waitpid(pid, NULL, 0) < 0)
		die("wait for process %d of %s: %s", pid, pid_file, strerror(errno));
}

/* One round of one contestant; returns its time. */
static double run_steps(const struct contestant *contestant, const char *id,
			const posix_spawn_file_actions_t *actions)
{
	double total_ms = 0;

	for (int i = 0; i < contestant->count; i++) {
		const struct step *step = &contestant->steps[i];
		char *words[MAX_WORDS + 1] = { NULL };
		double ms = 0;

		for (int w = 0; w < step->count; w++)
			words[w] = fill_in(step->words[w], id);
		if (step->kind == STEP_REAP)
			reap(words[0]);
		else
			ms = run(words, actions);
		if (step->kind == STEP_TIME)
			total_ms += ms;
		for (int w = 0; w < step->count; w++)
			free(words[w]);
	}
	return total_ms;
}

/* Who begins changes from round to round, for the first one may find colder caches. */
static void run_rounds(struct contest *contest)
{
	posix_spawn_file_actions_t actions;
	char id[ID_SIZE];

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (int round = -contest->warmup; round < contest->rounds; round++) {
		for (int i = 0; i < contest->count; i++) {
			int which = (i + round + contest->warmup) % contest->count;
			struct contestant *contestant = &contest->contestants[which];
			double ms;

			snprintf(id, sizeof(id), "pairs-%d-%d-%d", (int)getpid(),
				 round + contest->warmup, which);
			ms = run_steps(contestant, id, &actions);
			if (round >= 0)
				contestant->ms[round] = ms;
		}
	}
	posix_spawn_file_actions_destroy(&actions);
}

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The value below which the share @q of the sorted @values lies, interpolated. */
static double quantile(const double *values, int count, double q)
{
	double position = q * (count - 1);
	int below = (int)position;

	if (below + 1 >= count)
		return values[count - 1];
	return values[below] + (position - below) * (values[below + 1] - values[below]);
}

static double *sorted(const double *values, int count)
{
	double *copy = allocate((size_t)count, sizeof(*copy));

	memcpy(copy, values, (size_t)count * sizeof(*copy));
	qsort(copy, (size_t)count, sizeof(*copy), compare_doubles);
	return copy;
}

static void print_row(const struct contestant *first, const struct contestant *contestant,
		      int rounds)
{
	double *ms = sorted(contestant->ms, rounds);
	double *ratios = allocate((size_t)rounds, sizeof(*ratios));
	double *sorted_ratios;

	for (int i = 0; i < rounds; i++)
		ratios[i] = first->ms[i] / contestant->ms[i];
	sorted_ratios = sorted(ratios, rounds);
	printf("| %s | %.2f | %.2f–%.2f | %.2f | ", contestant->name, quantile(ms, rounds, 0.5),
	       quantile(ms, rounds, 0.25), quantile(ms, rounds, 0.75), ms[0]);
	if (contestant == first)
		printf("1 |\n");
	else
		printf("%.2f (%.2f–%.2f) |\n", quantile(sorted_ratios, rounds, 0.5),
		       quantile(sorted_ratios, rounds, 0.25),
		       quantile(sorted_ratios, rounds, 0.75));
	free(ms);
	free(ratios);
	free(sorted_ratios);
}

static void print_table(const struct contest *contest)
{
	const struct contestant *first = &contest->contestants[0];

	printf("| | median, ms | quartiles, ms | minimum, ms | %s ÷ this, per pair: "
	       "median (quartiles) |\n|---|---|---|---|---|\n",
	       first->name);
	for (int i = 0; i < contest->count; i++)
		print_row(first, &contest->contestants[i], contest->rounds);
}

static void parse_step(char **words, int count, struct step *ret)
{
	static const char *const kinds[] = {
		[STEP_TIME] = "time",
		[STEP_DO] = "do",
		[STEP_REAP] = "reap",
	};

	if (count < 2 || count > MAX_WORDS)
		die("a step has a kind and 1 to %d words", MAX_WORDS - 1);
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		if (strcmp(words[0], kinds[kind]) == 0) {
			*ret = (struct step){ .kind = kind,
					      .words = words + 1,
					      .count = count - 1 };
			return;
		}
	}
	die("a step begins with time, do or reap, not with `%s`", words[0]);
}

/* @words: NAME STEP [";" STEP]... */
static void parse_contestant(char **words, int count, int rounds, struct contestant *ret)
{
	int begin = 1;

	if (count < 2)
		die("a contestant has a name and steps");
	ret->name = words[0];
	ret->ms = allocate((size_t)rounds, sizeof(*ret->ms));
	for (int i = 1; i <= count; i++) {
		if (i < count && strcmp(words[i], ";") != 0)
			continue;
		if (ret->count == MAX_STEPS)
			die("%s: more than %d steps", ret->name, MAX_STEPS);
		parse_step(words + begin, i - begin, &ret->steps[ret->count++]);
		begin = i + 1;
	}
}

static int parse_number(const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || *end || end == text || number < 0 || number > 1000000)
		die("`%s` is not a number of rounds", text);
	return (int)number;
}

static void parse(int argc, char **argv, struct contest *ret)
{
	int option, begin;

	/* +: the words of the commands are not for us */
	while ((option = getopt(argc, argv, "+r:w:")) != -1) {
		if (option == 'r')
			ret->rounds = parse_number(optarg);
		else if (option == 'w')
			ret->warmup = parse_number(optarg);
		else
			exit(2);
	}
	begin = optind;
	for (int i = optind; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		if (ret->count == MAX_CONTESTANTS)
			die("more than %d contestants", MAX_CONTESTANTS);
		parse_contestant(argv + begin, i - begin, ret->rounds,
				 &ret->contestants[ret->count++]);
		begin = i + 1;
	}
	if (ret->rounds < 1)
		die("there must be a round");
}

int main(int argc, char **argv)
{
	struct contest contest = { .rounds = 50, .warmup = 3 };

	parse(argc, argv, &contest);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die("become the subreaper: %s", strerror(errno));
	run_rounds(&contest);
	print_table(&contest);
	for (int i = 0; i < contest.count; i++)
		free(contest.contestants[i].ms);
	return 0;
}
