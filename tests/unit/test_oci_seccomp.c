/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of linux.seccomp: what is read into the model, what is refused where. */
#include "test.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include "oci/config_io.h"

struct result {
	struct arena arena;
	const struct oci_seccomp *seccomp;
	struct err err;
	int r;
};

#define SECCOMP(members)                                                                           \
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":{" members "}" \
	"}"                                                                                        \
	"}"
#define RULES(rules) SECCOMP("\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" rules "]")
#define RULE(rest)                                                    \
	RULES("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}," \
	      "{\"names\":[\"socket\",\"bind\"]" rest "}")
#define ARG(arg) RULE(",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{" arg "}]")

static struct result parse(const char *text)
{
	struct result result = { 0 };
	struct oci_notes notes = { 0 };
	struct oci_config *config = NULL;

	result.r = oci_config_parse(text, strlen(text), "/bundle", &result.arena, &notes, &config,
				    &result.err);
	result.seccomp = config ? &config->linux.seccomp : NULL;
	return result;
}

static void check_refused(const char *text, const char *words)
{
	struct result result = parse(text);

	arena_done(&result.arena);
	CHECK_INT(result.r, -EINVAL);
	CHECK_STR(result.err.text, words);
}

TEST(the_whole_of_it)
{
	struct result result = parse(SECCOMP(
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"],"
		"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"],"
		"\"syscalls\":[{\"names\":[\"socket\",\"bind\"],\"action\":\"SCMP_ACT_TRACE\","
		"\"args\":[{\"index\":5,\"value\":18446744073709551615,\"valueTwo\":7,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]"));
	const struct oci_seccomp *seccomp = result.seccomp;
	const struct oci_seccomp_rule *rule;

	CHECK_STR(result.err.text, "");
	CHECK(seccomp->set);
	CHECK_INT(seccomp->default_action, SECCOMP_RET_ERRNO | 38);
	CHECK_INT(seccomp->archs.count, 2);
	CHECK_INT(seccomp->archs.items[0], AUDIT_ARCH_X86_64);
	CHECK_INT(seccomp->archs.items[1], OCI_SECCOMP_X32);
	CHECK(seccomp->flags_set);
	CHECK_INT(seccomp->flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC);
	CHECK_INT(seccomp->rules.count, 2);
	rule = &seccomp->rules.items[0];
	CHECK_STR(rule->names.items[1], "bind");
	CHECK_INT(rule->action, SECCOMP_RET_TRACE | EPERM);
	CHECK_INT(rule->args.count, 1);
	CHECK_INT(rule->args.items[0].index, 5);
	CHECK(rule->args.items[0].value == UINT64_MAX);
	CHECK_INT(rule->args.items[0].value_two, 7);
	CHECK_INT(rule->args.items[0].op, OCI_SECCOMP_MASKED_EQ);
	CHECK_INT(seccomp->rules.items[1].action, SECCOMP_RET_KILL_PROCESS);
	arena_done(&result.arena);
}

TEST(what_is_absent)
{
	static const char *const none[] = {
		SECCOMP(""),
		SECCOMP("\"defaultAction\":\"\",\"syscalls\":null"),
		SECCOMP("\"listenerPath\":\"\""),
	};
	struct result result;

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		result = parse(none[i]);
		CHECK_STR(result.err.text, "");
		CHECK(!result.seccomp->set);
		arena_done(&result.arena);
	}
	result = parse(SECCOMP("\"defaultAction\":\"SCMP_ACT_KILL\""));
	CHECK(result.seccomp->set);
	CHECK_INT(result.seccomp->default_action, SECCOMP_RET_KILL_THREAD);
	CHECK(!result.seccomp->flags_set);
	arena_done(&result.arena);
	result = parse(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]"));
	CHECK(result.seccomp->flags_set);
	CHECK_INT(result.seccomp->flags, 0);
	arena_done(&result.arena);
}

#define ACTIONS                                                                       \
	"SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, " \
	"SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY"

