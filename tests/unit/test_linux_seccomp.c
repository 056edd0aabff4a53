/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of seccomp programs. One reference is libseccomp: both programs are interpreted and must answer the
 * same for thousands of calls, under the engines' profiles and under random ones. What ours does beyond
 * libseccomp (ENOSYS for calls too new for the profile, names newer than the library) is said here once
 * more. The other reference is the rules themselves, read one by one, for what libseccomp 2.5.4 gets wrong
 * (several rules with ranges for one call; a further architecture whose number it forgets to load).
 * Profiles: tests/unit/seccomp, as the engines write them into config.json on x86_64 with their default
 * capabilities.
 */
#include "test.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/names.h"
#include "oci/enums.h"
#include "seccomp_fixture.h"

#define ENOSYS_ANSWER (SECCOMP_RET_ERRNO | ENOSYS)
#define X32_BIT	      0x40000000U

/* Little-endian ones: libseccomp refuses others on a little-endian machine. */
static const uint32_t tokens[] = {
	SCMP_ARCH_X86_64,  SCMP_ARCH_X86,	  SCMP_ARCH_X32,     SCMP_ARCH_AARCH64,
	SCMP_ARCH_ARM,	   SCMP_ARCH_MIPSEL,	  SCMP_ARCH_PPC64LE, SCMP_ARCH_MIPSEL64,
	SCMP_ARCH_RISCV64, SCMP_ARCH_MIPSEL64N32,
};

/* The same numbers in each run. */
struct random {
	uint64_t state;
};

static uint64_t next(struct random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return random->state;
}

static size_t below(struct random *random, size_t count)
{
	return (size_t)(next(random) >> 11) % count;
}

/* Both programs of a profile, and what it says about one architecture. */
struct pair {
	const struct oci_seccomp *profile;
	struct seccomp_program ours, theirs;
};

static struct pair pair_make(const struct oci_seccomp *profile, struct arena *arena)
{
	return (struct pair){ profile, compile(profile, arena), reference(profile, arena) };
}

static bool is_listed(const struct oci_seccomp *profile, uint32_t token)
{
	bool listed = token == seccomp_arch_native();

	VEC_EACH(arch, &profile->archs)
		listed |= *arch == token;
	return listed;
}

static uint32_t audit_of(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token;
}

/* The ABI that the kernel would see a call of. */
static uint32_t token_of(const struct seccomp_data *data)
{
	bool x32 = data->arch == AUDIT_ARCH_X86_64 && (uint32_t)data->nr >= X32_BIT;

	return x32 ? SCMP_ARCH_X32 : data->arch;
}

struct named {
	VEC(struct seccomp_way)
	newer;		       /* calls that the profile names and libseccomp does not know */
	VEC(uint32_t) actions; /* theirs */
	uint32_t largest;      /* number of all that are named */
	uint32_t private;      /* of ARM's private ones, that is named too */
	bool any;
};

#define ARM_PRIVATE 0x0f0000U

static struct named find_named(const struct oci_seccomp *profile, uint32_t token,
			       struct arena *arena)
{
	struct named named = { 0 };
	struct seccomp_arch arch;
	struct err err;

	if (seccomp_arch_find(token, &arch, &err) < 0)
		FAIL("%s", err.text);
	VEC_EACH(rule, &profile->rules) {
		VEC_EACH(name, &rule->names) {
			struct seccomp_way ways[SECCOMP_WAYS_MAX];
			int n = seccomp_find_call(&arch, *name, ways);

			for (int i = 0; i < n; i++) {
				if (arch.token == SCMP_ARCH_ARM && ways[i].number >= ARM_PRIVATE) {
					named.private = ways[i].number;
					continue;
				}
				named.any = true;
				if (ways[i].number > named.largest)
					named.largest = ways[i].number;
				if (seccomp_syscall_resolve_name(*name) != __NR_SCMP_ERROR)
					continue;
				VEC_PUSH(&named.newer, arena, ways[i]);
				VEC_PUSH(&named.actions, arena, rule->action);
			}
		}
	}
	return named;
}

