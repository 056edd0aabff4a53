/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/container and the commands state, kill, delete, list on it; children play init. */
#include <fcntl.h>

#include "runtime/commands.h"
#include "runtime_fixture.h"

/* The status as `state` would print it. */
static const char *status(const char *id)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct arena arena = { 0 };

	CHECK_INT(container_open(fixture_root, id, &arena, &container, NULL), 0);
	arena_done(&arena);
	return container_status_name(container.status);
}

static int lock(const char *id)
{
	cleanup_close int root_fd = open(fixture_root, O_PATH | O_CLOEXEC);
	int fd = -EBADF;

	CHECK_INT(record_open(root_fd, id, &fd, NULL), 0);
	CHECK_INT(record_lock(fd, id, NULL), 0);
	return fd;
}

static int delete (const char *id, bool force, struct err *err)
{
	struct arena arena = { 0 };
	int rc = runtime_delete(fixture_root, id, force, &arena, err);

	arena_done(&arena);
	return rc;
}

static int send(const char *id, int signal, bool all, struct err *err)
{
	struct arena arena = { 0 };
	int rc = runtime_kill(fixture_root, id, signal, all, &arena, err);

	arena_done(&arena);
	return rc;
}

TEST(status_of_a_creating_one)
{
	struct record record = fixture_record("creating", (struct proc_id){ 0 });
	struct proc_id init;
	int fd;

	record.creating = true;
	fixture_write(&record);
	fd = lock("creating");
	CHECK_STR(status("creating"), "creating");
	close(fd);
	CHECK_STR(status("creating"), "stopped"); /* create was killed */
	init = fixture_init();
	record.init = init;
	fixture_write(&record);
	CHECK_STR(status("creating"), "creating");
	fixture_kill(init);
	CHECK_STR(status("creating"), "stopped");
}

TEST(status_under_ones_own_lock)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct record record = fixture_record("own", (struct proc_id){ 0 });
	struct arena arena = { 0 };

	record.creating = true;
	fixture_write(&record);
	CHECK_INT(container_open(fixture_root, "own", &arena, &container, NULL), 0);
	CHECK_INT(container_lock(&container, &arena, NULL), 0);
	CHECK_INT(container.status, CONTAINER_STOPPED);
	arena_done(&arena);
}

TEST(status_of_a_created_one)
{
	struct proc_id init = fixture_init(), other = init;
	struct record record = fixture_record("life", init);
	char path[256];

	fixture_write(&record);
	fixture_file("life", "start", S_IFIFO, NULL);
	CHECK_STR(status("life"), "created");
	snprintf(path, sizeof(path), "%s/life/start", fixture_root);
	CHECK_INT(unlink(path), 0);
	CHECK_STR(status("life"), "running");
	other.start++; /* a later process with init's number */
	record.init = other;
	fixture_write(&record);
	CHECK_STR(status("life"), "stopped");
	record.init = init;
	fixture_write(&record);
	kill(init.pid, SIGKILL);
	CHECK_INT(proc_wait_dead(&init, 5000), 0);
	CHECK_STR(status("life"), "stopped"); /* still a zombie */
	fixture_end(init);
	CHECK_STR(status("life"), "stopped");
}

