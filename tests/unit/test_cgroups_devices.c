/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules: every normalised list, and every program made of one (run by a small interpreter here),
 * answers as the rules read one after the other do.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroups/device_access.h"
#include "cgroups/devices.h"
#include "cgroups/devices_bpf.h"

#include "test.h"

struct question {
	char type; /* b, c */
	int64_t major;
	int64_t minor;
	unsigned int access;
};

static const int64_t majors[] = { 0, 1, 4, 5, 10, 136, 195, 4095 };
static const int64_t minors[] = { 0, 1, 2, 3, 5, 7, 8, 9, 200, 255, 1048575 };

/* Engines' usual list: deny all, then what docker adds. */
static const struct oci_device_rule docker[] = {
	{ false, 'a', -1, -1, true, true, true, "" }, { true, 'c', 1, 5, true, true, true, "" },
	{ true, 'c', 1, 3, true, true, true, "" },    { true, 'c', 1, 9, true, true, true, "" },
	{ true, 'c', 1, 8, true, true, true, "" },    { true, 'c', 5, 0, true, true, true, "" },
	{ true, 'c', 5, 1, true, true, true, "" },    { false, 'c', 10, 229, true, true, true, "" },
};

/* The same and three device files of a GPU. */
static const struct oci_device_rule gpu[] = {
	{ false, 'a', -1, -1, true, true, true, "" },
	{ true, 'c', 195, 0, true, true, false, "" },
	{ true, 'c', 195, 255, true, true, false, "" },
	{ true, 'c', 510, 0, true, true, true, "" },
};

static const struct oci_device_rule privileged[] = {
	{ false, 'c', 1, 3, true, true, true, "" },
	{ true, 'a', -1, -1, true, true, true, "" },
};

static const struct oci_device_rule all_but_one[] = {
	{ true, 'a', -1, -1, true, true, true, "" },
	{ false, 'b', 4, -1, true, true, true, "" },
};

static const struct oci_device_rule hole[] = {
	{ true, 'c', 195, -1, true, true, true, "" },
	{ false, 'c', 195, 5, true, false, false, "" },
};

static const struct oci_device_rule both_types[] = {
	{ true, 'a', 195, -1, true, true, false, "" },
	{ false, 'a', -1, 9, false, true, false, "" },
	{ true, 'a', -1, -1, true, false, false, "" },
};

static const struct oci_device_rule cannot_match[] = {
	{ true, 'c', 1LL << 32, 3, true, true, true, "" },
	{ true, 'c', 4, -2, true, true, true, "" },
	{ true, 'c', 4, 1048576, true, true, true, "" },
	{ true, 'c', 5, 7, false, false, false, "" },
};

static const struct {
	const struct oci_device_rule *rules;
	size_t count;
} lists[] = {
	{ NULL, 0 },
	{ docker, ARRAY_SIZE(docker) },
	{ gpu, ARRAY_SIZE(gpu) },
	{ privileged, ARRAY_SIZE(privileged) },
	{ all_but_one, ARRAY_SIZE(all_but_one) },
	{ hole, ARRAY_SIZE(hole) },
	{ both_types, ARRAY_SIZE(both_types) },
	{ cannot_match, ARRAY_SIZE(cannot_match) },
};

/* What every container may do, whatever the config says. */
static const struct oci_device_rule always[] = {
	{ true, 'a', -1, -1, false, false, true, "" }, { true, 'c', 1, 3, true, true, true, "" },
	{ true, 'c', 1, 5, true, true, true, "" },     { true, 'c', 1, 7, true, true, true, "" },
	{ true, 'c', 1, 8, true, true, true, "" },     { true, 'c', 1, 9, true, true, true, "" },
	{ true, 'c', 5, 0, true, true, true, "" },     { true, 'c', 5, 2, true, true, true, "" },
	{ true, 'c', 136, -1, true, true, true, "" },  { true, 'c', 10, 200, true, true, true, "" },
};

static bool matches(const struct oci_device_rule *rule, const struct question *q)
{
	return (rule->type == 'a' || rule->type == q->type) &&
	       (rule->major == -1 || rule->major == q->major) &&
	       (rule->minor == -1 || rule->minor == q->minor);
}

