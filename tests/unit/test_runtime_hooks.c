/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks: what they get, what becomes of their words, their end, their deadline. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "runtime_fixture.h"

static const struct oci_annotation annotations[] = { { "key", "va\"lue" } };

static struct hook_call call_of(enum oci_hook_kind kind)
{
	return (struct hook_call){
		.kind = kind,
		.state = { .version = "1.2.0",
			   .id = "c1",
			   .status = "creating",
			   .pid = 42,
			   .bundle = "/b",
			   .rootfs = "/b/r",
			   .created = "now",
			   .owner = "",
			   .annotations = annotations,
			   .n_annotations = 1 },
		.cwd = fixture_root,
		.abort_fd = -EBADF,
	};
}

/* A list of one hook: a shell with this script, in the fixture's directory. */
struct script {
	const char *args[4];
	struct oci_hook hook;
	struct oci_hook_list list;
};

static void make_script(struct script *s, const char *text)
{
	static const char *env[] = { "PATH=/bin:/usr/bin", "GIVEN=yes" };

	*s = (struct script){ .args = { "zero", "-c", text, "argument" } };
	s->hook = (struct oci_hook){ .path = "/bin/sh",
				     .args = { s->args, 4, 4 },
				     .env = { env, 2, 2 } };
	s->list = (struct oci_hook_list){ &s->hook, 1, 1 };
}

static int run_script(const char *text, int64_t timeout, struct err *err)
{
	struct hook_call call = call_of(OCI_HOOK_CREATE_RUNTIME);
	struct arena arena = { 0 };
	struct script s;
	int r;

	make_script(&s, text);
	s.hook.timeout = (struct opt_i64){ timeout > 0, timeout };
	r = hooks_run(&s.list, &call, &arena, err);
	arena_done(&arena);
	return r;
}

/* A file of the fixture's directory. */
static const char *file(const char *name)
{
	static char text[4096];
	cleanup_close int fd = -EBADF;
	char path[128];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", fixture_root, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	len = read(fd, text, sizeof(text) - 1);
	text[len < 0 ? 0 : len] = '\0';
	return text;
}

static int64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

TEST(an_empty_list_is_success)
{
	const struct oci_hook_list none = { 0 };
	struct hook_call call = call_of(OCI_HOOK_PRESTART);

	CHECK_INT(hooks_run(&none, &call, NULL, NULL), 0);
}

TEST(the_state_is_on_stdin_and_ends)
{
	struct err err = { 0 };

	CHECK_INT(run_script("cat >state; cat >>state", 0, &err), 0);
	CHECK_STR(file("state"),
		  "{\"ociVersion\":\"1.2.0\",\"id\":\"c1\",\"pid\":42,\"status\":\"creating\","
		  "\"bundle\":\"/b\",\"rootfs\":\"/b/r\",\"created\":\"now\","
		  "\"annotations\":{\"key\":\"va\\\"lue\"},\"owner\":\"\"}");
}

TEST(arguments_environment_and_directory)
{
	struct err err = { 0 };

	setenv("NOT_FOR_HOOKS", "1", 1);
	CHECK_INT(run_script("echo $0 $GIVEN ${NOT_FOR_HOOKS-unset} >words; pwd >>words", 0, &err),
		  0);
	CHECK_HAS(file("words"), "argument yes unset\n");
	CHECK_HAS(file("words"), fixture_root);
}

TEST(the_environment_of_the_call_serves_hooks_without_one)
{
	static const char *env[] = { "FROM=call" };
	const struct strings of_call = { env, 1, 1 };
	struct hook_call call = call_of(OCI_HOOK_START_CONTAINER);
	struct arena arena = { 0 };
	struct script s;

	make_script(&s, "echo ${FROM-none} >from");
	call.env = &of_call;
	CHECK_INT(hooks_run(&s.list, &call, &arena, NULL), 0);
	CHECK_STR(file("from"), "none\n");
	s.hook.env = (struct strings){ 0 };
	CHECK_INT(hooks_run(&s.list, &call, &arena, NULL), 0);
	CHECK_STR(file("from"), "call\n");
	call.env = NULL;
	CHECK_INT(hooks_run(&s.list, &call, &arena, NULL), 0);
	CHECK_STR(file("from"), "none\n");
	arena_done(&arena);
}

TEST(no_descriptor_is_inherited)
{
	struct err err = { 0 };
	int pair[2];

	CHECK_INT(pipe(pair), 0); /* not CLOEXEC */
	CHECK_INT(run_script("exec ls /proc/self/fd >fds", 0, &err), 0);
	CHECK_STR(file("fds"), "0\n1\n2\n3\n"); /* 3: the directory that ls reads */
	close(pair[0]);
	close(pair[1]);
}

TEST(a_failure_has_the_words)
{
	struct err err = { 0 };

	CHECK_INT(run_script("echo out; echo err >&2; exit 3", 0, &err), -ECANCELED);
	CHECK_STR(err.text, "error running createRuntime hook #0: exit status 3, stdout: out, "
			    "stderr: err");
	CHECK_INT(run_script("kill -9 $$", 0, &err), -ECANCELED);
	CHECK_STR(err.text, "error running createRuntime hook #0: killed by signal 9 (killed), "
			    "stdout: , stderr: ");
}

