/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/start: both sides of the start channel, with children that play init. */
#include <fcntl.h>

#include "runtime/commands.h"
#include "runtime/start.h"
#include "runtime_fixture.h"

static int start(const char *id, struct err *err)
{
	struct arena arena = { 0 };
	int rc = runtime_start(fixture_root, id, &arena, err);

	arena_done(&arena);
	return rc;
}

/* What init does once it is released; does not return. */
typedef void (*init_fn)(const struct start_channel *channel);

static struct proc_id create(const char *id, init_fn run)
{
	struct record record = fixture_record(id, (struct proc_id){ 0 });
	struct start_channel channel = START_CHANNEL_NONE;
	char path[256];
	int dir_fd;
	pid_t pid;

	fixture_write(&record);
	snprintf(path, sizeof(path), "%s/%s", fixture_root, id);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(start_channel_make(dir_fd, &channel, NULL), 0);
	close(dir_fd);
	pid = fork();
	if (pid == 0) {
		if (start_channel_wait(&channel, NULL) == 0)
			run(&channel);
		_exit(99);
	}
	start_channel_close(&channel);
	CHECK_INT(channel.start_fd, -EBADF);
	record.init = fixture_identify(pid);
	fixture_write(&record);
	return record.init;
}

static void run_long(const struct start_channel *channel)
{
	CHECK_INT(start_channel_announce(channel, NULL), 0);
	execl("/bin/sleep", "sleep", "60", (char *)NULL);
}

static void run_short(const struct start_channel *channel)
{
	CHECK_INT(start_channel_announce(channel, NULL), 0);
	execl("/bin/true", "true", (char *)NULL);
}

static void killed(const struct start_channel *channel)
{
	(void)channel;
	_exit(1);
}

static void fail(const struct start_channel *channel)
{
	struct err err;

	err_set(&err, ENOEXEC, "exec `/bin/x`: exec format error");
	start_channel_report(channel, &err);
	_exit(1);
}

static void never(const struct start_channel *channel)
{
	(void)channel;
	_exit(98);
}

TEST(start_waits_for_the_program)
{
	struct proc_id init = create("long", run_long);
	char path[64], name[256];
	struct err err;
	ssize_t len;

	CHECK_INT(start("long", NULL), 0);
	/* exec has happened, not just the release. */
	snprintf(path, sizeof(path), "/proc/%d/exe", init.pid);
	len = readlink(path, name, sizeof(name) - 1);
	CHECK(len > 0);
	name[len] = '\0';
	CHECK(!strstr(name, "test_runtime_start"));
	CHECK(!fixture_has("long", START_FIFO));
	CHECK(!fixture_has("long", REPORT_FIFO));
	CHECK_INT(start("long", &err), -EBUSY);
	CHECK_STR(err.text, "cannot start an already running container");
	fixture_kill(init);
	CHECK_INT(start("long", &err), -ESRCH);
	CHECK_STR(err.text, "cannot start a container that has stopped");
}

TEST(start_of_a_short_program)
{
	for (int i = 0; i < 20; i++) {
		char id[32];
		struct proc_id init;

		snprintf(id, sizeof(id), "short%d", i);
		init = create(id, run_short);
		CHECK_INT(start(id, NULL), 0);
		CHECK_INT(fixture_end(init), 1000);
	}
}

TEST(start_tells_why_not)
{
	struct proc_id init = create("fails", fail);
	struct err err;

	CHECK_INT(start("fails", &err), -ENOEXEC);
	CHECK_STR(err.text, "exec `/bin/x`: exec format error");
	CHECK(!fixture_has("fails", REPORT_FIFO));
	CHECK(!proc_is_alive(&init)); /* so `state` says stopped */
	CHECK_INT(fixture_end(init), 1001);
}

/* Killed after it was released and before its program ran: not a success. */
TEST(start_of_an_init_that_dies)
{
	struct proc_id init = create("dies", killed);
	struct err err;

	CHECK_INT(start("dies", &err), -ESRCH);
	CHECK_STR(err.text, "container init died before its program ran");
	CHECK_INT(fixture_end(init), 1001);
}

TEST(start_of_a_dead_init)
{
	struct proc_id init = create("dead", never);
	struct err err;

	fixture_kill(init);
	CHECK_INT(start("dead", &err), -ESRCH);
	CHECK_STR(err.text, "cannot start a container that has stopped");
}

/* Alive by its number, but nobody holds the fifo: ENXIO. */
TEST(start_without_a_reader)
{
	struct proc_id init = fixture_init();
	struct record record = fixture_record("nobody", init);
	struct err err;

	fixture_write(&record);
	fixture_file("nobody", REPORT_FIFO, S_IFIFO, NULL);
	fixture_file("nobody", START_FIFO, S_IFIFO, NULL);
	CHECK_INT(start("nobody", &err), -ESRCH);
	CHECK_STR(err.text, "cannot start a container that has stopped");
	fixture_kill(init);
}

TEST(start_of_a_creating_one)
{
	struct proc_id init = fixture_init();
	struct record record = fixture_record("creating", init);
	struct err err;

	record.creating = true;
	fixture_write(&record);
	CHECK_INT(start("creating", &err), -EBUSY);
	CHECK_STR(err.text, "cannot start a container in the creating state");
	CHECK_INT(start("absent", &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: absent");
	fixture_kill(init);
}

TEST(of_two_starts_one_wins)
{
	struct proc_id init = create("race", run_long);
	int won = 0;
	pid_t pids[4];

	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(start("race", NULL) != 0);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		CHECK_INT(proc_wait_child(pids[i], &status), 0);
		won += status == 0;
	}
	CHECK_INT(won, 1);
	fixture_kill(init);
}

TEST(start_waits_for_the_lock)
{
	struct proc_id init = create("locked", run_long);
	char path[256];
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/locked", fixture_root);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(record_lock(fd, "locked", NULL), 0);
	pid = fork();
	if (pid == 0) {
		close(fd);
		_exit(start("locked", NULL) != 0);
	}
	usleep(100000);
	CHECK_INT(waitpid(pid, &status, WNOHANG), 0);
	CHECK(fixture_has("locked", START_FIFO));
	close(fd);
	CHECK_INT(proc_wait_child(pid, &status), 0);
	CHECK_INT(status, 0);
	fixture_kill(init);
}

static void babble(const struct start_channel *channel)
{
	_exit(write(channel->report_fd, "half", 4) != 4);
}

TEST(a_report_that_is_none)
{
	struct proc_id init = create("babbles", babble);
	struct err err;

	CHECK_INT(start("babbles", &err), -EPROTO);
	CHECK_STR(err.text, "init's report makes no sense (4 bytes)");
	CHECK_INT(fixture_end(init), 1000);
}

TEST_MAIN()
