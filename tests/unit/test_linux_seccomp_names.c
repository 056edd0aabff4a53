/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the numbers of system calls on each architecture. */
#include "test.h"

#include <errno.h>
#include <linux/audit.h>

#include "seccomp_fixture.h"

#define X32_BIT 0x40000000U

static void check_numbers(const char *name, uint32_t token, struct seccomp_way first,
			  struct seccomp_way second)
{
	struct seccomp_way ways[SECCOMP_WAYS_MAX] = { 0 };
	struct seccomp_arch arch;
	struct err err = { 0 };

	CHECK_INT(seccomp_arch_find(token, &arch, &err), 0);
	CHECK_INT(seccomp_find_call(&arch, name, ways), second.number ? 2 : 1);
	CHECK_INT(ways[0].number, first.number);
	CHECK_INT(ways[0].subcall, first.subcall);
	CHECK_INT(ways[1].number, second.number);
	CHECK_INT(ways[1].subcall, second.subcall);
}

TEST(names_and_numbers)
{
	const struct seccomp_way none = { 0 };

	check_numbers("read", SCMP_ARCH_X86_64, (struct seccomp_way){ 0, -1 }, none);
	check_numbers("read", SCMP_ARCH_X32, (struct seccomp_way){ X32_BIT, -1 }, none);
	check_numbers("socket", SCMP_ARCH_X86, (struct seccomp_way){ 102, 1 },
		      (struct seccomp_way){ 359, -1 });
	check_numbers("socket", SCMP_ARCH_MIPSEL, (struct seccomp_way){ 4102, 1 },
		      (struct seccomp_way){ 4183, -1 });
	check_numbers("accept", SCMP_ARCH_X86, (struct seccomp_way){ 102, 5 }, none);
	check_numbers("shmctl", SCMP_ARCH_X86, (struct seccomp_way){ 117, 24 },
		      (struct seccomp_way){ 396, -1 });
	check_numbers("semtimedop", SCMP_ARCH_X86, (struct seccomp_way){ 117, 4 }, none);
	check_numbers("semtimedop", SCMP_ARCH_PPC64LE, (struct seccomp_way){ 117, 4 },
		      (struct seccomp_way){ 392, -1 });
	check_numbers("mseal", SCMP_ARCH_AARCH64, (struct seccomp_way){ 462, -1 }, none);
	check_numbers("file_setattr", SCMP_ARCH_X32, (struct seccomp_way){ X32_BIT | 469, -1 },
		      none);
	check_numbers("statmount", SCMP_ARCH_MIPSEL64N32, (struct seccomp_way){ 6457, -1 }, none);
	check_numbers("uretprobe", SCMP_ARCH_X86_64, (struct seccomp_way){ 335, -1 }, none);
}

TEST(names_that_an_architecture_lacks)
{
	struct seccomp_way ways[SECCOMP_WAYS_MAX];
	struct seccomp_arch arch;
	struct err err = { 0 };

	CHECK_INT(seccomp_arch_find(SCMP_ARCH_AARCH64, &arch, &err), 0);
	CHECK_INT(seccomp_find_call(&arch, "open", ways), 0);
	CHECK_INT(seccomp_find_call(&arch, "socketcall", ways), 0);
	CHECK_INT(seccomp_find_call(&arch, "uretprobe", ways), 0);
	CHECK_INT(seccomp_find_call(&arch, "nosuchcall", ways), -ENOENT);
	CHECK_INT(seccomp_arch_find(AUDIT_ARCH_CRIS, &arch, &err), -EINVAL);
}

/* libseccomp's own table has the direct numbers too. */
TEST(direct_numbers_of_multiplexed_calls)
{
	static const uint32_t multiplexing[] = { SCMP_ARCH_X86,	 SCMP_ARCH_S390,  SCMP_ARCH_S390X,
						 SCMP_ARCH_PPC,	 SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE,
						 SCMP_ARCH_MIPS, SCMP_ARCH_MIPSEL };
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(multiplexing); i++) {
		for (int pseudo = -224; pseudo <= -100; pseudo++) {
			char *name = seccomp_syscall_resolve_num_arch(multiplexing[i], pseudo);
			struct seccomp_way ways[SECCOMP_WAYS_MAX];
			struct seccomp_arch arch = { .token = multiplexing[i],
						     .wide = multiplexing[i] & __AUDIT_ARCH_64BIT };
			char *direct;

			if (name && seccomp_find_call(&arch, name, ways) == 2) {
				direct = seccomp_syscall_resolve_num_arch(arch.token,
									  (int)ways[1].number);
				CHECK_STR(direct, name);
				free(direct);
				found++;
			}
			free(name);
		}
	}
	CHECK(found > 200);
}

TEST_MAIN()
