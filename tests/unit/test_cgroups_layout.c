/* SPDX-License-Identifier: Apache-2.0 */
/* Where cgroups are, and where a container's is: what can be tried on plain directories. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/cgroup.h"
#include "cgroups/dir.h"
#include "cgroups/layout.h"

#include "test.h"

TEST(v1_hierarchies_of_the_kernel)
{
	static const char text[] = "12:name=systemd:/user.slice\n"
				   "4:cpu,cpuacct:/a:b\n"
				   "3::/odd\n"
				   "nonsense\n"
				   "0::/user.slice/session-1.scope\n";
	struct cg_v1_list list = { 0 };
	struct arena arena = { 0 };

	cg_layout_parse_v1(text, &arena, &list);
	CHECK_INT(list.count, 2);
	CHECK_STR(list.items[0].names, "name=systemd");
	CHECK_STR(list.items[1].names, "cpu,cpuacct");
	CHECK_INT(list.items[1].controllers.count, 2);
	CHECK_STR(list.items[1].controllers.items[1], "cpuacct");
	CHECK(!list.items[1].mount);
	arena_done(&arena);
}

TEST(the_mount_table_is_searched)
{
	static const char text[] =
		"[{\"target\":\"/part\",\"root\":\"/"
		"x\",\"fstype\":\"cgroup\",\"super\":\"rw,memory\"},"
		"{\"target\":\"/m\",\"root\":\"/\",\"fstype\":\"cgroup\",\"super\":\"rw,memory\"},"
		"{\"target\":\"/c\",\"root\":\"/"
		"y\",\"fstype\":\"cgroup\",\"super\":\"rw,cpuacct,cpu\"},"
		"{\"target\":\"/u\",\"root\":\"/"
		"\",\"fstype\":\"cgroup2\",\"super\":\"rw,nsdelegate\"},"
		"7]";
	const struct value *mounts = NULL;
	struct arena arena = { 0 };

	CHECK_INT(json_read(text, strlen(text), "t", &arena, &mounts, NULL), 0);
	CHECK_STR(cg_layout_find_mount(mounts, "cgroup", "memory", &arena), "/m");
	CHECK_STR(cg_layout_find_mount(mounts, "cgroup", "cpu", &arena), "/c");
	CHECK_STR(cg_layout_find_mount(mounts, "cgroup2", NULL, &arena), "/u");
	CHECK(!cg_layout_find_mount(mounts, "cgroup", "pids", &arena));
	arena_done(&arena);
}

TEST(paths_by_component)
{
	const char *path = "//a/bc//d/";
	char name[NAME_MAX + 1];

	CHECK(cg_path_next(&path, name));
	CHECK_STR(name, "a");
	CHECK_STR(path, "/bc//d/");
	CHECK(cg_path_next(&path, name));
	CHECK(cg_path_next(&path, name));
	CHECK_STR(name, "d");
	CHECK(!cg_path_next(&path, name));
	CHECK(!cg_path_next(&path, name));
}

TEST(words_of_a_list)
{
	CHECK(cg_list_has("cpuset cpu io", "cpu"));
	CHECK(cg_list_has("cpuset cpu io", "io"));
	CHECK(cg_list_has("cpu", "cpu"));
	CHECK(!cg_list_has("cpuset io", "cpu"));
	CHECK(!cg_list_has("xcpu", "cpu"));
	CHECK(!cg_list_has("", "cpu"));
}

/* A hierarchy of plain directories: /made with a process and a frozen sub-directory, and a link out. */
struct fake {
	char dir[64];
	int fd;
	struct arena arena;
	struct cg_layout layout;
};

static const char *const fake_dirs[] = { "used", "used/sub", "frozen", "free" };
static const struct {
	const char *path, *text;
} fake_files[] = {
	{ "used/cgroup.procs", "" },
	{ "used/sub/cgroup.procs", "12\n13\n" },
	{ "frozen/cgroup.procs", "" },
	{ "frozen/cgroup.freeze", "1\n" },
};

