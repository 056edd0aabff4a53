/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/record: ids, root, lock, and state.json there and back. */
#include <fcntl.h>

#include "base/vec.h"
#include "runtime_fixture.h"

static int open_root(void)
{
	struct arena arena = { 0 };
	int fd = -EBADF;

	CHECK_INT(record_open_root(fixture_root, false, &arena, &fd, NULL), 0);
	arena_done(&arena);
	return fd;
}

TEST(ids_are_checked)
{
	static const char *const good[] = { "a", "A-1_b+c.d", "...", ".a", "-" };
	static const char *const bad[] = { "", ".", "..", "a/b", "../a", "a b", "a\n", "ä", "a*" };
	char id[1026];
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_INT(record_check_id(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_INT(record_check_id(bad[i], &err), -EINVAL);
		CHECK_HAS(err.text, "invalid container ID format: ");
	}
	memset(id, 'x', sizeof(id));
	id[1025] = '\0';
	CHECK_INT(record_check_id(id, NULL), -EINVAL);
	id[1024] = '\0';
	CHECK_INT(record_check_id(id, NULL), 0);
}

TEST(root_may_not_be_slash)
{
	static const char *const roots[] = { "/", "//", "/.", "/a/.." };
	struct arena arena = { 0 };
	struct err err;
	int fd = -EBADF;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		CHECK_INT(record_open_root(roots[i], true, &arena, &fd, &err), -EINVAL);
		CHECK_STR(err.text, "option --root argument should not be set to /");
	}
	CHECK_INT(fd, -EBADF);
	arena_done(&arena);
}

TEST(root_is_made_on_demand)
{
	struct arena arena = { 0 };
	struct err err;
	struct stat st;
	char *root = arena_printf(&arena, "%s/deep/root", fixture_root);
	int fd = -EBADF;

	CHECK_INT(record_open_root(root, false, &arena, &fd, &err), -ENOENT);
	CHECK_HAS(err.text, root);
	CHECK_INT(record_open_root(root, true, &arena, &fd, NULL), 0);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	close(fd);
	CHECK_INT(record_open_root(root, false, &arena, &fd, NULL), 0);
	close(fd);
	arena_done(&arena);
}

/* As nobody: 0 when the default root is below @runtime_dir, else what went wrong. */
static int default_root(const char *runtime_dir, const char *words)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct arena arena = { 0 };
		struct err err = { 0 };
		int fd = -EBADF, rc;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(77);
		unsetenv("XDG_RUNTIME_DIR");
		if (runtime_dir)
			setenv("XDG_RUNTIME_DIR", runtime_dir, 1);
		rc = record_open_root(NULL, true, &arena, &fd, &err);
		arena_done(&arena);
		_exit(words ? rc >= 0 || !strstr(err.text, words) : rc < 0);
	}
	CHECK_INT(proc_wait_child(pid, &status), 0);
	return status;
}

TEST(default_root_of_a_user)
{
	char dir[128], root[256];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s/xdg", fixture_root);
	snprintf(root, sizeof(root), "%s/nvcrun", dir);
	CHECK_INT(chmod(fixture_root, 0711), 0);
	CHECK_INT(mkdir(dir, 0700), 0);
	if (geteuid() == 0)
		CHECK_INT(chown(dir, 65534, 65534), 0);
	CHECK_INT(default_root(dir, NULL), 0);
	CHECK_INT(stat(root, &st), 0);
	CHECK_INT(st.st_mode & 07777, 01700);
	CHECK_INT(default_root(NULL, "--root DIR"), 0);
	CHECK_INT(default_root(NULL, "XDG_RUNTIME_DIR is not set"), 0);
	CHECK_INT(default_root("run", "XDG_RUNTIME_DIR is not an absolute path"), 0);
}