static bool is_permissive(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_TRACE;
}

/* libseccomp's answer, and what we add to it. */
static uint32_t expected(const struct pair *pair, const struct named *named,
			 const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr;
	size_t steps;

	for (size_t i = 0; i < named->newer.count; i++) {
		if (named->newer.items[i].number == number)
			return named->actions.items[i];
	}
	if (named->any && number > named->largest &&
	    !is_permissive(pair->profile->default_action) &&
	    is_listed(pair->profile, token_of(data)) && number != named->private)
		return ENOSYS_ANSWER;
	return interpret(pair->theirs.insns.items, pair->theirs.insns.count, data, &steps);
}

static void check_call(const struct pair *pair, const struct named *named,
		       const struct seccomp_data *data)
{
	size_t steps;
	uint32_t want = expected(pair, named, data);
	uint32_t is = interpret(pair->ours.insns.items, pair->ours.insns.count, data, &steps);

	if (is != want)
		FAIL("arch %#x call %u(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx): %#x, expected "
		     "%#x",
		     data->arch, (uint32_t)data->nr, data->args[0], data->args[1], data->args[2],
		     data->args[3], data->args[4], data->args[5], is, want);
}

/* Something that a rule compares with, or near it. */
static uint64_t pick_value(const struct oci_seccomp *profile, struct random *random)
{
	static const uint64_t highs[] = { 0, 0, 0, 1ULL << 32, 0xffffffff00000000 };
	const struct oci_seccomp_rule *rule;
	const struct oci_seccomp_arg *arg;
	uint64_t value;

	if (below(random, 8) == 0)
		return next(random);
	if (!profile->rules.count || below(random, 4) == 0)
		return below(random, 50);
	rule = &profile->rules.items[below(random, profile->rules.count)];
	if (!rule->args.count)
		return below(random, 50);
	arg = &rule->args.items[below(random, rule->args.count)];
	value = below(random, 4) ? arg->value : arg->value_two;
	if (arg->op == OCI_SECCOMP_MASKED_EQ && below(random, 2))
		value = (arg->value_two & arg->value) | (next(random) & ~arg->value);
	return (value + below(random, 3) - 1) ^ highs[below(random, ARRAY_SIZE(highs))];
}