static void fake_init(struct fake *fake)
{
	struct cg_hierarchy *hierarchy;

	memset(fake, 0, sizeof(*fake));
	snprintf(fake->dir, sizeof(fake->dir), "/tmp/test-layout-XXXXXX");
	CHECK(mkdtemp(fake->dir));
	fake->fd = open(fake->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(fake_dirs); i++)
		CHECK_INT(mkdirat(fake->fd, fake_dirs[i], 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fake_files); i++) {
		int fd = openat(fake->fd, fake_files[i].path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		CHECK_INT(fd_write_all(fd, fake_files[i].text, strlen(fake_files[i].text)), 0);
		close(fd);
	}
	CHECK_INT(symlinkat("/", fake->fd, "link"), 0);
	hierarchy = VEC_ADD(&fake->layout.hierarchies, &fake->arena);
	hierarchy->mount = fake->dir;
}

static void fake_done(struct fake *fake)
{
	for (size_t i = 0; i < ARRAY_SIZE(fake_files); i++)
		unlinkat(fake->fd, fake_files[i].path, 0);
	for (size_t i = ARRAY_SIZE(fake_dirs); i-- > 0;)
		unlinkat(fake->fd, fake_dirs[i], AT_REMOVEDIR);
	unlinkat(fake->fd, "link", 0);
	close(fake->fd);
	rmdir(fake->dir);
	arena_done(&fake->arena);
}

static const struct {
	const char *asked; /* linux.cgroupsPath */
	const char *path;
	const char *made;
} places[] = {
	{ NULL, "/nvcrun-c1", "nvcrun-c1" },
	{ "", "/nvcrun-c1", "nvcrun-c1" },
	{ "/x", "/x", "x" },
	{ "x/y", "/x/y", "x" },
	{ "//free///x/y/", "/free/x/y", "free/x" },
	{ "/free", "/free", "" },
	{ "a:b:c", "/a:b:c", "a:b:c" },
};

static int choose(struct fake *fake, const char *asked, struct cg_place *ret, struct err *err)
{
	const struct cg_wish wish = { .cgroups_path = asked, .id = "c1" };

	return cg_place_choose(&fake->layout, &wish, &fake->arena, ret, err);
}

TEST(places_and_what_is_to_be_made)
{
	struct fake fake;

	fake_init(&fake);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct cg_place place = { 0 };

		CHECK_INT(choose(&fake, places[i].asked, &place, NULL), 0);
		CHECK_STR(place.path, places[i].path);
		CHECK_INT(place.mounts.count, 1);
		CHECK_STR(place.mounts.items[0], fake.dir);
		CHECK_STR(place.made.items[0], places[i].made);
	}
	fake_done(&fake);
}

static const struct {
	const char *asked;
	int code;
	const char *words;
} refused[] = {
	{ "/a/../b", -EINVAL, "linux.cgroupsPath: `/a/../b` has a component `..`" },
	{ "./b", -EINVAL, "has a component `.`" },
	{ "/", -EINVAL, "linux.cgroupsPath: `/` is the root cgroup" },
	{ "/used", -EBUSY, "container's cgroup is not empty: 2 process(es) found in /tmp/" },
	{ "/frozen", -EBUSY, "container's cgroup unexpectedly frozen: /tmp/" },
	{ "/link/x", -ENOTDIR, "/link: not a directory" },
};

TEST(places_that_are_refused)
{
	struct fake fake;

	fake_init(&fake);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct cg_place place = { .path = "untouched" };
		struct err err = { 0 };

		CHECK_INT(choose(&fake, refused[i].asked, &place, &err), refused[i].code);
		CHECK_HAS(err.text, refused[i].words);
		CHECK_STR(place.path, "untouched");
	}
	fake_done(&fake);
}