/* Which of the accesses asked for are allowed after reading on. */
static unsigned int read_rules(const struct oci_device_rule *rules, size_t count,
			       const struct question *q, unsigned int allowed)
{
	for (size_t i = 0; i < count; i++) {
		if (!matches(&rules[i], q))
			continue;
		if (rules[i].allow)
			allowed |= cg_device_access(&rules[i]);
		else
			allowed &= ~cg_device_access(&rules[i]);
	}
	return allowed;
}

static bool passes(unsigned int allowed, const struct question *q)
{
	return !(q->access & ~allowed);
}

/* Run a program as the kernel would. -1: it does what no verifier lets pass. */
static int interpret(const struct cg_program *program, const struct question *q)
{
	uint64_t regs[11] = { 0 };
	uint32_t context[3] = { q->access << 16 | (q->type == 'c' ? 2 : 1), (uint32_t)q->major,
				(uint32_t)q->minor };

	for (size_t pc = 0; pc < program->count; pc++) {
		const struct bpf_insn *insn = &program->items[pc];
		uint64_t *dst = &regs[insn->dst_reg], imm = (uint64_t)(int64_t)insn->imm;
		bool jump = false;

		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			if (insn->src_reg != 1 || insn->off < 0 || insn->off > 8 || insn->off % 4)
				return -1;
			*dst = context[insn->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = regs[insn->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			*dst &= imm;
			break;
		case BPF_JMP | BPF_JA:
			jump = true;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			jump = *dst == imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			jump = *dst != imm;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			jump = *dst & imm;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)regs[0];
		default:
			return -1;
		}
		if (jump && insn->off < 0)
			return -1;
		if (jump)
			pc += (size_t)insn->off;
	}
	return -1;
}

/* The verifier of older kernels refuses instructions that no path leads to. */
static bool all_reached(const struct cg_program *program, struct arena *arena)
{
	bool *reached = arena_alloc(arena, program->count + 1);

	reached[0] = true;
	for (size_t i = 0; i < program->count; i++) {
		const struct bpf_insn *insn = &program->items[i];
		bool is_jump = BPF_CLASS(insn->code) == BPF_JMP;

		if (!reached[i])
			return false;
		if (is_jump && BPF_OP(insn->code) == BPF_EXIT)
			continue;
		if (is_jump && (insn->off < 0 || i + 1 + (size_t)insn->off >= program->count))
			return false;
		if (is_jump)
			reached[i + 1 + (size_t)insn->off] = true;
		if (!is_jump || BPF_OP(insn->code) != BPF_JA)
			reached[i + 1] = true;
	}
	return !reached[program->count];
}

/* The @n-th of all questions; false after the last. */
static bool ask(size_t n, struct question *q)
{
	q->access = 1 + (unsigned int)(n % 7);
	n /= 7;
	q->type = n % 2 ? 'c' : 'b';
	n /= 2;
	q->minor = minors[n % ARRAY_SIZE(minors)];
	n /= ARRAY_SIZE(minors);
	if (n >= ARRAY_SIZE(majors))
		return false;
	q->major = majors[n];
	return true;
}

static void check_program(const struct cg_device_rules *rules, const struct cg_program *program,
			  const struct question *q, bool expected)
{
	int answer;

	if (!program->count) {
		CHECK(rules->allow_by_default);
		CHECK(expected);
		return;
	}
	answer = interpret(program, q);
	if (answer != expected)
		FAIL("program says %d to %c %d:%d access %u", answer, q->type, (int)q->major,
		     (int)q->minor, q->access);
}

/* Config's list against the normalised one and its program. */
static void check_list(const struct oci_device_rule *list, size_t count)
{
	struct oci_resources resources = { 0 };
	struct cg_program program = { 0 };
	struct cg_device_rules rules;
	struct arena arena = { 0 };
	struct question q;

	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&resources.devices, &arena, list[i]);
	cg_device_rules_build(&resources, &arena, &rules);
	CHECK_INT(cg_device_program(&rules, &arena, &program), 0);
	CHECK(!program.count || all_reached(&program, &arena));
	for (size_t n = 0; ask(n, &q); n++) {
		unsigned int allowed = read_rules(list, count, &q, 0);
		bool expected;

		allowed = read_rules(always, ARRAY_SIZE(always), &q, allowed);
		expected = passes(allowed, &q);
		allowed = read_rules(rules.rules.items, rules.rules.count, &q,
				     rules.allow_by_default ? CG_ACCESS_ALL : 0);
		if (passes(allowed, &q) != expected)
			FAIL("rules say %d to %c %d:%d access %u", !expected, q.type, (int)q.major,
			     (int)q.minor, q.access);
		check_program(&rules, &program, &q, expected);
	}
	arena_done(&arena);
}

