/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/residue: what is noted before, and what is removed after. tests/bats/nvidia_residue.bats: with containers. */
#include <fcntl.h>

#include "runtime/residue.h"
#include "runtime_fixture.h"

#define DIR "/usr/lib/gpu"

static struct arena arena;
static char rootfs[128];
static int root_fd = -EBADF, dir_fd = -EBADF;
static struct record record;

/* A fresh root file system and a record of a stopped container that has it. */
static void begin(const char *id)
{
	cleanup_close int records_fd = -EBADF;

	snprintf(rootfs, sizeof(rootfs), "%s/%s.rootfs", fixture_root, id);
	CHECK_INT(mkdir(rootfs, 0755), 0);
	record = fixture_record(id, (struct proc_id){ 0 });
	record.rootfs = rootfs;
	fixture_write(&record);
	root_fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(record_open_root(fixture_root, false, &arena, &records_fd, NULL), 0);
	CHECK_INT(record_open(records_fd, id, &dir_fd, NULL), 0);
}

static void end(void)
{
	fd_close(steal_fd(&root_fd));
	fd_close(steal_fd(&dir_fd));
	arena_done(&arena);
}

static const char *at(const char *path)
{
	return arena_printf(&arena, "%s%s", rootfs, path);
}

static void make_dirs(void)
{
	CHECK_INT(mkdir(at("/usr"), 0755), 0);
	CHECK_INT(mkdir(at("/usr/lib"), 0755), 0);
	CHECK_INT(mkdir(at(DIR), 0755), 0);
}

static void make_file(const char *path, const char *text)
{
	CHECK_INT(mknod(at(path), S_IFREG | 0644, 0), 0);
	CHECK_INT(fd_write_file(AT_FDCWD, at(path), text), 0);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(at(path), &st) == 0;
}

static const char *link_text(const char *path)
{
	char text[256];
	ssize_t len = readlink(at(path), text, sizeof(text));

	return len < 0 ? "" : arena_strndup(&arena, text, (size_t)len);
}

/* A library and its link, as edits bring them, between operations that are config.json's. */
static struct rootfs_plan plan_of_library(void)
{
	static const struct rootfs_op ops[] = {
		{ .kind = OP_BIND, .dest = DIR "/user", .source = "/user" },
		{ .kind = OP_LINK, .dest = DIR "/user.so", .source = "user" },
		{ .kind = OP_BIND, .dest = DIR "/l.so.1.2", .source = "/l", .injected = true },
		{ .kind = OP_BIND, .dest = DIR "/run/dir", .source = "/", .injected = true },
		{ .kind = OP_LINK, .dest = DIR "/l.so.1", .source = "l.so.1.2", .injected = true },
		{ .kind = OP_LINK, .dest = DIR "/l.so", .source = "l.so.1", .injected = true },
		{ .kind = OP_TMPFS, .dest = "/proc/driver/nvidia", .injected = true },
	};
	struct rootfs_plan plan = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		VEC_PUSH(&plan.ops, &arena, ops[i]);
	return plan;
}

static struct residue note(void)
{
	struct rootfs_plan plan = plan_of_library();
	struct residue residue = { 0 };

	residue_note(&plan, root_fd, &arena, &residue);
	CHECK_INT(residue_write(&residue, dir_fd, NULL), 0);
	return residue;
}

/* What init makes of the plan, where it is not there. */
static void make_all(void)
{
	if (!exists("/usr"))
		make_dirs();
	(void)mkdir(at(DIR "/run"), 0755);
	(void)mkdir(at(DIR "/run/dir"), 0755);
	(void)mknod(at(DIR "/l.so.1.2"), S_IFREG | 0644, 0);
	(void)unlink(at(DIR "/l.so.1"));
	CHECK_INT(symlink("l.so.1.2", at(DIR "/l.so.1")), 0);
	if (!exists(DIR "/l.so"))
		CHECK_INT(symlink("l.so.1", at(DIR "/l.so")), 0);
}

static void clean_up(void)
{
	residue_remove(&record, fixture_root, dir_fd, &arena);
}