TEST(long_paths_are_refused)
{
	struct fake fake;
	struct err err = { 0 };
	struct cg_place place;
	char path[PATH_MAX + 10];

	fake_init(&fake);
	memset(path, 'x', sizeof(path));
	path[300] = '\0';
	CHECK_INT(choose(&fake, path, &place, &err), -ENAMETOOLONG);
	CHECK_HAS(err.text, "is longer than 255 bytes");
	path[300] = 'x';
	for (size_t i = 0; i < sizeof(path); i += 100)
		path[i] = '/';
	path[sizeof(path) - 1] = '\0';
	CHECK_INT(choose(&fake, path, &place, &err), -ENAMETOOLONG);
	CHECK_HAS(err.text, "at most 4095 fit");
	fake_done(&fake);
}

static int reread(const char *text, struct arena *arena, struct cg_place *ret, struct err *err)
{
	const struct value *value = NULL;

	CHECK_INT(json_read(text, strlen(text), "record", arena, &value, NULL), 0);
	return cg_place_decode(value, arena, ret, err);
}

static const char *write_place(const struct cg_place *place, struct arena *arena)
{
	cleanup_json_writer struct json_writer w;
	size_t len;

	json_writer_init(&w, NULL);
	cg_place_write(place, &w, NULL);
	return json_writer_text(&w, arena, &len);
}

TEST(a_place_survives_the_record)
{
	static const char text[] = "{\"manager\":\"systemd\",\"path\":\"/a/b\",\"mounts\":[\"/"
				   "m\",\"/n\"],\"made\":[\"a\",\"\"]}";
	struct arena arena = { 0 };
	struct cg_place place = { 0 };
	struct err err = { 0 };

	CHECK_INT(reread(text, &arena, &place, &err), 0);
	CHECK_STR(place.path, "/a/b");
	CHECK_STR(place.made.items[1], "");
	CHECK_STR(write_place(&place, &arena), text);
	CHECK_INT(reread("{\"manager\":\"disabled\"}", &arena, &place, &err), 0);
	CHECK_INT(place.manager, CG_DISABLED);
	CHECK_STR(write_place(&place, &arena), "{\"manager\":\"disabled\"}");
	arena_done(&arena);
}

TEST(a_container_without_a_cgroup_has_no_place)
{
	const struct cg_wish wish = { .manager = CG_DISABLED, .cgroups_path = "/../x", .id = "c1" };
	const struct cg_layout layout = { 0 };
	struct arena arena = { 0 };
	struct cg_place place = { .path = "/x" };

	CHECK_INT(cg_place_choose(&layout, &wish, &arena, &place, NULL), 0);
	CHECK_INT(place.manager, CG_DISABLED);
	CHECK(!place.path);
	CHECK_INT(place.mounts.count, 0);
	arena_done(&arena);
}

TEST(a_damaged_place_is_refused)
{
	struct arena arena = { 0 };
	struct cg_place place;
	struct err err = { 0 };

	CHECK_INT(reread("{}", &arena, &place, &err), -EINVAL);
	CHECK_HAS(err.text, "the path of the cgroup is missing or not absolute");
	CHECK_INT(reread("{\"path\":\"a\"}", &arena, &place, &err), -EINVAL);
	CHECK_INT(reread("{\"path\":\"/a\",\"mounts\":[\"/m\"]}", &arena, &place, &err), -EINVAL);
	CHECK_HAS(err.text, "1 mounts, but 0 made");
	arena_done(&arena);
}

TEST(a_disabled_place_needs_nothing)
{
	struct cg_layout layout = { 0 };
	struct cg_place place = { .manager = CG_DISABLED };
	struct arena arena = { 0 };
	size_t count = 1;
	pid_t *pids;
	int fd = 7;

	CHECK_INT(cg_create(&layout, &place, NULL, &fd, &arena, NULL), 0);
	CHECK_INT(fd, -EBADF);
	CHECK_INT(cg_enter(&place, &layout, 1, false, NULL), 0);
	CHECK_INT(cg_pids(&place, &arena, &pids, &count, NULL), 0);
	CHECK_INT(count, 0);
	CHECK_INT(cg_kill(&place, 1, NULL), 0);
	CHECK_INT(cg_destroy(&place, 1, NULL), 0);
	arena_done(&arena);
}

TEST_MAIN()