/* Every number that is in use anywhere and around it, with @tries vectors of arguments. */
static void check_arch(const struct pair *pair, uint32_t token, size_t tries, struct arena *arena,
		       struct random *random)
{
	static const uint32_t odd[] = { 0x0f0001,   0x0f0002,	0x3fffffff, 0x40000000,
					0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	bool listed = is_listed(pair->profile, token);
	struct named named = { 0 };
	struct seccomp_data data = { .arch = audit_of(token) };
	uint32_t first = token == SCMP_ARCH_X32 ? X32_BIT : 0;

	if (token == SCMP_ARCH_MIPSEL)
		first = 4000;
	if (token == SCMP_ARCH_MIPSEL64)
		first = 5000;
	if (token == SCMP_ARCH_MIPSEL64N32)
		first = 6000;
	if (listed)
		named = find_named(pair->profile, token, arena);
	for (uint32_t i = 0; i < 600 + ARRAY_SIZE(odd); i++) {
		data.nr = (int)(i < 600 ? first + i : odd[i - 600]);
		if (token_of(&data) != token)
			continue;
		for (size_t n = 0; n < tries; n++) {
			for (size_t a = 0; a < ARRAY_SIZE(data.args); a++)
				data.args[a] = n ? pick_value(pair->profile, random) : 0;
			check_call(pair, &named, &data);
		}
	}
}

static void check_profile(const char *name)
{
	struct random random = { 42 };
	struct arena arena = { 0 };
	struct pair pair = pair_make(profile_read(name, &arena), &arena);
	struct timespec from, to;

	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		check_arch(&pair, tokens[i], 40, &arena, &random);
	clock_gettime(CLOCK_MONOTONIC, &from);
	compile(pair.profile, &arena);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("# %s: %zu instructions, libseccomp's %zu; compiled in %ld us\n", name,
	       pair.ours.insns.count, pair.theirs.insns.count,
	       (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
	CHECK(pair.ours.insns.count <= 700);
	arena_done(&arena);
}

TEST(docker_as_libseccomp)
{
	check_profile("docker");
}

TEST(podman_as_libseccomp)
{
	check_profile("podman");
}

TEST(containerd_as_libseccomp)
{
	check_profile("containerd");
}

/* @repeat: also two tests of one argument */
static void add_random_args(struct oci_seccomp_rule *rule, bool repeat, struct random *random,
			    struct arena *arena)
{
	static const uint64_t values[] = { 0, 1, 2, 7, 8, 0xffffffff, 1ULL << 32, 0x700000008 };
	size_t count = below(random, repeat ? 4 : 3);

	for (size_t i = 0; i < count; i++) {
		struct oci_seccomp_arg *arg = VEC_ADD(&rule->args, arena);

		arg->index = (uint32_t)(repeat ? below(random, 3) : i * 3 + below(random, 3));
		arg->op = (int)below(random, OCI_SECCOMP_MASKED_EQ + 1);
		arg->value = values[below(random, ARRAY_SIZE(values))];
		arg->value_two = values[below(random, ARRAY_SIZE(values))];
	}
}

static const char *const names[] = { "read",	   "write",    "openat", "clone",      "socket",
				     "accept4",	   "recvmmsg", "shmat",	 "semop",      "semtimedop",
				     "socketcall", "ipc",      "mmap",	 "cacheflush", "clone3",
				     "nosuchcall", "mseal" };
static const uint32_t actions[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM,
				    SECCOMP_RET_ERRNO | EINVAL, SECCOMP_RET_TRAP };

/*
 * @tame: what libseccomp gets right: one architecture, and for each call one action and at most one rule
 * with arguments, which tests one or two of them once
 */
static struct oci_seccomp *random_profile(bool tame, struct random *random, struct arena *arena)
{
	struct oci_seccomp *profile = arena_alloc(arena, sizeof(*profile));
	size_t rules = below(random, 24);
	bool has_args[ARRAY_SIZE(names)] = { 0 };

	profile->default_action = actions[below(random, ARRAY_SIZE(actions))];
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		if (below(random, 3) == 0 && !tame)
			VEC_PUSH(&profile->archs, arena, tokens[i]);
	}
	for (size_t i = 0; i < rules; i++) {
		struct oci_seccomp_rule *rule = VEC_ADD(&profile->rules, arena);
		/* The last one is not known to libseccomp. */
		size_t name = below(random, ARRAY_SIZE(names) - tame);

		rule->action = actions[(tame ? name : below(random, 100)) % ARRAY_SIZE(actions)];
		VEC_PUSH(&rule->names, arena, names[name]);
		if (tame && has_args[name])
			continue;
		add_random_args(rule, !tame, random, arena);
		has_args[name] = rule->args.count > 0;
	}
	return profile;
}

TEST(random_profiles_as_libseccomp)
{
	struct random random = { 4711 };

	for (int round = 0; round < 200; round++) {
		struct arena arena = { 0 };
		struct pair pair = pair_make(random_profile(true, &random, &arena), &arena);

		for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
			check_arch(&pair, tokens[i], 8, &arena, &random);
		arena_done(&arena);
	}
}

static bool arg_holds(const struct oci_seccomp_arg *arg, const __u64 *args, bool wide)
{
	uint64_t mask = wide ? UINT64_MAX : UINT32_MAX;
	uint64_t is = args[arg->index] & mask, value = arg->value & mask;

	switch ((enum oci_seccomp_op)arg->op) {
	case OCI_SECCOMP_NE:
		return is != value;
	case OCI_SECCOMP_LT:
		return is < value;
	case OCI_SECCOMP_LE:
		return is <= value;
	case OCI_SECCOMP_EQ:
		return is == value;
	case OCI_SECCOMP_GE:
		return is >= value;
	case OCI_SECCOMP_GT:
		return is > value;
	case OCI_SECCOMP_MASKED_EQ:
		return (is & value) == (arg->value_two & value);
	}
	return false;
}

static bool has_repeated_index(const struct oci_seccomp_rule *rule)
{
	VEC_EACH(a, &rule->args) {
		VEC_EACH(b, &rule->args) {
			if (a != b && a->index == b->index)
				return true;
		}
	}
	return false;
}

/* All tests of a rule, or any, when it tests one argument twice. */
static bool rule_holds(const struct oci_seccomp_rule *rule, const struct seccomp_way *way,
		       const __u64 *args, bool wide)
{
	bool any = has_repeated_index(rule), all = true, one = false;

	if (way->subcall != SECCOMP_NO_SUBCALL &&
	    (wide ? args[0] : (uint32_t)args[0]) != (uint64_t)way->subcall)
		return false;
	VEC_EACH(arg, &rule->args) {
		bool holds = (way->subcall != SECCOMP_NO_SUBCALL && !arg->index) ||
			     arg_holds(arg, args, wide);

		all &= holds;
		one |= holds;
	}
	return any ? one : all;
}

/* What the rules say, read one by one. */
static uint32_t read_rules(const struct oci_seccomp *profile, const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr, largest = 0, token = token_of(data);
	const struct oci_seccomp_rule *found = NULL, *plain = NULL;
	struct seccomp_arch arch;
	bool any = false, named = false;
	struct err err;

	if (!is_listed(profile, token))
		return token == SCMP_ARCH_X32 && number == UINT32_MAX ? profile->default_action
								      : SECCOMP_RET_KILL_THREAD;
	if (seccomp_arch_find(token, &arch, &err) < 0)
		FAIL("%s", err.text);
	VEC_EACH(rule, &profile->rules) {
		struct seccomp_way ways[SECCOMP_WAYS_MAX];
		int n = seccomp_find_call(&arch, rule->names.items[0], ways);

		for (int i = 0; i < n; i++) {
			bool private = token == SCMP_ARCH_ARM && ways[i].number >= ARM_PRIVATE;

			any |= !private;
			if (!private && ways[i].number > largest)
				largest = ways[i].number;
			if (ways[i].number != number || rule->action == profile->default_action)
				continue;
			if (!plain && !rule->args.count && ways[i].subcall == SECCOMP_NO_SUBCALL)
				plain = rule;
			if (!found && rule_holds(rule, &ways[i], data->args, arch.wide))
				found = rule;
			named = true;
		}
	}
	if (plain || found)
		return plain ? plain->action : found->action;
	if (any && !named && number > largest && !is_permissive(profile->default_action))
		return ENOSYS_ANSWER;
	return profile->default_action;
}

/* The numbers of the names above on all architectures, and some that none of them has. */
static const uint32_t numbers[] = { 0,	  1,	3,    4,    9,	  22,	30,   41,   43,	  56,  57,
				    63,	  64,	65,   90,   102,  117,	120,  192,  193,  196, 198,
				    203,  204,	214,  220,  222,  242,	243,  257,  281,  288, 295,
				    299,  312,	337,  359,  364,  366,	392,  397,  435,  462, 463,
				    4003, 4102, 4117, 4334, 5000, 5055, 5293, 6000, 6055, 6462 };

static void check_rules(const struct oci_seccomp *profile, struct arena *arena,
			struct random *random)
{
	struct seccomp_program program = compile(profile, arena);
	struct seccomp_data data = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(tokens) * ARRAY_SIZE(numbers) * 4; i++) {
		uint32_t want, is;
		size_t steps;

		data.arch = audit_of(tokens[i % ARRAY_SIZE(tokens)]);
		data.nr = (int)numbers[below(random, ARRAY_SIZE(numbers))];
		if (tokens[i % ARRAY_SIZE(tokens)] == SCMP_ARCH_X32)
			data.nr |= (int)X32_BIT;
		for (size_t a = 0; a < ARRAY_SIZE(data.args); a++)
			data.args[a] = pick_value(profile, random);
		want = read_rules(profile, &data);
		is = interpret(program.insns.items, program.insns.count, &data, &steps);
		if (is != want)
			FAIL("arch %#x call %u(%#llx, %#llx, %#llx): %#x, expected %#x", data.arch,
			     (uint32_t)data.nr, data.args[0], data.args[1], data.args[2], is, want);
	}
}

TEST(random_profiles_as_the_rules_say)
{
	struct random random = { 815 };

	for (int round = 0; round < 300; round++) {
		struct arena arena = { 0 };

		check_rules(random_profile(false, &random, &arena), &arena, &random);
		arena_done(&arena);
	}
}

/* @count rules for personality(2), each for one value. */
static const struct oci_seccomp *many_values(size_t count, struct arena *arena)
{
	struct oci_seccomp *profile = arena_alloc(arena, sizeof(*profile));

	profile->default_action = SECCOMP_RET_ERRNO | EPERM;
	for (size_t i = 0; i < count; i++) {
		struct oci_seccomp_rule *rule = VEC_ADD(&profile->rules, arena);

		rule->action = SECCOMP_RET_ERRNO | (uint32_t)(i % 300 + 1000);
		VEC_PUSH(&rule->names, arena, "personality");
		VEC_PUSH(&rule->args, arena,
			 ((struct oci_seccomp_arg){ .op = OCI_SECCOMP_EQ, .value = i * 2 }));
	}
	return profile;
}

TEST(jumps_beyond_eight_bits)
{
	struct arena arena = { 0 };
	struct seccomp_program program = compile(many_values(600, &arena), &arena);
	struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64, .nr = SYS_personality };
	size_t steps;

