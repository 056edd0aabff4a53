/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules for cgroup v2: a BPF_PROG_TYPE_CGROUP_DEVICE program (Linux 4.15), called for each open
 * and mknod of a device by a process in the cgroup.
 *
 * The last rule that matches decides, so the program asks from the last to the first. What was asked
 * for is kept in ACCESS; a rule that allows only some of it takes that off and leaves the rest to the
 * rules before. Neighbours that agree may change places, so they are sorted, and a type and a major
 * number are compared once for all their rules.
 */
#include "cgroups/devices_bpf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "cgroups/device_access.h"

enum registers {
	RESULT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	TYPE = BPF_REG_2,
	ACCESS = BPF_REG_3, /* undecided accesses, shifted as in access_type */
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
};

/* struct bpf_cgroup_dev_ctx.access_type: type below, access above. */
#define TYPE_MASK    0xffff
#define ACCESS_SHIFT 16

/* Jumps to the ends of the program are known only at its end: until then their offset is one of these. */
#define TO_DENY	 (-1)
#define TO_ALLOW (-2)

struct emitter {
	struct arena *arena;
	struct cg_program program;
	unsigned int live; /* accesses that may be undecided here */
};

static struct bpf_insn *emit(struct emitter *e, int code, int dst, int64_t imm)
{
	struct bpf_insn *insn = VEC_ADD(&e->program, e->arena);

	insn->code = (uint8_t)code;
	insn->dst_reg = (uint8_t)dst & 0xf;
	insn->imm = (int32_t)imm;
	return insn;
}

static void emit_load(struct emitter *e, int dst, size_t offset)
{
	struct bpf_insn *insn = emit(e, BPF_LDX | BPF_MEM | BPF_W, dst, 0);

	insn->src_reg = CONTEXT;
	insn->off = (int16_t)offset;
}

/* @target: TO_ALLOW or TO_DENY */
static void emit_jump(struct emitter *e, int condition, int reg, int64_t number, int target)
{
	emit(e, BPF_JMP | condition | BPF_K, reg, number)->off = (int16_t)target;
}

/* A jump over what follows unless @reg is @number; its place, for land(). */
static size_t emit_unless(struct emitter *e, int reg, int64_t number)
{
	emit(e, BPF_JMP | BPF_JNE | BPF_K, reg, number);
	return e->program.count - 1;
}

static void land(struct emitter *e, size_t skip)
{
	e->program.items[skip].off = (int16_t)(e->program.count - skip - 1);
}

static void emit_return(struct emitter *e, bool allow)
{
	emit(e, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, allow);
	emit(e, BPF_JMP | BPF_EXIT, 0, 0);
}

/* Keep only @accesses undecided; when that leaves nothing, all that was asked is allowed. */
static void emit_keep(struct emitter *e, unsigned int accesses)
{
	emit(e, BPF_ALU64 | BPF_AND | BPF_K, ACCESS, accesses << ACCESS_SHIFT);
	if (accesses != CG_ACCESS_ALL)
		emit_jump(e, BPF_JEQ, ACCESS, 0, TO_ALLOW);
}

static bool is_partial(const struct oci_device_rule *rule, unsigned int live)
{
	return live & ~cg_device_access(rule);
}

/* A rule for some of the accesses that may still be asked. */
static void emit_partial(struct emitter *e, const struct oci_device_rule *rule)
{
	unsigned int access = cg_device_access(rule);
	size_t skips[2], n = 0;

	if (!(access & e->live))
		return;
	if (rule->major != -1)
		skips[n++] = emit_unless(e, MAJOR, rule->major);
	if (rule->minor != -1)
		skips[n++] = emit_unless(e, MINOR, rule->minor);
	if (rule->allow)
		emit_keep(e, e->live & ~access);
	else
		emit_jump(e, BPF_JSET, ACCESS, access << ACCESS_SHIFT, TO_DENY);
	while (n)
		land(e, skips[--n]);
}

/* Rules of one type and major number that decide all that may still be asked. */
static void emit_major(struct emitter *e, const struct oci_device_rule *rules, size_t count)
{
	int target = rules->allow ? TO_ALLOW : TO_DENY;
	bool any_major = rules->major == -1, any_minor = rules->minor == -1;
	size_t skip = 0;

	if (any_major && any_minor)
		emit_jump(e, BPF_JA, 0, 0, target);
	else if (any_minor)
		emit_jump(e, BPF_JEQ, MAJOR, rules->major, target);
	/* The wildcard leads, and says all that the others could. */
	if (any_minor)
		return;
	if (!any_major)
		skip = emit_unless(e, MAJOR, rules->major);
	for (size_t i = 0; i < count; i++)
		emit_jump(e, BPF_JEQ, MINOR, rules[i].minor, target);
	if (!any_major)
		land(e, skip);
}

/* How many of @rules, all of one type, can be compared with one major number together. */
static size_t count_same_major(const struct emitter *e, const struct oci_device_rule *rules,
			       size_t count)
{
	size_t same = 1;

	while (same < count && rules[same].major == rules->major &&
	       !is_partial(&rules[same], e->live))
		same++;
	return same;
}

