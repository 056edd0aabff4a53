/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: both spellings of names, and that only what a container has of its own is allowed. */
#include "config_fixture.h"

#include <errno.h>

#define SYSCTLS(sysctls, namespaces) \
	LINUX("\"sysctl\":{" sysctls "},\"namespaces\":[" namespaces "]")
#define ALL "{\"type\":\"ipc\"},{\"type\":\"network\"},{\"type\":\"uts\"}"

TEST(names_become_paths)
{
	static const struct {
		const char *name, *path;
	} names[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward" },
		{ "net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding" },
		{ "kernel.msgmax", "kernel/msgmax" },
		{ "kernel.domainname", "kernel/domainname" },
		{ "fs.mqueue.msg_max", "fs/mqueue/msg_max" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct arena arena = { 0 };
		struct result result =
			parse(arena_printf(&arena, SYSCTLS("\"%s\":\"1 2\"", ALL), names[i].name));

		CHECK_STR(result.err.text, "");
		CHECK_INT(result.config->linux.sysctls.count, 1);
		CHECK_STR(result.config->linux.sysctls.items[0].name, names[i].name);
		CHECK_STR(result.config->linux.sysctls.items[0].path, names[i].path);
		CHECK_STR(result.config->linux.sysctls.items[0].value, "1 2");
		arena_done(&result.arena);
		arena_done(&arena);
	}
}

TEST(names_that_leave_their_place_are_refused)
{
	static const char *const names[] = {
		"",
		"net",
		"net.",
		"net/",
		".net.a",
		"/net/a",
		"net..a",
		"net//a",
		"net/../kernel/a",
		"net.//.kernel.a",
		"net/./a",
		"net./.a",
		"../kernel/a",
		"..",
		"net/..",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct arena arena = { 0 };
		struct result result =
			parse(arena_printf(&arena, SYSCTLS("\"%s\":\"1\"", ALL), names[i]));

		CHECK_INT(result.r, -EINVAL);
		CHECK_STR(result.err.text,
			  arena_printf(&arena,
				       "config.json:1: linux.sysctl: `%s` is no name such as "
				       "net.ipv4.ip_forward",
				       names[i]));
		arena_done(&result.arena);
		arena_done(&arena);
	}
}

TEST(only_what_is_separate_is_allowed)
{
	static const struct {
		const char *name, *namespaces, *words; /* NULL: allowed */
	} cases[] = {
		{ "kernel.shm_rmid_forced", "{\"type\":\"ipc\"}", NULL },
		{ "kernel.shm_rmid_forced", "{\"type\":\"network\"}",
		  "is not allowed in the hosts ipc namespace" },
		{ "fs.mqueue.queues_max", "{\"type\":\"ipc\"}", NULL },
		{ "fs.mqueue.queues_max", "", "is not allowed in the hosts ipc namespace" },
		{ "fs.mqueues", "{\"type\":\"ipc\"}", "is not in a separate kernel namespace" },
		{ "net.core.somaxconn", "{\"type\":\"network\",\"path\":\"/run/netns/x\"}", NULL },
		{ "net.core.somaxconn", "{\"type\":\"ipc\"}",
		  "not allowed in host network namespace" },
		{ "kernel.domainname", "{\"type\":\"uts\"}", NULL },
		{ "kernel.domainname", "", "is not in a separate kernel namespace" },
		{ "kernel.hostname", "{\"type\":\"uts\"}",
		  "is not allowed as it conflicts with the OCI \"hostname\" field" },
		{ "kernel.hostname", "", "is not in a separate kernel namespace" },
		{ "kernel.core_pattern", ALL, "is not in a separate kernel namespace" },
		{ "kernel.sem2", ALL, "is not in a separate kernel namespace" },
		{ "vm.overcommit_memory", ALL, "is not in a separate kernel namespace" },
		{ "user.max_pid_namespaces", ALL, "is not in a separate kernel namespace" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena = { 0 };
		struct result result = parse(arena_printf(&arena, SYSCTLS("\"%s\":\"1\"", "%s"),
							  cases[i].name, cases[i].namespaces));
		const char *words = "";

		if (cases[i].words)
			words = arena_printf(&arena, "config.json: linux.sysctl: sysctl \"%s\" %s",
					     cases[i].name, cases[i].words);
		CHECK_STR(result.err.text, words);
		arena_done(&result.arena);
		arena_done(&arena);
	}
}

TEST(values_are_texts)
{
	struct result number = parse(SYSCTLS("\"net.a\":1", ALL));
	struct result list = parse(
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"linux\":{\"sysctl\":[]}}");

	CHECK_STR(number.err.text,
		  "config.json:1: linux.sysctl: `net.a`: expected a string, got a number");
	CHECK_STR(list.err.text, "config.json:1: linux.sysctl: expected an object, got an array");
	arena_done(&number.arena);
	arena_done(&list.arena);
}

TEST_MAIN()