	for (size_t i = 0; i < 600; i++) {
		data.args[0] = i * 2;
		CHECK_INT(interpret(program.insns.items, program.insns.count, &data, &steps),
			  SECCOMP_RET_ERRNO | (i % 300 + 1000));
		data.args[0]++;
		CHECK_INT(interpret(program.insns.items, program.insns.count, &data, &steps),
			  SECCOMP_RET_ERRNO | EPERM);
	}
	data.nr = SYS_personality + 1;
	CHECK_INT(interpret(program.insns.items, program.insns.count, &data, &steps),
		  ENOSYS_ANSWER);
	arena_done(&arena);
}

TEST(a_program_beyond_the_kernels_limit)
{
	struct arena arena = { 0 };
	struct seccomp_program program = { 0 };
	struct err err = { 0 };

	CHECK_INT(seccomp_program_make(many_values(1100, &arena), &arena, &program, &err), -E2BIG);
	CHECK_HAS(err.text, "linux.seccomp: the profile makes a program of ");
	CHECK_HAS(err.text, " instructions, the kernel takes at most 4096");
	CHECK_INT(program.insns.count, 0);
	arena_done(&arena);
}

TEST(a_common_call_takes_few_steps)
{
	struct arena arena = { 0 };
	struct seccomp_program program = compile(profile_read("docker", &arena), &arena);
	struct seccomp_data data = { .arch = AUDIT_ARCH_X86_64, .nr = SYS_read };
	size_t steps;

	CHECK_INT(interpret(program.insns.items, program.insns.count, &data, &steps),
		  SECCOMP_RET_ALLOW);
	CHECK(steps <= 14);
	arena_done(&arena);
}

TEST_MAIN()