TEST(usual_lists_mean_what_they_say)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		check_list(lists[i].rules, lists[i].count);
}

static unsigned int next_random(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static struct oci_device_rule random_rule(unsigned int *seed)
{
	unsigned int access = 1 + next_random(seed, 7);

	return (struct oci_device_rule){
		.allow = next_random(seed, 2),
		.type = "abcc"[next_random(seed, 4)],
		.major = next_random(seed, 3) ? majors[next_random(seed, 4)] : -1,
		.minor = next_random(seed, 3) ? minors[next_random(seed, 4)] : -1,
		.mknod = access & 1,
		.read = access & 2,
		.write = access & 4,
	};
}

TEST(random_lists_mean_what_they_say)
{
	unsigned int seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct oci_device_rule list[12];
		size_t count = next_random(&seed, ARRAY_SIZE(list) + 1);

		for (size_t i = 0; i < count; i++)
			list[i] = random_rule(&seed);
		check_list(list, count);
	}
}

/* The program does not rely on a list being normalised. */
TEST(programs_of_any_list_are_right)
{
	unsigned int seed = 7;

	for (int round = 0; round < 2000; round++) {
		struct cg_device_rules rules = { .allow_by_default = round % 2 };
		struct cg_program program = { 0 };
		struct arena arena = { 0 };
		struct question q;

		for (unsigned int left = next_random(&seed, 10); left; left--)
			VEC_PUSH(&rules.rules, &arena, random_rule(&seed));
		CHECK_INT(cg_device_program(&rules, &arena, &program), 0);
		for (size_t n = 0; ask(n, &q); n++) {
			unsigned int allowed =
				read_rules(rules.rules.items, rules.rules.count, &q,
					   rules.allow_by_default ? CG_ACCESS_ALL : 0);

			check_program(&rules, &program, &q, passes(allowed, &q));
		}
		arena_done(&arena);
	}
}

static struct cg_device_rules build(const struct oci_device_rule *list, size_t count,
				    struct arena *arena)
{
	struct oci_resources resources = { 0 };
	struct cg_device_rules rules;

	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&resources.devices, arena, list[i]);
	cg_device_rules_build(&resources, arena, &rules);
	return rules;
}

TEST(no_resources_deny_all_but_the_defaults)
{
	struct cg_device_rules rules;
	struct arena arena = { 0 };

	cg_device_rules_build(NULL, &arena, &rules);
	CHECK(!rules.allow_by_default);
	CHECK_INT(rules.rules.count, ARRAY_SIZE(always));
	arena_done(&arena);
}

TEST(allow_all_needs_no_program)
{
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(privileged, ARRAY_SIZE(privileged), &arena);
	struct cg_program program = { 0 };

	CHECK(rules.allow_by_default);
	CHECK_INT(rules.rules.count, 0);
	CHECK_INT(cg_device_program(&rules, &arena, &program), 0);
	CHECK_INT(program.count, 0);
	arena_done(&arena);
}

TEST(an_allow_of_everything_without_access_is_all)
{
	static const struct oci_device_rule list[] = { { true, 'a', -1, -1, false, false, false,
							 "" } };
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(list, 1, &arena);

	CHECK(rules.allow_by_default);
	arena_done(&arena);
}

TEST(a_deny_without_access_denies_all)
{
	static const struct oci_device_rule list[] = {
		{ true, 'c', 4, -1, true, true, false, "" },
		{ false, 'c', 4, -1, false, false, false, "" },
	};
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(list, 2, &arena);

	CHECK_INT(rules.rules.count, ARRAY_SIZE(always));
	arena_done(&arena);
}

TEST(rules_of_the_same_devices_become_one)
{
	static const struct oci_device_rule list[] = {
		{ true, 'c', 4, 64, true, false, false, "" },
		{ true, 'b', 8, 0, true, true, false, "" },
		{ true, 'c', 4, 64, false, true, false, "" },
		{ true, 'b', 8, -1, true, true, false, "" },
		{ true, 'b', 8, 1, true, false, false, "" },
	};
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(list, ARRAY_SIZE(list), &arena);

	CHECK_INT(rules.rules.count, ARRAY_SIZE(always) + 2);
	CHECK_INT(rules.rules.items[0].major, 4);
	CHECK_INT(cg_device_access(&rules.rules.items[0]), CG_READ | CG_WRITE);
	CHECK_INT(rules.rules.items[1].minor, -1);
	arena_done(&arena);
}