TEST(absent_things_are_noted_parents_first)
{
	struct residue residue;

	begin("absent");
	residue = note();
	CHECK_INT(residue.directories.count, 4);
	CHECK_STR(residue.directories.items[0], "/usr");
	CHECK_STR(residue.directories.items[1], "/usr/lib");
	CHECK_STR(residue.directories.items[2], DIR);
	CHECK_STR(residue.directories.items[3], DIR "/run");
	CHECK_INT(residue.mount_points.count, 2);
	CHECK_STR(residue.mount_points.items[0], DIR "/l.so.1.2");
	CHECK_STR(residue.mount_points.items[1], DIR "/run/dir");
	CHECK_INT(residue.links.count, 2);
	CHECK_STR(residue.links.items[0].path, DIR "/l.so.1");
	CHECK_STR(residue.links.items[0].target, "l.so.1.2");
	CHECK(!residue.links.items[0].was);

	make_all();
	clean_up();
	CHECK(!exists("/usr"));
	end();
}

TEST(the_images_own_is_not_noted)
{
	struct residue residue;

	begin("own");
	make_dirs();
	make_file(DIR "/l.so.1.2", "");
	CHECK_INT(symlink("/nowhere", at(DIR "/run")), 0);
	CHECK_INT(symlink("stub", at(DIR "/l.so.1")), 0);
	make_file(DIR "/l.so", "stub");
	residue = note();
	CHECK_INT(residue.directories.count, 0);
	/* Below a link that leads nowhere nothing is there; what the link is stays. */
	CHECK_INT(residue.mount_points.count, 1);
	CHECK_INT(residue.links.count, 1);
	CHECK_STR(residue.links.items[0].was, "stub");

	CHECK_INT(unlink(at(DIR "/l.so.1")), 0);
	CHECK_INT(symlink("l.so.1.2", at(DIR "/l.so.1")), 0);
	clean_up();
	CHECK_STR(link_text(DIR "/l.so.1"), "stub");
	CHECK_STR(link_text(DIR "/run"), "/nowhere");
	CHECK(exists(DIR "/l.so.1.2"));
	CHECK(exists(DIR "/l.so"));
	CHECK(!exists(DIR "/.nvcrun-residue"));
	end();
}

TEST(what_was_handed_over_stays_noted)
{
	static const struct rootfs_op bind = {
		.kind = OP_BIND, .dest = DIR "/run/further/file", .source = "/l", .injected = true
	};
	struct rootfs_plan plan = { 0 };
	struct residue residue = { 0 };

	begin("handed-over");
	(void)note();
	make_all();
	/* The container whose record it is notes what it makes itself: in a directory of the other one. */
	VEC_PUSH(&plan.ops, &arena, bind);
	residue_note(&plan, root_fd, &arena, &residue);
	CHECK_INT(residue.directories.count, 1);
	CHECK_INT(residue_write(&residue, dir_fd, NULL), 0);
	CHECK_INT(mkdir(at(DIR "/run/further"), 0755), 0);
	make_file(bind.dest, "");
	clean_up();
	CHECK(!exists("/usr"));
	end();
}

TEST(an_image_that_has_all_gets_no_note)
{
	begin("all");
	make_all();
	(void)note();
	CHECK(!fixture_has("all", RESIDUE_FILE));
	clean_up();
	CHECK_STR(link_text(DIR "/l.so"), "l.so.1");
	CHECK(exists(DIR "/l.so.1.2"));
	end();
}

TEST(what_is_no_longer_as_made_stays)
{
	begin("changed");
	(void)note();
	make_all();
	CHECK_INT(fd_write_file(AT_FDCWD, at(DIR "/l.so.1.2"), "text"), 0);
	CHECK_INT(unlink(at(DIR "/l.so.1")), 0);
	CHECK_INT(symlink("mine", at(DIR "/l.so.1")), 0);
	make_file(DIR "/run/dir/mine", "");
	clean_up();
	CHECK(exists(DIR "/l.so.1.2"));
	CHECK_STR(link_text(DIR "/l.so.1"), "mine");
	CHECK(!exists(DIR "/l.so"));
	CHECK(exists(DIR "/run/dir/mine"));
	end();
}