TEST(make_and_open)
{
	cleanup_close int root_fd = open_root(), fd = -EBADF;
	struct stat st;
	struct err err;
	int other = -EBADF;

	CHECK_INT(record_open(root_fd, "make", &other, &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: make");
	CHECK_INT(record_make(root_fd, "make", &fd, NULL), 0);
	CHECK_INT(fstat(fd, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0700);
	CHECK_INT(record_make(root_fd, "make", &other, &err), -EEXIST);
	CHECK_STR(err.text, "container with given ID already exists: make");
	CHECK_INT(record_make(root_fd, "..", &other, NULL), -EINVAL);
	CHECK_INT(record_open(root_fd, "../etc", &other, NULL), -EINVAL);
	CHECK_INT(symlinkat("make", root_fd, "link"), 0);
	CHECK(record_open(root_fd, "link", &other, NULL) < 0);
	CHECK_INT(other, -EBADF);
}

TEST(lock_is_seen_and_kept)
{
	cleanup_close int root_fd = open_root(), other = -EBADF;
	int fd = -EBADF;

	CHECK_INT(record_make(root_fd, "lock", &fd, NULL), 0);
	CHECK_INT(record_open(root_fd, "lock", &other, NULL), 0);
	CHECK(record_is_locked(other));
	/* Asking through the descriptor that holds it does not give it up. */
	CHECK(record_is_locked(fd));
	CHECK(record_is_locked(other));
	close(fd);
	CHECK(!record_is_locked(other));
	CHECK_INT(record_lock(other, "lock", NULL), 0);
	CHECK(record_is_locked(other));
}

TEST(lock_of_a_removed_one)
{
	cleanup_close int root_fd = open_root(), fd = -EBADF;
	struct err err;

	CHECK_INT(record_make(root_fd, "gone", &fd, NULL), 0);
	fd_close(steal_fd(&fd));
	CHECK_INT(record_open(root_fd, "gone", &fd, NULL), 0);
	CHECK_INT(record_remove(root_fd, "gone", NULL), 0);
	CHECK_INT(record_lock(fd, "gone", &err), -ENOENT);
	CHECK_STR(err.text, "container does not exist: gone");
}

TEST(round_trip)
{
	struct oci_annotation annotations[] = { { "org.example/a", "1" }, { "empty", "" } };
	struct record record = fixture_record("trip", (struct proc_id){ 4194304, UINT64_MAX });
	const char *mounts[] = { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified" };
	const char *made[] = { "a", "" };
	cleanup_close int root_fd = open_root(), fd = -EBADF;
	struct arena arena = { 0 };
	struct record read = { 0 };

	record.creating = true;
	record.shares_pid_namespace = true;
	record.annotations = annotations;
	record.n_annotations = 2;
	record.cgroup = (struct cg_place){ .path = "/a/b",
					   .mounts = { mounts, 2, 2 },
					   .made = { made, 2, 2 } };
	CHECK_INT(record_make(root_fd, "trip", &fd, NULL), 0);
	CHECK_INT(record_write(fd, &record, NULL), 0);
	CHECK_INT(record_write(fd, &record, NULL), 0);
	CHECK_INT(record_read(fd, "trip", &arena, &read, NULL), 0);
	CHECK_STR(read.id, "trip");
	CHECK_STR(read.oci_version, "1.2.0");
	CHECK_STR(read.bundle, "/bundles/b");
	CHECK_STR(read.rootfs, "/bundles/b/rootfs");
	CHECK_STR(read.created, "2026-01-02T03:04:05.000000006Z");
	CHECK(read.creating && read.shares_pid_namespace && read.cgroup.manager == CG_CGROUPFS);
	CHECK_INT(read.init.pid, 4194304);
	CHECK(read.init.start == UINT64_MAX);
	CHECK_STR(read.cgroup.path, "/a/b");
	CHECK_INT(read.cgroup.mounts.count, 2);
	CHECK_STR(read.cgroup.mounts.items[1], "/sys/fs/cgroup/unified");
	CHECK_STR(read.cgroup.made.items[0], "a");
	CHECK_INT(read.n_annotations, 2);
	CHECK_STR(read.annotations[0].key, "org.example/a");
	CHECK_STR(read.annotations[0].value, "1");
	CHECK_STR(read.annotations[1].value, "");
	arena_done(&arena);
}

#define START	  "{\"version\":1,\"id\":\"x\",\"ociVersion\":\"1\",\"bundle\":\"b\",\"rootfs\":\"r\","
#define INIT(pid) "\"created\":\"c\",\"creating\":false,\"init\":{\"pid\":" pid ",\"start\":1},"
#define SHARES	  "\"sharesPidNamespace\":false,"
#define CGROUP	  "\"cgroup\":{\"manager\":\"disabled\"}"

TEST(broken_records_are_refused_by_name)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "", "state.json" },
		{ "{\"version\":1", "state.json:1" },
		{ "[]", "state.json:1: expected an object" },
		{ "{}", "version" },
		{ "{\"version\":2,\"new\":{}}", "container `broken` was made by another version of "
						"nvcrun: its state.json has version 2" },
		{ "{\"version\":1}", "container `broken`: state.json:1: id" },
		{ START SHARES INIT("-1") CGROUP "}", "init.pid" },
		{ START SHARES INIT("4294967296") CGROUP "}", "init.pid" },
		{ START SHARES INIT("\"1\"") CGROUP "}", "init.pid: expected an integer" },
		{ START INIT("1") CGROUP "}", "sharesPidNamespace" },
		{ START SHARES INIT("1") "\"annotations\":{}}", "cgroup" },
		{ START SHARES INIT("1") CGROUP ",\"annotations\":[]}",
		  "annotations: expected an object, got an array" },
		{ START SHARES INIT("1") CGROUP ",\"annotations\":{\"a\":1}}",
		  "annotations: expected a string, got a number" },
	};
	cleanup_close int root_fd = open_root(), fd = -EBADF;
	struct arena arena = { 0 };
	struct record read = { 0 };
	struct err err;

	CHECK_INT(record_make(root_fd, "broken", &fd, NULL), 0);
	CHECK_INT(record_read(fd, "broken", &arena, &read, &err), -ENOENT);
	CHECK_HAS(err.text, "container does not exist: broken");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;

		CHECK_INT(fd_replace_file(fd, "state.json", 0600, text, strlen(text)), 0);
		CHECK(record_read(fd, "broken", &arena, &read, &err) < 0);
		CHECK_HAS(err.text, rows[i].words);
		CHECK_HAS(err.text, "`broken`");
		CHECK(read.id == NULL);
	}
	arena_done(&arena);
}