TEST(absent_and_invalid_ones)
{
	struct container container = CONTAINER_NONE;
	struct arena arena = { 0 };
	struct err err;

	CHECK_INT(container_open(fixture_root, "absent", &arena, &container, &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: absent");
	CHECK_INT(container_open("/nonexistent/root", "absent", &arena, &container, &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: absent");
	CHECK_INT(container_open(fixture_root, "../x", &arena, &container, &err), -EINVAL);
	CHECK_INT(container.dir_fd, -EBADF);
	arena_done(&arena);
}

TEST(state_is_an_object_with_pid)
{
	struct oci_annotation annotation = { "key", "value" };
	struct proc_id init = fixture_init();
	struct record record = fixture_record("state", init);
	struct arena arena = { 0 };
	char *text = NULL, pid[32];

	record.annotations = &annotation;
	record.n_annotations = 1;
	fixture_write(&record);
	CHECK_INT(runtime_state(fixture_root, "state", &arena, &text, NULL), 0);
	snprintf(pid, sizeof(pid), "\"pid\": %d", init.pid);
	CHECK_HAS(text, pid);
	CHECK_HAS(text, "\"status\": \"running\"");
	CHECK_HAS(text, "\"bundle\": \"/bundles/b\"");
	CHECK_HAS(text, "\"created\": \"2026-01-02T03:04:05.000000006Z\"");
	CHECK_HAS(text, "\"key\": \"value\"");
	CHECK_HAS(text, "\"owner\": \"\"");
	fixture_kill(init);
	CHECK_INT(runtime_state(fixture_root, "state", &arena, &text, NULL), 0);
	CHECK_HAS(text, "\"pid\": 0");
	CHECK_HAS(text, "\"status\": \"stopped\"");
	arena_done(&arena);
}

TEST(kill_reaches_init_only_while_it_lives)
{
	struct proc_id init = fixture_init();
	struct record record = fixture_record("kill", init);
	struct err err;

	fixture_write(&record);
	CHECK_INT(send("kill", 0, false, NULL), 0);
	CHECK_INT(send("kill", 4711, false, &err), -EINVAL);
	CHECK_HAS(err.text, "send signal 4711 to container `kill`");
	CHECK_INT(send("kill", SIGTERM, false, NULL), 0);
	CHECK_INT(fixture_end(init), SIGTERM);
	CHECK_INT(send("kill", SIGKILL, false, &err), -ESRCH);
	CHECK_STR(err.text, "container not running");
	CHECK_INT(send("kill", SIGKILL, true, NULL), 0);
	CHECK_INT(send("kill-absent", SIGKILL, true, &err), -ENOENT);
}

TEST(delete_refuses_a_running_one)
{
	struct proc_id init = fixture_init();
	struct record record = fixture_record("runs", init);
	struct err err;

	fixture_write(&record);
	CHECK_INT(delete ("runs", false, &err), -EBUSY);
	CHECK_STR(err.text, "cannot delete container runs that is not stopped: running");
	CHECK(proc_is_alive(&init));
	CHECK_INT(delete ("runs", true, NULL), 0);
	CHECK_INT(fixture_end(init), SIGKILL);
	CHECK(!fixture_has("runs", "."));
}

TEST(delete_kills_a_created_one)
{
	struct proc_id init = fixture_init();
	struct record record = fixture_record("created", init);

	fixture_write(&record);
	fixture_file("created", "start", S_IFIFO, NULL);
	fixture_file("created", "report", S_IFIFO, NULL);
	CHECK_INT(delete ("created", false, NULL), 0);
	CHECK_INT(fixture_end(init), SIGKILL);
	CHECK(!fixture_has("created", "."));
}

TEST(delete_a_stopped_one_and_an_unknown_one)
{
	struct record record = fixture_record("stopped", (struct proc_id){ 0 });
	struct err err;

	fixture_write(&record);
	CHECK_INT(delete ("stopped", false, NULL), 0);
	CHECK_INT(delete ("stopped", false, &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: stopped");
	CHECK_INT(delete ("stopped", true, NULL), 0);
	CHECK_INT(delete ("../stopped", true, NULL), -EINVAL);
}

TEST(delete_leftovers)
{
	struct record record = fixture_record("half", (struct proc_id){ 0 });
	cleanup_close int root_fd = open(fixture_root, O_PATH | O_CLOEXEC);
	struct err err;
	int fd;

	CHECK_INT(mkdirat(root_fd, "leftover", 0700), 0);
	CHECK_INT(delete ("leftover", false, &err), -ENOENT);
	CHECK_HAS(err.text, "container does not exist: leftover");
	CHECK_HAS(err.text, "`delete --force`");
	CHECK(fixture_has("leftover", "."));
	CHECK_INT(delete ("leftover", true, NULL), 0);
	CHECK(!fixture_has("leftover", "."));

	record.creating = true;
	fixture_write(&record);
	fd = lock("half");
	CHECK_INT(delete ("half", false, &err), -EBUSY);
	CHECK_STR(err.text, "cannot delete container half that is not stopped: creating");
	close(fd);
	CHECK_INT(delete ("half", false, NULL), 0);
}

/* A create that hangs with the lock: it undoes itself once its init dies. */
TEST(delete_force_breaks_a_hanging_create)
{
	struct record record = fixture_record("hangs", (struct proc_id){ 0 });
	int ready[2], end;
	char byte;
	pid_t create;

	CHECK_INT(pipe(ready), 0);
	fixture_write(&record);
	create = fork();
	if (create == 0) {
		cleanup_close int root_fd = open(fixture_root, O_PATH | O_CLOEXEC);
		struct proc_id init;
		int fd = lock("hangs");

		record.creating = true;
		init = record.init = fixture_init();
		/* That child has the lock as well; a real init closes it. */
		if (record_write(fd, &record, NULL) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		fixture_end(init);
		_exit(record_remove(root_fd, "hangs", NULL) < 0);
	}
	CHECK_INT(read(ready[0], &byte, 1), 1);
	CHECK_STR(status("hangs"), "creating");
	CHECK_INT(delete ("hangs", true, NULL), 0);
	CHECK_INT(proc_wait_child(create, &end), 0);
	CHECK_INT(end, 0);
	close(ready[0]);
	close(ready[1]);
}

TEST(list_is_sorted_and_survives_broken_ones)
{
	struct arena arena = { 0 };
	char *root = arena_printf(&arena, "%s/list", fixture_root);
	struct record record = fixture_record("b", (struct proc_id){ 0 });
	cleanup_close int root_fd = -EBADF, locked_fd = -EBADF;
	struct list_entry *entries = NULL;
	struct strings warnings = { 0 };
	size_t count = 99;
	struct err err;
	int fd;

	CHECK_INT(runtime_list(root, &arena, &entries, &count, &warnings, &err), -ENOENT);
	CHECK_HAS(err.text, root);
	CHECK_INT(record_open_root(root, true, &arena, &root_fd, NULL), 0);
	CHECK_INT(runtime_list(root, &arena, &entries, &count, &warnings, NULL), 0);
	CHECK_INT(count, 0);

	CHECK_INT(record_make(root_fd, "b", &fd, NULL), 0);
	CHECK_INT(record_write(fd, &record, NULL), 0);
	close(fd);
	record.id = "a";
	CHECK_INT(record_make(root_fd, "a", &fd, NULL), 0);
	CHECK_INT(record_write(fd, &record, NULL), 0);
	close(fd);
	CHECK_INT(record_make(root_fd, "broken", &fd, NULL), 0);
	CHECK_INT(fd_replace_file(fd, "state.json", 0600, "{", 1), 0);
	close(fd);
	CHECK_INT(record_make(root_fd, "empty", &fd, NULL), 0);
	close(fd);
	CHECK_INT(record_make(root_fd, "new", &locked_fd, NULL), 0); /* a create at work */
	fd = openat(root_fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	CHECK_INT(runtime_list(root, &arena, &entries, &count, &warnings, NULL), 0);
	CHECK_INT(count, 2);
	CHECK_STR(entries[0].state.id, "a");
	CHECK_STR(entries[1].state.id, "b");
	CHECK_STR(entries[1].state.status, "stopped");
	CHECK_INT(warnings.count, 2);
	CHECK_HAS(warnings.items[0], "container `broken`: state.json:1");
	CHECK_HAS(warnings.items[1], "empty");
	arena_done(&arena);
}

TEST_MAIN()