TEST(nothing_is_removed_outside)
{
	static const char *const links[] = { "/usr", "/usr/lib" };
	char outside[256];

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		begin(i ? "outside-1" : "outside-0");
		(void)note();
		/* The same tree elsewhere, to which a link of the image now leads. */
		snprintf(outside, sizeof(outside), "%s", rootfs);
		make_all();
		end();

		begin(i ? "image-1" : "image-0");
		(void)note();
		if (i)
			CHECK_INT(mkdir(at("/usr"), 0755), 0);
		CHECK_INT(symlink(arena_printf(&arena, "%s%s", outside, links[i]), at(links[i])),
			  0);
		CHECK(exists(DIR "/l.so.1.2"));
		clean_up();
		CHECK(exists(DIR "/l.so.1.2"));
		CHECK_STR(link_text(DIR "/l.so.1"), "l.so.1.2");
		CHECK(exists(DIR "/run/dir"));
		end();
	}
}

/* By another name of it; and one that has stopped may still have processes. */
TEST(who_shares_it_takes_the_note_over)
{
	const char *alias = arena_printf(&arena, "%s/alias", fixture_root);
	cleanup_close int records_fd = -EBADF, other_fd = -EBADF;
	struct record other = fixture_record("other", (struct proc_id){ 0 });

	begin("shared");
	CHECK_INT(symlink(rootfs, alias), 0);
	other.rootfs = alias;
	fixture_write(&other);
	(void)note();
	make_all();
	clean_up();
	CHECK(exists(DIR "/l.so.1.2"));
	CHECK_INT(record_open_root(fixture_root, false, &arena, &records_fd, NULL), 0);
	CHECK_INT(record_remove(records_fd, "shared", NULL), 0);
	CHECK_INT(record_open(records_fd, "other", &other_fd, NULL), 0);
	residue_remove(&other, fixture_root, other_fd, &arena);
	CHECK(!exists("/usr"));
	CHECK_INT(record_remove(records_fd, "other", NULL), 0);
	end();
}

TEST(what_cannot_be_told_keeps_it)
{
	cleanup_close int records_fd = -EBADF, other_fd = -EBADF;
	struct record other = fixture_record("unknown", (struct proc_id){ 0 });

	begin("kept");
	fixture_write(&other);
	CHECK_INT(record_open_root(fixture_root, false, &arena, &records_fd, NULL), 0);
	CHECK_INT(record_open(records_fd, "unknown", &other_fd, NULL), 0);
	CHECK_INT(fd_replace_file(other_fd, "state.json", 0600, "{", 1), 0);
	(void)note();
	make_all();
	clean_up();
	CHECK(exists(DIR "/l.so.1.2"));
	CHECK_INT(record_remove(records_fd, "unknown", NULL), 0);
	clean_up();
	CHECK(!exists("/usr"));
	end();
}

TEST(another_directory_of_its_name_is_left_alone)
{
	const char *moved = arena_printf(&arena, "%s/moved", fixture_root);

	begin("exchanged");
	(void)note();
	make_all();
	CHECK_INT(rename(rootfs, moved), 0);
	CHECK_INT(mkdir(rootfs, 0755), 0);
	make_all();
	clean_up();
	CHECK(exists(DIR "/l.so.1.2"));
	end();
}

TEST(a_note_may_be_anything)
{
	static const char *const notes[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"mountPoints\": \"/usr\"}",
		"{\"mountPoints\": [\"\", \"/\", \".\", \"..\", \"/..\", \"/usr/\", \"/no/such\"],"
		" \"links\": [{\"path\": \"/\", \"target\": \"\"}], \"directories\": [\"/\", "
		"\"..\"]}",
	};

	cleanup_close int records_fd = open(fixture_root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	begin("note");
	make_all();
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		CHECK_INT(fd_replace_file(dir_fd, RESIDUE_FILE, 0600, notes[i], strlen(notes[i])),
			  0);
		clean_up();
		CHECK(exists(DIR "/l.so.1.2"));
	}
	/* It goes with the record. */
	CHECK(fixture_has("note", RESIDUE_FILE));
	CHECK_INT(record_remove(records_fd, "note", NULL), 0);
	CHECK(!fixture_has("note", "."));
	end();
}

TEST_MAIN()