/* Rules of one type. */
static void emit_type(struct emitter *e, const struct oci_device_rule *rules, size_t count)
{
	size_t skip = 0, same;

	if (rules->type != 'a')
		skip = emit_unless(e, TYPE,
				   rules->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	for (size_t i = 0; i < count; i += same) {
		same = 1;
		if (is_partial(&rules[i], e->live)) {
			emit_partial(e, &rules[i]);
			continue;
		}
		same = count_same_major(e, &rules[i], count - i);
		emit_major(e, &rules[i], same);
		/* The verifier refuses code that nothing reaches. */
		if (rules[i].major == -1 && rules[i].minor == -1)
			break;
	}
	if (rules->type != 'a')
		land(e, skip);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* By type, then by major and minor number; wildcards (-1) lead. */
static int compare_rules(const void *a_, const void *b_)
{
	const struct oci_device_rule *a = a_, *b = b_;

	if (a->type != b->type)
		return compare_numbers(a->type, b->type);
	if (a->major != b->major)
		return compare_numbers(a->major, b->major);
	return compare_numbers(a->minor, b->minor);
}

/* Neighbouring rules that all allow or all deny; @rules may be reordered. */
static void emit_run(struct emitter *e, struct oci_device_rule *rules, size_t count)
{
	size_t same;

	qsort(rules, count, sizeof(*rules), compare_rules);
	for (size_t i = 0; i < count; i += same) {
		for (same = 1; i + same < count && rules[i + same].type == rules[i].type;)
			same++;
		emit_type(e, &rules[i], same);
	}
}

/* Load the question. mknod of everything, nearly always allowed, is decided before anything else. */
static size_t emit_prologue(struct emitter *e, const struct oci_device_rule *rules, size_t count)
{
	for (; count; count--) {
		const struct oci_device_rule *rule = &rules[count - 1];

		if (!rule->allow || rule->type != 'a' || rule->major != -1 || rule->minor != -1)
			break;
		e->live &= ~cg_device_access(rule);
	}
	emit_load(e, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(e, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, 0)->src_reg = TYPE;
	emit_keep(e, e->live);
	emit(e, BPF_ALU64 | BPF_AND | BPF_K, TYPE, TYPE_MASK);
	emit_load(e, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(e, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	return count;
}

/* Both answers; the default is what the last instruction falls into. */
static void emit_epilogue(struct emitter *e, bool allow_by_default)
{
	size_t usual = e->program.count, other = usual + 2;

	emit_return(e, allow_by_default);
	emit_return(e, !allow_by_default);
	for (size_t i = 0; i < usual; i++) {
		struct bpf_insn *insn = &e->program.items[i];
		bool allow = insn->off == TO_ALLOW;

		if (insn->off < 0)
			insn->off = (int16_t)((allow == allow_by_default ? usual : other) - i - 1);
	}
}

int cg_device_program(const struct cg_device_rules *rules, struct arena *arena,
		      struct cg_program *ret)
{
	struct emitter e = { .arena = arena, .live = CG_ACCESS_ALL };
	size_t count = rules->rules.count, start;
	struct oci_device_rule *copy;

	if (!count && rules->allow_by_default) {
		*ret = e.program;
		return 0;
	}
	copy = arena_alloc(arena, count * sizeof(*copy));
	if (count)
		memcpy(copy, rules->rules.items, count * sizeof(*copy));
	for (count = emit_prologue(&e, copy, count); count; count = start) {
		start = count - 1;
		while (start && copy[start - 1].allow == copy[count - 1].allow)
			start--;
		emit_run(&e, &copy[start], count - start);
	}
	emit_epilogue(&e, rules->allow_by_default);
	if (e.program.count > INT16_MAX)
		return -E2BIG;
	*ret = e.program;
	return 0;
}

static int load(const struct cg_program *program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program->items;
	attr.insn_cnt = (uint32_t)program->count;
	attr.license = (uintptr_t) "Apache-2.0";
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/*
 * Before Linux 5.11 programs count as locked memory. The limit is lifted only when it was in the way,
 * and only for the call; whether it may be lifted shows in the second attempt.
 */
static int load_unlimited(const struct cg_program *program)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit old;
	int fd = load(program);
	int error = errno;

	if (fd >= 0 || (error != EPERM && error != ENOMEM))
		return fd;
	if (getrlimit(RLIMIT_MEMLOCK, &old) < 0 || setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0) {
		errno = error;
		return -1;
	}
	fd = load(program);
	error = errno;
	(void)setrlimit(RLIMIT_MEMLOCK, &old);
	errno = error;
	return fd;
}

int cg_devices_attach(int cgroup_fd, const struct cg_device_rules *rules, struct arena *arena,
		      struct err *err)
{
	struct cg_program program = { 0 };
	cleanup_close int fd = -EBADF;
	union bpf_attr attr;
	int r;

	r = cg_device_program(rules, arena, &program);
	if (r < 0)
		return err_code(err, r, "linux.resources.devices: make a program of %zu rules",
				rules->rules.count);
	if (!program.count)
		return 0;
	fd = load_unlimited(&program);
	if (fd < 0)
		return err_errno(err, "linux.resources.devices: load the BPF device program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* Ours and those of ancestors (systemd's, a pod's) all have to agree. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return err_errno(err,
				 "linux.resources.devices: attach the BPF device program to the"
				 " cgroup");
	return 0;
}