TEST(a_good_one_in_the_same_form_is_read)
{
	static const char text[] = START SHARES INIT("7") "\"later\":[1]," CGROUP "}";
	cleanup_close int root_fd = open_root(), fd = -EBADF;
	struct arena arena = { 0 };
	struct record read = { 0 };

	CHECK_INT(record_make(root_fd, "good", &fd, NULL), 0);
	CHECK_INT(fd_replace_file(fd, "state.json", 0600, text, strlen(text)), 0);
	CHECK_INT(record_read(fd, "good", &arena, &read, NULL), 0);
	CHECK_INT(read.init.pid, 7);
	CHECK_INT(read.n_annotations, 0);
	arena_done(&arena);
}

TEST(remove_takes_its_own_files_only)
{
	struct record record = fixture_record("remove", (struct proc_id){ 0 });
	cleanup_close int root_fd = open_root();
	struct err err;

	CHECK_INT(record_remove(root_fd, "remove", NULL), 0);
	fixture_write(&record);
	fixture_file("remove", "start", S_IFIFO, NULL);
	fixture_file("remove", "report", S_IFIFO, NULL);
	fixture_file("remove", ".state.json.tmp", S_IFREG, NULL);
	fixture_file("remove", "alien", S_IFREG, NULL);
	CHECK_INT(record_remove(root_fd, "remove", &err), -ENOTEMPTY);
	CHECK_HAS(err.text, "`remove`");
	CHECK(fixture_has("remove", "alien"));
	CHECK_INT(unlinkat(root_fd, "remove/alien", 0), 0);
	CHECK_INT(record_remove(root_fd, "remove", NULL), 0);
	CHECK(!fixture_has("remove", "."));
}

TEST_MAIN()
