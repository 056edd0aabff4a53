/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp profile as a classic BPF program: for each architecture the numbers of system calls as spans
 * of equal answer, found by binary search. It is a third of the length of a list of comparisons and takes
 * seven steps where that takes hundreds.
 *
 * Jumps of the format go forward only, so the program is made from its end: what an instruction jumps
 * to is there already, and a place is named by its distance from the end.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "base/log.h"
#include "linux/seccomp.h"
#include "linux/seccomp_names.h"

/* Numbers of x32 calls: this, and the number. */
#define X32_BIT 0x40000000U
/* What a tracer leaves for "no call". No architecture, so no ABI either: it is never killed for that. */
#define NO_CALL 0xffffffffU

/* Numbers from here are ARM's private calls (cacheflush …), not newer ones. arch/arm: asm/unistd.h */
#define ARM_PRIVATE 0x0f0000U

#define WORD_MAX 0xffffffffU

/* One rule for one number. */
struct match {
	uint32_t number;
	uint32_t order; /* in the profile */
	const struct oci_seccomp_arg *args;
	uint32_t action;
	uint8_t n_args; /* at most one test of each, or it is a rule for each test */
	bool wide;	/* arguments have 64 bits, else 32 */
};

struct matches {
	struct match *items;
	size_t count;
	size_t capacity;
};

/* Numbers from @first to the next span, which all get the same answer. */
struct span {
	uint32_t first;
	uint32_t action;
	const struct match *matches; /* tried in order before @action; NULL: nothing to try */
	size_t n_matches;
};

struct spans {
	struct span *items;
	size_t count;
	size_t capacity;
};

struct label {
	uint32_t action;
	size_t place;
};

/* The program under construction, its last instruction first. */
struct emitter {
	struct arena *arena;
	VEC(struct sock_filter) insns;
	VEC(struct label) returns; /* the nearest return of each action */
};

/* Offsets of conditional jumps have 8 bits; a few are left for what goes between. */
#define REACH 250

static size_t emit(struct emitter *e, int code, uint32_t k)
{
	*VEC_ADD(&e->insns, e->arena) = (struct sock_filter){ .code = (uint16_t)code, .k = k };
	return e->insns.count - 1;
}

/* How many instructions the next one would jump over to come to @place. */
static size_t distance(const struct emitter *e, size_t place)
{
	return e->insns.count - place - 1;
}

static size_t emit_return(struct emitter *e, uint32_t action)
{
	struct label *label = NULL;

	VEC_EACH(it, &e->returns) {
		if (it->action == action)
			label = it;
	}
	if (label && distance(e, label->place) <= REACH)
		return label->place;
	if (!label)
		label = VEC_ADD(&e->returns, e->arena);
	*label = (struct label){ action, emit(e, BPF_RET | BPF_K, action) };
	return label->place;
}

/* A place within reach that does what @place does. */
static size_t bring_near(struct emitter *e, size_t place)
{
	const struct sock_filter *there = &e->insns.items[place];

	if (distance(e, place) <= REACH)
		return place;
	if (there->code == (BPF_RET | BPF_K))
		return emit_return(e, there->k);
	return emit(e, BPF_JMP | BPF_JA, (uint32_t)distance(e, place));
}

/* @jump: BPF_JEQ, BPF_JGE or BPF_JGT, of the loaded word with @k */
static size_t emit_branch(struct emitter *e, int jump, uint32_t k, size_t yes, size_t no)
{
	size_t place;

	yes = bring_near(e, yes);
	no = bring_near(e, no);
	place = emit(e, BPF_JMP | BPF_K | jump, k);
	e->insns.items[place].jt = (uint8_t)(place - yes - 1);
	e->insns.items[place].jf = (uint8_t)(place - no - 1);
	return place;
}

