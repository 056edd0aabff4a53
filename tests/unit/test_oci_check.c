/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the rules of config.json: each broken once, with its words, and kept just so. */
#include "test.h"

#include <errno.h>

#include "oci/config_io.h"

#define WITH(version, rest) \
	"{\"ociVersion\":\"" version "\",\"root\":{\"path\":\"rootfs\"}" rest "}"
#define PROCESS(rest) WITH("1.0.2", ",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]" rest "}")
#define LINUX(rest)   WITH("1.0.2", ",\"linux\":{" rest "}")
#define UTS	      ",\"linux\":{\"namespaces\":[{\"type\":\"uts\"}]}"
#define CHARS_16      "0123456789abcdef"
#define CHARS_64      CHARS_16 CHARS_16 CHARS_16 CHARS_16

static const struct {
	const char *text;
	const char *words; /* NULL: this is right */
} cases[] = {
	{ WITH("1.0.0", ""), NULL },
	{ WITH("1.0.0-rc5", ""), NULL },
	{ WITH("1.3.0+dev", ""), NULL },
	{ WITH("1.99.0", ""), NULL },
	{ WITH("2.0.0", ""), "config.json: ociVersion: `2.0.0` is not supported, only major 1 is" },
	{ WITH("10.0.0", ""),
	  "config.json: ociVersion: `10.0.0` is not supported, only major 1 is" },
	{ WITH("0.9.0", ""), "config.json: ociVersion: `0.9.0` is not supported, only major 1 is" },
	{ WITH("1.0", ""), "config.json: ociVersion: `1.0` is no version such as 1.0.2" },
	{ WITH("1.0.2.3", ""), "config.json: ociVersion: `1.0.2.3` is no version such as 1.0.2" },
	{ WITH("1.0.x", ""), "config.json: ociVersion: `1.0.x` is no version such as 1.0.2" },
	{ WITH("", ""), "config.json: ociVersion: `` is no version such as 1.0.2" },

	{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "config.json: root.path: empty" },

	{ WITH("1.0.0", ",\"mounts\":[{\"destination\":\"/x\"},{\"destination\":\"\"}]"),
	  "config.json: mounts[1].destination: empty" },

	{ WITH("1.0.0", ",\"process\":{\"cwd\":\"/\"}"),
	  "config.json: process.args: empty, but the name of a program is required" },
	{ WITH("1.0.0", ",\"process\":{\"cwd\":\"/\",\"args\":[]}"),
	  "config.json: process.args: empty, but the name of a program is required" },
	{ WITH("1.0.0", ",\"process\":{\"cwd\":\"tmp\",\"args\":[\"sh\"]}"),
	  "config.json: process.cwd: `tmp` is not an absolute path" },
	{ WITH("1.0.0", ",\"process\":{\"cwd\":\"\",\"args\":[\"sh\"]}"),
	  "config.json: process.cwd: `` is not an absolute path" },

	{ PROCESS(",\"env\":[\"A=\",\"A==\"]"), NULL },
	{ PROCESS(",\"env\":[\"A=1\",\"NAME\"]"),
	  "config.json: process.env[1]: `NAME` is not NAME=value" },
	{ PROCESS(",\"env\":[\"=1\"]"), "config.json: process.env[0]: `=1` is not NAME=value" },
	{ PROCESS(",\"env\":[\"\"]"), "config.json: process.env[0]: `` is not NAME=value" },

	{ PROCESS(",\"user\":{\"uid\":4294967294,\"gid\":4294967294,"
		  "\"additionalGids\":[4294967294]}"),
	  NULL },
	{ PROCESS(",\"user\":{\"uid\":4294967295}"),
	  "config.json: process.user.uid: 4294967295 is not an id" },
	{ PROCESS(",\"user\":{\"gid\":4294967295}"),
	  "config.json: process.user.gid: 4294967295 is not an id" },
	{ PROCESS(",\"user\":{\"additionalGids\":[4294967295,1]}"),
	  "config.json: process.user.additionalGids: 4294967295 is not an id" },
	{ PROCESS(",\"user\":{\"umask\":511}"), NULL },
	{ PROCESS(",\"user\":{\"umask\":512}"),
	  "config.json: process.user.umask: 512 is out of range (0 to 511)" },

	{ PROCESS(",\"terminal\":true,\"consoleSize\":{\"height\":65535,\"width\":0}"), NULL },
	{ PROCESS(",\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}"),
	  "config.json: process.consoleSize: 65536 by 1 is out of range (0 to 65535)" },
	{ PROCESS(",\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}"),
	  "config.json: process.consoleSize: 1 by 65536 is out of range (0 to 65535)" },
	/* Without a terminal it is ignored. */
	{ PROCESS(",\"consoleSize\":{\"height\":65536,\"width\":1}"), NULL },

	{ PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_AS\",\"soft\":0,\"hard\":18446744073709551615}]"),
	  NULL },
	{ PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_AS\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"),
	  "config.json: process.rlimits[2].type: duplicate `RLIMIT_CPU`" },
	{ PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
	  "config.json: process.rlimits[0]: RLIMIT_CPU: soft limit 2 is above hard limit 1" },

	{ WITH("1.0.0", ",\"hostname\":\"" CHARS_64 "\",\"domainname\":\"d\"" UTS), NULL },
	{ WITH("1.0.0", ",\"hostname\":\"h\""),
	  "config.json: linux.namespaces: hostname needs a new uts namespace: unable to set "
	  "hostname without a private UTS namespace" },
	{ WITH("1.0.0", ",\"domainname\":\"d\""),
	  "config.json: linux.namespaces: domainname needs a new uts namespace: unable to set "
	  "domainname without a private UTS namespace" },
	{ WITH("1.0.0", ",\"hostname\":\"" CHARS_64 "x\"" UTS),
	  "config.json: hostname: `" CHARS_64 "x` is longer than 64 characters" },

	{ LINUX("\"maskedPaths\":[\"/a\"],\"readonlyPaths\":[\"/b\"],"
		"\"namespaces\":[{\"type\":\"mount\"}]"),
	  NULL },
	{ LINUX("\"maskedPaths\":[],\"readonlyPaths\":[]"), NULL },
	{ LINUX("\"maskedPaths\":[\"/a\",\"b\"],\"namespaces\":[{\"type\":\"mount\"}]"),
	  "config.json: linux.maskedPaths[1]: `b` is not an absolute path" },
	{ LINUX("\"readonlyPaths\":[\"\"],\"namespaces\":[{\"type\":\"mount\"}]"),
	  "config.json: linux.readonlyPaths[0]: `` is not an absolute path" },
	{ LINUX("\"maskedPaths\":[\"/a\"]"),
	  "config.json: linux.namespaces: maskedPaths needs a new mount namespace: unable to "
	  "restrict sys entries without a private MNT namespace" },
	{ LINUX("\"readonlyPaths\":[\"/a\"]"),
	  "config.json: linux.namespaces: readonlyPaths needs a new mount namespace: unable to "
	  "restrict sys entries without a private MNT namespace" },

	{ LINUX("\"devices\":[{\"type\":\"p\",\"path\":\"dev/x\"}]"),
	  "config.json: linux.devices[0].path: `dev/x` is not an absolute path" },

	{ LINUX("\"resources\":{\"memory\":{\"limit\":2,\"swap\":2}}"), NULL },
	{ LINUX("\"resources\":{\"memory\":{\"limit\":2,\"swap\":-1}}"), NULL },
	{ LINUX("\"resources\":{\"memory\":{\"limit\":-1,\"swap\":5}}"), NULL },
	{ LINUX("\"resources\":{\"memory\":{\"limit\":2,\"swap\":1}}"),
	  "config.json: linux.resources.memory.swap: 1 (memory and swap) is below memory.limit, "
	  "2" },
};

TEST(every_rule_is_kept)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena arena = { 0 };
		struct oci_config *config = NULL;
		struct err err = { 0 };
		int r = oci_config_parse(cases[i].text, strlen(cases[i].text), "/b", &arena, NULL,
					 &config, &err);

		arena_done(&arena);
		CHECK_STR(err.text, cases[i].words ? cases[i].words : "");
		CHECK_INT(r, cases[i].words ? -EINVAL : 0);
		CHECK_INT(config != NULL, cases[i].words == NULL);
	}
}

TEST(the_words_may_be_unwanted)
{
	static const char text[] = WITH("2.0.0", "");
	struct arena arena = { 0 };
	struct oci_config *config = NULL;

	CHECK_INT(oci_config_parse(text, strlen(text), "/b", &arena, NULL, &config, NULL), -EINVAL);
	CHECK(!config);
	arena_done(&arena);
}

TEST_MAIN()