TEST(words_that_are_unknown)
{
	check_refused(SECCOMP("\"defaultAction\":\"ALLOW\""),
		      "config.json:1: linux.seccomp.defaultAction: unknown seccomp action `ALLOW` "
		      "(one of " ACTIONS ")");
	check_refused(RULE(",\"action\":\"SCMP_ACT_NO\""),
		      "config.json:1: linux.seccomp.syscalls[1].action: unknown seccomp action "
		      "`SCMP_ACT_NO` (one of " ACTIONS ")");
	check_refused(ARG("\"index\":0,\"value\":0,\"op\":\"EQ\""),
		      "config.json:1: linux.seccomp.syscalls[1].args[0].op: unknown operator `EQ` "
		      "(one of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, "
		      "SCMP_CMP_GT, SCMP_CMP_MASKED_EQ)");
	check_refused(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"LOG\"]"),
		      "config.json:1: linux.seccomp.flags[0]: unknown seccomp flag `LOG` (one of "
		      "SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, "
		      "SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)");
}

TEST(an_unknown_architecture)
{
	struct result result = parse(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\","
					     "\"architectures\":[\"SCMP_ARCH_X86\",\"amd64\"]"));

	CHECK_HAS(result.err.text, "config.json:1: linux.seccomp.architectures[1]: unknown "
				   "architecture `amd64` (one of SCMP_ARCH_X86, ");
	arena_done(&result.arena);
}

TEST(what_is_not_supported_yet)
{
	check_refused(
		RULE(",\"action\":\"SCMP_ACT_NOTIFY\""),
		"config.json:1: linux.seccomp.syscalls[1].action: SCMP_ACT_NOTIFY: not supported "
		"by this version of nvcrun");
	check_refused(
		SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
			"\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]"),
		"config.json:1: linux.seccomp.flags[0]: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: "
		"not supported by this version of nvcrun");
	check_refused(SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/l\""),
		      "config.json:1: linux.seccomp.listenerPath: not supported by this version of "
		      "nvcrun");
}

TEST(an_error_number_without_an_error)
{
	check_refused(
		RULE(",\"action\":\"SCMP_ACT_ALLOW\",\"errnoRet\":1"),
		"config.json:1: linux.seccomp.syscalls[1].errnoRet: SCMP_ACT_ALLOW has no error "
		"number");
	check_refused(
		SECCOMP("\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"defaultErrnoRet\":1"),
		"config.json:1: linux.seccomp.defaultErrnoRet: SCMP_ACT_KILL_PROCESS has no error "
		"number");
	check_refused(
		RULE(",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":65536"),
		"config.json:1: linux.seccomp.syscalls[1].errnoRet: `65536` is out of range (0 to "
		"65535)");
}

TEST(what_a_rule_needs)
{
	check_refused(RULES("{\"names\":[],\"action\":\"SCMP_ACT_ALLOW\"}"),
		      "config.json:1: linux.seccomp.syscalls[0]: names: at least one is needed");
	check_refused(RULES("{\"action\":\"SCMP_ACT_ALLOW\"}"),
		      "config.json:1: linux.seccomp.syscalls[0].names: required, but missing");
	check_refused(RULE(""),
		      "config.json:1: linux.seccomp.syscalls[1].action: required, but missing");
	check_refused(
		SECCOMP("\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]"),
		"config.json:1: linux.seccomp: defaultAction: required, but missing");
	check_refused(
		ARG("\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\""),
		"config.json:1: linux.seccomp.syscalls[1].args[0].index: `6` is out of range (0 "
		"to 5)");
	check_refused(
		ARG("\"value\":0,\"op\":\"SCMP_CMP_EQ\""),
		"config.json:1: linux.seccomp.syscalls[1].args[0].index: required, but missing");
	check_refused(
		ARG("\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\""),
		"config.json:1: linux.seccomp.syscalls[1].args[0].value: `-1` is out of range (0 "
		"to 18446744073709551615)");
}

TEST_MAIN()