/* Goes before what was emitted last. */
static size_t emit_load(struct emitter *e, size_t offset)
{
	return emit(e, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static size_t emit_load_arg(struct emitter *e, uint32_t index, bool high)
{
	bool second = high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	return emit_load(e, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) +
				    (second ? sizeof(uint32_t) : 0));
}

/* (word & mask) == value */
static size_t emit_masked(struct emitter *e, const struct oci_seccomp_arg *arg, bool high,
			  size_t yes, size_t no)
{
	uint32_t mask = (uint32_t)(high ? arg->value >> 32 : arg->value);
	uint32_t value = (uint32_t)(high ? arg->value_two >> 32 : arg->value_two);

	if (!mask)
		return yes;
	emit_branch(e, BPF_JEQ, value & mask, yes, no);
	if (mask != WORD_MAX)
		emit(e, BPF_ALU | BPF_AND | BPF_K, mask);
	return emit_load_arg(e, arg->index, high);
}

/* A test of one argument, half by half: BPF has 32 bits. Goes to @yes where it holds, else to @no. */
static size_t emit_test(struct emitter *e, const struct oci_seccomp_arg *arg, bool wide, size_t yes,
			size_t no)
{
	static const struct {
		int jump;
		bool inverse;
	} tests[] = {
		[OCI_SECCOMP_NE] = { BPF_JEQ, true },  [OCI_SECCOMP_LT] = { BPF_JGE, true },
		[OCI_SECCOMP_LE] = { BPF_JGT, true },  [OCI_SECCOMP_EQ] = { BPF_JEQ, false },
		[OCI_SECCOMP_GE] = { BPF_JGE, false }, [OCI_SECCOMP_GT] = { BPF_JGT, false },
	};
	uint32_t high = (uint32_t)(arg->value >> 32);
	size_t place;

	if (arg->op == OCI_SECCOMP_MASKED_EQ) {
		place = emit_masked(e, arg, false, yes, no);
		return wide ? emit_masked(e, arg, true, place, no) : place;
	}
	if (tests[arg->op].inverse) {
		place = yes;
		yes = no;
		no = place;
	}
	emit_branch(e, tests[arg->op].jump, (uint32_t)arg->value, yes, no);
	place = emit_load_arg(e, arg->index, false);
	if (!wide)
		return place;
	place = emit_branch(e, BPF_JEQ, high, place, no);
	if (tests[arg->op].jump != BPF_JEQ)
		emit_branch(e, BPF_JGT, high, yes, place);
	return emit_load_arg(e, arg->index, true);
}

static size_t emit_answer(struct emitter *e, const struct span *span)
{
	size_t place = emit_return(e, span->action);

	for (size_t i = span->n_matches; i-- > 0;) {
		const struct match *match = &span->matches[i];
		size_t no = place;

		place = emit_return(e, match->action);
		for (size_t n = match->n_args; n-- > 0;)
			place = emit_test(e, &match->args[n], match->wide, place, no);
	}
	return place;
}

static bool is_same_answer(const struct span *a, const struct span *b)
{
	return !a->n_matches && !b->n_matches && a->action == b->action;
}

/* @spans: at least one, in order of numbers; the number is loaded. */
static size_t emit_tree(struct emitter *e, const struct span *spans, size_t count)
{
	size_t half = count / 2;
	size_t below, from;

	if (count == 1)
		return emit_answer(e, spans);
	/* One number in the midst of others is one comparison, not two. */
	if (count == 3 && is_same_answer(&spans[0], &spans[2]) &&
	    spans[2].first - spans[1].first == 1) {
		below = emit_answer(e, &spans[0]);
		from = emit_answer(e, &spans[1]);
		return emit_branch(e, BPF_JEQ, spans[1].first, from, below);
	}
	from = emit_tree(e, spans + half, count - half);
	below = emit_tree(e, spans, half);
	return emit_branch(e, BPF_JGE, spans[half].first, from, below);
}

/* What the rules say about one architecture. */
struct calls {
	const struct seccomp_arch *arch;
	struct matches matches;
	uint32_t largest; /* number that any rule names; later calls are not known to the profile */
	bool any;	  /* false: no rule names a call of it */
};

static void add_match(struct calls *calls, struct arena *arena, struct match match)
{
	match.order = (uint32_t)calls->matches.count;
	match.wide = calls->arch->wide;
	VEC_PUSH(&calls->matches, arena, match);
}

static bool has_repeated_index(const struct oci_seccomp_rule *rule)
{
	unsigned int seen = 0;

	VEC_EACH(arg, &rule->args) {
		if (seen & (1U << arg->index))
			return true;
		seen |= 1U << arg->index;
	}
	return false;
}

/*
 * Behind socketcall(2) and ipc(2) the first argument says which call it is, and the others are not those
 * of the rule; they are compared all the same, as in libseccomp.
 */
static void set_subcall(struct match *match, int subcall, struct arena *arena)
{
	struct oci_seccomp_arg *args = arena_alloc(arena, (match->n_args + 1) * sizeof(*args));
	uint8_t n = 1;

	args[0] = (struct oci_seccomp_arg){ .op = OCI_SECCOMP_EQ, .value = (uint64_t)subcall };
	for (size_t i = 0; i < match->n_args; i++) {
		if (match->args[i].index)
			args[n++] = match->args[i];
	}
	match->args = args;
	match->n_args = n;
}

static void add_rule(struct calls *calls, const struct oci_seccomp_rule *rule,
		     const struct seccomp_way *way, struct arena *arena)
{
	size_t alternatives = 1, n_args = rule->args.count;

	/* Two tests of one argument: any one of the rule's may hold. So runc and crun read it. */
	if (has_repeated_index(rule)) {
		alternatives = n_args;
		n_args = 1;
	}
	for (size_t i = 0; i < alternatives; i++) {
		struct match match = { .number = way->number,
				       .action = rule->action,
				       .args = rule->args.items + i,
				       .n_args = (uint8_t)n_args };

		if (way->subcall != SECCOMP_NO_SUBCALL)
			set_subcall(&match, way->subcall, arena);
		add_match(calls, arena, match);
	}
}

static void note_call(struct calls *calls, uint32_t number)
{
	if (calls->arch->audit == AUDIT_ARCH_ARM && number >= ARM_PRIVATE)
		return;
	calls->any = true;
	if (number > calls->largest)
		calls->largest = number;
}

static void collect_calls(struct calls *calls, const struct oci_seccomp *profile,
			  struct arena *arena)
{
	VEC_EACH(rule, &profile->rules) {
		VEC_EACH(name, &rule->names) {
			struct seccomp_way ways[SECCOMP_WAYS_MAX];
			int n = seccomp_find_call(calls->arch, *name, ways);

			if (n < 0 && calls->arch->token == seccomp_native_arch())
				log_debug("linux.seccomp: no system call is named `%s`: ignored",
					  *name);
			for (int i = 0; i < n; i++) {
				note_call(calls, ways[i].number);
				/* Else it says nothing: libseccomp refuses it, its callers skip it. */
				if (rule->action != profile->default_action)
					add_rule(calls, rule, &ways[i], arena);
			}
		}
	}
}

/* A call that goes on whatever it is needs no word about being too new. */
static bool is_permissive(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_TRACE;
}

/* What a number that no rule names gets. */
static uint32_t unnamed_action(const struct calls *calls, uint32_t number, uint32_t default_action)
{
	if (calls->any && number > calls->largest && !is_permissive(default_action))
		return SECCOMP_RET_ERRNO | ENOSYS;
	return default_action;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_matches(const void *a_, const void *b_)
{
	const struct match *a = a_, *b = b_;
	int r = compare(a->number, b->number);

	return r ? r : compare(a->order, b->order);
}

static void add_span(struct spans *spans, struct arena *arena, struct span span)
{
	if (spans->count && spans->items[spans->count - 1].first == span.first)
		spans->count--;
	if (!spans->count || !is_same_answer(&spans->items[spans->count - 1], &span))
		VEC_PUSH(spans, arena, span);
}

static void add_action(struct spans *spans, struct arena *arena, uint32_t first, uint32_t action)
{
	add_span(spans, arena, (struct span){ .first = first, .action = action });
}

/* All rules for one number: the first without arguments speaks for it, else each is tried. */
static struct span unite_matches(const struct match *matches, size_t count, uint32_t default_action)
{
	for (size_t i = 0; i < count; i++) {
		if (!matches[i].n_args)
			return (struct span){ matches[i].number, matches[i].action, NULL, 0 };
	}
	return (struct span){ matches->number, default_action, matches, count };
}

/* The answers to the calls of one architecture, whose numbers begin with @first. */
static void add_calls(struct spans *spans, const struct calls *calls, uint32_t first,
		      uint32_t default_action, struct arena *arena)
{
	const struct matches *matches = &calls->matches;
	size_t same;

	add_action(spans, arena, first, unnamed_action(calls, first, default_action));
	for (size_t i = 0; i < matches->count; i += same) {
		const struct match *match = &matches->items[i];
		uint32_t next = match->number + 1;

		for (same = 1; i + same < matches->count && match[same].number == match->number;)
			same++;
		add_span(spans, arena, unite_matches(match, same, default_action));
		add_action(spans, arena, next, unnamed_action(calls, next, default_action));
	}
}

/*
 * One number's answer that the profile does not give: setup(0) of s390 is what unknown numbers become
 * there, and the first number that is too new ends the span before it.
 */
static void add_enosys(struct calls *calls, uint32_t default_action, struct arena *arena)
{
	bool s390 = calls->arch->audit == AUDIT_ARCH_S390 || calls->arch->audit == AUDIT_ARCH_S390X;
	struct match match = { .action = SECCOMP_RET_ERRNO | ENOSYS };

	if (!calls->any || is_permissive(default_action))
		return;
	if (s390)
		add_match(calls, arena, match);
	match.number = calls->largest + 1;
	add_match(calls, arena, match);
}

static void add_arch(struct spans *spans, const struct seccomp_arch *arch,
		     const struct oci_seccomp *profile, struct arena *arena)
{
	struct calls calls = { .arch = arch };

	collect_calls(&calls, profile, arena);
	add_enosys(&calls, profile->default_action, arena);
	if (calls.matches.count)
		qsort(calls.matches.items, calls.matches.count, sizeof(*calls.matches.items),
		      compare_matches);
	add_calls(spans, &calls, arch->token == OCI_SECCOMP_X32 ? X32_BIT : 0,
		  profile->default_action, arena);
}

struct archs {
	struct seccomp_arch *items;
	size_t count;
	size_t capacity;
};

static const struct seccomp_arch *find_arch(const struct archs *archs, uint32_t token)
{
	VEC_EACH(arch, archs) {
		if (arch->token == token)
			return arch;
	}
	return NULL;
}

/* x86_64 and x32 are one architecture for the kernel; of the two a profile may list one only. */
static void add_x86_64(struct spans *spans, const struct archs *archs,
		       const struct oci_seccomp *profile, struct arena *arena)
{
	const struct seccomp_arch *x86_64 = find_arch(archs, AUDIT_ARCH_X86_64);
	const struct seccomp_arch *x32 = find_arch(archs, OCI_SECCOMP_X32);

	if (x86_64)
		add_arch(spans, x86_64, profile, arena);
	else
		add_action(spans, arena, 0, SECCOMP_RET_KILL_THREAD);
	if (x32) {
		add_arch(spans, x32, profile, arena);
		return;
	}
	add_action(spans, arena, X32_BIT, SECCOMP_RET_KILL_THREAD);
	add_action(spans, arena, NO_CALL, profile->default_action);
}

/* The program from where the architecture is known to be @audit. */
static size_t emit_section(struct emitter *e, uint32_t audit, const struct archs *archs,
			   const struct oci_seccomp *profile)
{
	struct spans spans = { 0 };
	size_t place;

	if (audit == AUDIT_ARCH_X86_64)
		add_x86_64(&spans, archs, profile, e->arena);
	else
		add_arch(&spans, find_arch(archs, audit), profile, e->arena);
	place = emit_tree(e, spans.items, spans.count);
	/* A single answer is a return, which needs no number and may stand elsewhere. */
	return spans.count == 1 ? place : emit_load(e, offsetof(struct seccomp_data, nr));
}

/* The native architecture first: it is asked for first. */
static int list_archs(const struct oci_seccomp *profile, struct arena *arena, struct archs *ret,
		      struct err *err)
{
	uint32_t token = seccomp_native_arch();

	for (size_t i = 0; i <= profile->archs.count; i++) {
		int r;

		if (i)
			token = profile->archs.items[i - 1];
		if (find_arch(ret, token))
			continue;
		r = seccomp_arch_find(token, VEC_ADD(ret, arena), err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_first_of_audit(const struct archs *archs, size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (archs->items[before].audit == archs->items[i].audit)
			return false;
	}
	return true;
}

static void emit_program(struct emitter *e, const struct archs *archs,
			 const struct oci_seccomp *profile)
{
	size_t place = emit_return(e, SECCOMP_RET_KILL_THREAD);

	for (size_t i = archs->count; i-- > 0;) {
		uint32_t audit = archs->items[i].audit;

		if (is_first_of_audit(archs, i))
			place = emit_branch(e, BPF_JEQ, audit,
					    emit_section(e, audit, archs, profile), place);
	}
	emit_load(e, offsetof(struct seccomp_data, arch));
}

int seccomp_program_make(const struct oci_seccomp *profile, struct arena *arena,
			 struct seccomp_program *ret, struct err *err)
{
	struct emitter e = { .arena = arena };
	struct archs archs = { 0 };
	size_t count;
	int r;

	r = list_archs(profile, arena, &archs, err);
	if (r < 0)
		return r;
	emit_program(&e, &archs, profile);
	count = e.insns.count;
	if (count > BPF_MAXINSNS)
		return err_set(
			err, E2BIG,
			"linux.seccomp: the profile makes a program of %zu instructions, the "
			"kernel takes at most %d: use fewer tests of arguments",
			count, BPF_MAXINSNS);
	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&ret->insns, arena, e.insns.items[count - 1 - i]);
	ret->flags_optional = !profile->flags_set;
	/* Without it the kernel slows every program of the container down (man 2 seccomp). */
	ret->flags = profile->flags_set ? profile->flags : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	/* For all threads of init: it has one. */
	ret->flags &= ~SECCOMP_FILTER_FLAG_TSYNC;
	log_debug("seccomp filter flags: %u", ret->flags);
	return 0;
}
