/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the tables of words, and of signals as users write them. */
#include "oci/enums.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "oci/config.h"
#include "test.h"

static const struct words *const tables[] = {
	&oci_namespace_words,	 &oci_rlimit_words,	  &oci_capability_words,
	&oci_propagation_words,	 &oci_signal_words,	  &oci_seccomp_action_words,
	&oci_seccomp_arch_words, &oci_seccomp_flag_words, &oci_seccomp_op_words,
};

static int64_t find(const struct words *words, const char *name)
{
	int64_t value = -1;

	(void)names_find(words->items, words->count, name, &value);
	return value;
}

TEST(no_name_is_in_a_table_twice)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < tables[t]->count; i++) {
			for (size_t j = 0; j < i; j++)
				CHECK(strcmp(tables[t]->items[i].name, tables[t]->items[j].name));
		}
	}
}

TEST(every_table_says_what_it_holds)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		CHECK(tables[t]->count > 0);
		CHECK(tables[t]->what && *tables[t]->what);
	}
}

TEST(every_namespace_type_has_a_name)
{
	CHECK_INT(oci_namespace_words.count, OCI_NS_COUNT);
	for (int type = 0; type < OCI_NS_COUNT; type++)
		CHECK(names_of(oci_namespace_words.items, oci_namespace_words.count, type));
}

TEST(every_rlimit_of_the_kernel_has_a_name)
{
	CHECK_INT(oci_rlimit_words.count, RLIM_NLIMITS);
	for (int type = 0; type < RLIM_NLIMITS; type++)
		CHECK(names_of(oci_rlimit_words.items, oci_rlimit_words.count, type));
	CHECK_INT(find(&oci_rlimit_words, "RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_INT(find(&oci_rlimit_words, "NOFILE"), -1);
}

TEST(capabilities_are_in_the_order_of_their_numbers)
{
	CHECK_INT(oci_capability_words.count, 41);
	for (size_t i = 0; i < oci_capability_words.count; i++)
		CHECK_INT(oci_capability_words.items[i].value, i);
	CHECK_INT(find(&oci_capability_words, "CAP_CHECKPOINT_RESTORE"), 40);
	CHECK_INT(find(&oci_capability_words, "CAP_SYS_ADMIN"), 21);
	CHECK_INT(find(&oci_capability_words, "cap_chown"), -1);
}

TEST(propagations_know_their_recursive_forms)
{
	CHECK_INT(find(&oci_propagation_words, "slave"), MS_SLAVE);
	CHECK_INT(find(&oci_propagation_words, "rslave"), MS_SLAVE | MS_REC);
	CHECK_INT(find(&oci_propagation_words, "runbindable"), MS_UNBINDABLE | MS_REC);
	for (size_t i = 0; i < oci_propagation_words.count; i++) {
		const struct name_value *word = &oci_propagation_words.items[i];

		CHECK_INT(!!(word->value & MS_REC), word->name[0] == 'r');
	}
}

TEST(every_standard_signal_is_understood_in_every_spelling)
{
	for (int number = 1; number < 32; number++)
		CHECK(names_of(oci_signal_words.items, oci_signal_words.count, number));
	for (size_t i = 0; i < oci_signal_words.count; i++) {
		const struct name_value *word = &oci_signal_words.items[i];
		char text[32], lower[32];

		CHECK_INT(oci_signal_parse(word->name), word->value);
		snprintf(text, sizeof(text), "SIG%s", word->name);
		CHECK_INT(oci_signal_parse(text), word->value);
		for (size_t c = 0; c <= strlen(text); c++)
			lower[c] = (char)tolower((unsigned char)text[c]);
		CHECK_INT(oci_signal_parse(lower), word->value);
		CHECK_INT(oci_signal_parse(lower + 3), word->value);
		snprintf(text, sizeof(text), "%d", (int)word->value);
		CHECK_INT(oci_signal_parse(text), word->value);
	}
}

TEST(the_usual_name_of_a_signal_comes_first)
{
	CHECK_STR(names_of(oci_signal_words.items, oci_signal_words.count, SIGABRT), "ABRT");
	CHECK_STR(names_of(oci_signal_words.items, oci_signal_words.count, SIGCHLD), "CHLD");
	CHECK_STR(names_of(oci_signal_words.items, oci_signal_words.count, SIGIO), "IO");
	CHECK_STR(names_of(oci_signal_words.items, oci_signal_words.count, SIGSYS), "SYS");
}

TEST(real_time_signals_count_from_34_and_from_64)
{
	CHECK_INT(oci_signal_parse("RTMIN"), 34);
	CHECK_INT(oci_signal_parse("SIGRTMIN+3"), 37);
	CHECK_INT(oci_signal_parse("rtmin+30"), 64);
	CHECK_INT(oci_signal_parse("RTMAX"), 64);
	CHECK_INT(oci_signal_parse("SIGRTMAX-14"), 50);
	CHECK_INT(oci_signal_parse("RTMAX-30"), 34);
}

TEST(what_is_no_signal_is_refused)
{
	static const char *const wrong[] = {
		"",
		"SIG",
		"NOSUCH",
		"-9",
		"+9",
		"65",
		"9 ",
		" 9",
		"KILL ",
		"SIGSIGKILL",
		"RTMIN+31",
		"RTMIN-1",
		"RTMAX+1",
		"RTMAX-31",
		"RTMIN+",
		"RTMINX",
		"RTMIN+-1",
		"0x9",
		"99999999999999999999",
		"SIGRTMIN+30000000000000000000",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (oci_signal_parse(wrong[i]) != -EINVAL)
			FAIL("`%s` is taken for %d", wrong[i], oci_signal_parse(wrong[i]));
	}
	CHECK_INT(oci_signal_parse("0"), 0);
	CHECK_INT(oci_signal_parse("64"), 64);
}

TEST_MAIN()