TEST(usual_programs_are_short)
{
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(docker, ARRAY_SIZE(docker), &arena);
	struct cg_program program = { 0 };

	/* defaults and 5:1; the defaults in the list and the denial of a denied one cost nothing */
	CHECK_INT(rules.rules.count, ARRAY_SIZE(always) + 1);
	CHECK_INT(cg_device_program(&rules, &arena, &program), 0);
	/* 7 to load, 1 for the type, 4 majors (one without minors), 9 minors, 4 to answer */
	CHECK_INT(program.count, 7 + 1 + 4 + 9 + 4);
	arena_done(&arena);
}

TEST(too_many_rules_are_refused)
{
	struct cg_device_rules rules = { 0 };
	struct cg_program program = { 0 };
	struct arena arena = { 0 };

	for (int i = 0; i < 40000; i++)
		VEC_PUSH(
			&rules.rules, &arena,
			((struct oci_device_rule){ true, 'c', i % 4096, i, true, true, true, "" }));
	CHECK_INT(cg_device_program(&rules, &arena, &program), -E2BIG);
	arena_done(&arena);
}

/* A directory with fifos in the place of v1's files: what is written to them can be read in order. */
struct v1_files {
	char dir[64];
	int dir_fd, allow, deny;
	char text[1024]; /* what was read last */
};

static int open_fifo(int dir_fd, const char *name)
{
	CHECK_INT(mkfifoat(dir_fd, name, 0600), 0);
	return openat(dir_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void v1_files_init(struct v1_files *files)
{
	snprintf(files->dir, sizeof(files->dir), "/tmp/test-devices-XXXXXX");
	CHECK(mkdtemp(files->dir));
	files->dir_fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	files->allow = open_fifo(files->dir_fd, "devices.allow");
	files->deny = open_fifo(files->dir_fd, "devices.deny");
}

static void v1_files_done(struct v1_files *files)
{
	unlinkat(files->dir_fd, "devices.allow", 0);
	unlinkat(files->dir_fd, "devices.deny", 0);
	rmdir(files->dir);
	close(files->allow);
	close(files->deny);
	close(files->dir_fd);
}

static const char *written(struct v1_files *files, int fd)
{
	ssize_t n = read(fd, files->text, sizeof(files->text) - 1);

	files->text[n < 0 ? 0 : n] = '\0';
	return files->text;
}

TEST(v1_is_told_a_default_and_exceptions)
{
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(gpu, ARRAY_SIZE(gpu), &arena);
	struct v1_files files;
	struct err err = { 0 };

	v1_files_init(&files);
	CHECK_INT(cg_devices_write_v1(files.dir_fd, &rules, &arena, &err), 0);
	CHECK_STR(written(&files, files.deny), "a");
	CHECK_STR(written(&files, files.allow),
		  "c 195:0 rwc 195:255 rwc 510:0 rwc 1:3 rwc 1:5 rwc 1:7 rwc 1:8 rwc 1:9 rw"
		  "c 5:0 rwc 5:2 rwc 10:200 rwc 136:* rwc *:* mb *:* m");
	v1_files_done(&files);
	arena_done(&arena);
}

TEST(v1_is_told_denials_when_all_is_allowed)
{
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(all_but_one, ARRAY_SIZE(all_but_one), &arena);
	struct v1_files files;
	struct err err = { 0 };

	v1_files_init(&files);
	CHECK_INT(cg_devices_write_v1(files.dir_fd, &rules, &arena, &err), 0);
	CHECK_STR(written(&files, files.allow), "a");
	CHECK_STR(written(&files, files.deny), "b 4:* rw");
	v1_files_done(&files);
	arena_done(&arena);
}

TEST(v1_cannot_take_a_part_back)
{
	struct arena arena = { 0 };
	struct cg_device_rules rules = build(hole, ARRAY_SIZE(hole), &arena);
	struct v1_files files;
	struct err err = { 0 };

	v1_files_init(&files);
	CHECK_INT(cg_devices_write_v1(files.dir_fd, &rules, &arena, &err), -EINVAL);
	CHECK_HAS(err.text, "linux.resources.devices: cgroup v1 cannot deny `c 195:5 r`");
	CHECK_STR(written(&files, files.deny), "");
	v1_files_done(&files);
	arena_done(&arena);
}

TEST_MAIN()