TEST(the_first_failure_ends_the_list)
{
	static const char *const scripts[] = { "true", "exit 1", "echo never >never" };
	struct hook_call call = call_of(OCI_HOOK_POSTSTART);
	struct oci_hook hooks[3];
	struct arena arena = { 0 };
	struct script s[3];
	struct err err = { 0 };

	for (size_t i = 0; i < 3; i++) {
		make_script(&s[i], scripts[i]);
		hooks[i] = s[i].hook;
	}
	CHECK_INT(hooks_run(&(struct oci_hook_list){ hooks, 3, 3 }, &call, &arena, &err),
		  -ECANCELED);
	CHECK_HAS(err.text, "error running poststart hook #1: exit status 1");
	CHECK(!file("never"));
	arena_done(&arena);
}

TEST(a_missing_program_is_named)
{
	struct oci_hook hook = { .path = "/nosuch" };
	struct hook_call call = call_of(OCI_HOOK_CREATE_CONTAINER);
	struct arena arena = { 0 };
	struct err err = { 0 };

	CHECK_INT(hooks_run(&(struct oci_hook_list){ &hook, 1, 1 }, &call, &arena, &err),
		  -ECANCELED);
	CHECK_STR(err.text, "error running createContainer hook #0: exit status 127, stdout: , "
			    "stderr: exec /nosuch: no such file or directory");
	arena_done(&arena);
}

TEST(large_output_does_not_stop_it_and_its_end_is_kept)
{
	struct err err = { 0 };

	CHECK_INT(run_script("head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2", 0, &err),
		  0);
	CHECK_INT(run_script("head -c 1048576 /dev/zero | tr '\\0' x; echo end; exit 1", 0, &err),
		  -ECANCELED);
	CHECK_HAS(err.text, "stdout: xxxx");
	CHECK_HAS(err.text, "xxxxend, stderr: ");
	CHECK(strlen(err.text) < 600);
	/* In one write(2). */
	CHECK_INT(run_script("printf %02000dend 0; exit 1", 0, &err), -ECANCELED);
	CHECK_HAS(err.text, "0000end, stderr: ");
}

TEST(a_process_left_behind_is_not_waited_for)
{
	int64_t begin = seconds();
	struct err err = { 0 };
	pid_t pid;

	CHECK_INT(run_script("sleep 60 & echo $! >pid", 0, &err), 0);
	CHECK(seconds() - begin < 30);
	CHECK_INT(sscanf(file("pid"), "%d", &pid), 1);
	CHECK_INT(kill(pid, SIGKILL), 0);
}

/* Nobody may have reaped it yet. */
static bool runs(pid_t pid)
{
	uint64_t start;
	char state;

	return proc_read(pid, &start, &state) == 0 && state != 'Z';
}

TEST(the_deadline_kills_the_group)
{
	int64_t begin = seconds();
	struct err err = { 0 };
	pid_t pid;

	CHECK_INT(run_script("sleep 60 & echo $! >pid; wait", 1, &err), -ECANCELED);
	CHECK_STR(err.text,
		  "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
	CHECK(seconds() - begin < 30);
	CHECK_INT(sscanf(file("pid"), "%d", &pid), 1);
	for (int i = 0; i < 1000 && runs(pid); i++)
		usleep(1000);
	CHECK(!runs(pid));
}

TEST(a_hang_up_ends_it)
{
	struct hook_call call = call_of(OCI_HOOK_PRESTART);
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct script s;
	int pair[2];

	CHECK_INT(pipe2(pair, O_CLOEXEC), 0);
	close(pair[1]);
	make_script(&s, "sleep 60");
	call.abort_fd = pair[0];
	CHECK_INT(hooks_run(&s.list, &call, &arena, &err), -ECANCELED);
	CHECK_STR(err.text,
		  "error running prestart hook #0: container init died while /bin/sh ran");
	close(pair[0]);
	arena_done(&arena);
}

TEST(hooks_of_the_record)
{
	struct record record = fixture_record("c1", (struct proc_id){ 42, 1 });
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct script good, bad;

	make_script(&good, "cat >state");
	make_script(&bad, "exit 1");
	record.bundle = fixture_root;
	record.poststart = good.list;
	CHECK_INT(hooks_poststart(&record, &arena, &err), 0);
	CHECK_HAS(file("state"), "\"pid\":42,\"status\":\"running\"");
	record.poststop =
		(struct oci_hook_list){ (struct oci_hook[]){ bad.hook, good.hook }, 2, 2 };
	hooks_poststop(&record, &arena);
	CHECK_HAS(file("state"), "\"pid\":0,\"status\":\"stopped\"");
	arena_done(&arena);
}

TEST(the_record_keeps_its_hooks)
{
	struct record record = fixture_record("kept", (struct proc_id){ 0 });
	cleanup_close int root_fd = -EBADF, dir_fd = -EBADF;
	struct arena arena = { 0 };
	struct record read = { 0 };
	struct script s;

	make_script(&s, "true");
	s.hook.timeout = (struct opt_i64){ true, 7 };
	record.poststart = s.list;
	record.poststop = s.list;
	fixture_write(&record);
	CHECK_INT(record_open_root(fixture_root, false, &arena, &root_fd, NULL), 0);
	CHECK_INT(record_open(root_fd, "kept", &dir_fd, NULL), 0);
	CHECK_INT(record_read(dir_fd, "kept", &arena, &read, NULL), 0);
	CHECK_INT(read.poststart.count, 1);
	CHECK_INT(read.poststop.count, 1);
	CHECK_STR(read.poststop.items[0].path, "/bin/sh");
	CHECK_STR(read.poststop.items[0].args.items[3], "argument");
	CHECK_STR(read.poststop.items[0].env.items[1], "GIVEN=yes");
	CHECK_INT(read.poststop.items[0].timeout.v, 7);
	arena_done(&arena);
}

TEST_MAIN()
