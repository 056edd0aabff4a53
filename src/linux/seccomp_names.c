/* SPDX-License-Identifier: Apache-2.0 */
/* Names of system calls -> numbers: libseccomp's tables, and what is newer than they are. */
#include "linux/seccomp_names.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

#include "base/str.h"
#include "oci/enums.h"
#include "oci/seccomp.h"

_Static_assert(SCMP_ARCH_X86_64 == AUDIT_ARCH_X86_64 && SCMP_ARCH_X32 == OCI_SECCOMP_X32,
	       "libseccomp's names of architectures are those of the model");

/* libseccomp's numbers of calls that an architecture has behind socketcall(2) or ipc(2), negated. */
#define SOCKETCALL_FIRST 100
#define IPC_FIRST	 200

/*
 * The numbers of their own that the same calls got later, by subcall (linux/net.h, linux/ipc.h); 0: none.
 * libseccomp knows them, but adds them only to programs of its own. Linux, arch: the syscall tables.
 */
static const uint16_t socketcalls[][4] = {
	/* x86, s390, ppc, mips */
	[1] = { 359, 359, 326, 183 },  /* socket */
	[2] = { 361, 361, 327, 169 },  /* bind */
	[3] = { 362, 362, 328, 170 },  /* connect */
	[4] = { 363, 363, 329, 174 },  /* listen */
	[5] = { 0, 0, 330, 168 },      /* accept */
	[6] = { 367, 367, 331, 172 },  /* getsockname */
	[7] = { 368, 368, 332, 171 },  /* getpeername */
	[8] = { 360, 360, 333, 184 },  /* socketpair */
	[9] = { 0, 0, 334, 178 },      /* send */
	[10] = { 0, 0, 336, 175 },     /* recv */
	[11] = { 369, 369, 335, 180 }, /* sendto */
	[12] = { 371, 371, 337, 176 }, /* recvfrom */
	[13] = { 373, 373, 338, 182 }, /* shutdown */
	[14] = { 366, 366, 339, 181 }, /* setsockopt */
	[15] = { 365, 365, 340, 173 }, /* getsockopt */
	[16] = { 370, 370, 341, 179 }, /* sendmsg */
	[17] = { 372, 372, 342, 177 }, /* recvmsg */
	[18] = { 364, 364, 344, 334 }, /* accept4 */
	[19] = { 337, 357, 343, 335 }, /* recvmmsg */
	[20] = { 345, 358, 349, 343 }, /* sendmmsg */
};
/* Of 64 bits only; others have the call with 64 bits of time, which has a name of its own. */
#define SEMTIMEDOP 4
static const uint16_t ipc_calls[] = {
	[2] = 393,			/* semget */
	[3] = 394,			/* semctl */
	[SEMTIMEDOP] = 392, [11] = 400, /* msgsnd */
	[12] = 401,			/* msgrcv */
	[13] = 399,			/* msgget */
	[14] = 402,			/* msgctl */
	[21] = 397,			/* shmat */
	[22] = 398,			/* shmdt */
	[23] = 395,			/* shmget */
	[24] = 396,			/* shmctl */
};

static const struct {
	uint32_t token;
	unsigned int column; /* of socketcalls */
	uint32_t first;	     /* added to both tables */
} multiplexing[] = {
	{ SCMP_ARCH_X86, 0, 0 },     { SCMP_ARCH_S390, 1, 0 },	    { SCMP_ARCH_S390X, 1, 0 },
	{ SCMP_ARCH_PPC, 2, 0 },     { SCMP_ARCH_PPC64, 2, 0 },	    { SCMP_ARCH_PPC64LE, 2, 0 },
	{ SCMP_ARCH_MIPS, 3, 4000 }, { SCMP_ARCH_MIPSEL, 3, 4000 },
};

/*
 * What libseccomp 2.5.4 does not know, up to Linux 7.0. From 424 on calls have the same number on all
 * architectures that libseccomp has, above the first number of the architecture.
 */
#define UNIFIED_NAME   "pidfd_send_signal"
#define UNIFIED_NUMBER 424

static const struct {
	const char *name;
	uint16_t number;
	uint32_t only; /* the one architecture that has it (x32 goes with x86_64); 0: all */
} newer[] = {
	{ "uretprobe", 335, SCMP_ARCH_X86_64 },
	{ "uprobe", 336, SCMP_ARCH_X86_64 },
	{ "riscv_hwprobe", 258, SCMP_ARCH_RISCV64 },
	{ "cachestat", 451, 0 },
	{ "fchmodat2", 452, 0 },
	{ "map_shadow_stack", 453, 0 },
	{ "futex_wake", 454, 0 },
	{ "futex_wait", 455, 0 },
	{ "futex_requeue", 456, 0 },
	{ "statmount", 457, 0 },
	{ "listmount", 458, 0 },
	{ "lsm_get_self_attr", 459, 0 },
	{ "lsm_set_self_attr", 460, 0 },
	{ "lsm_list_modules", 461, 0 },
	{ "mseal", 462, 0 },
	{ "setxattrat", 463, 0 },
	{ "getxattrat", 464, 0 },
	{ "listxattrat", 465, 0 },
	{ "removexattrat", 466, 0 },
	{ "open_tree_attr", 467, 0 },
	{ "file_getattr", 468, 0 },
	{ "file_setattr", 469, 0 },
	{ "listns", 470, 0 },
	{ "rseq_slice_yield", 471, 0 },
};

uint32_t seccomp_native_arch(void)
{
	return seccomp_arch_native();
}

int seccomp_arch_find(uint32_t token, struct seccomp_arch *ret, struct err *err)
{
	const struct scmp_version *version = seccomp_version();

	if (seccomp_syscall_resolve_name_arch(token, UNIFIED_NAME) < 0)
		return err_set(
			err, EINVAL,
			"linux.seccomp.architectures: %s is not known to libseccomp %u.%u.%u",
			names_of(oci_seccomp_arch_words.items, oci_seccomp_arch_words.count, token),
			version->major, version->minor, version->micro);
	*ret = (struct seccomp_arch){
		.token = token,
		.audit = token == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : token,
		/* As libseccomp has it: MIPS n32 and x32 are 32 bits wide. */
		.wide = (token & __AUDIT_ARCH_64BIT) && token != SCMP_ARCH_MIPS64N32 &&
			token != SCMP_ARCH_MIPSEL64N32,
	};
	return 0;
}

static int find_newer(const struct seccomp_arch *arch, const char *name, struct seccomp_way *ret)
{
	int base = seccomp_syscall_resolve_name_arch(arch->token, UNIFIED_NAME) - UNIFIED_NUMBER;

	for (size_t i = 0; i < ARRAY_SIZE(newer); i++) {
		if (!str_eq(newer[i].name, name))
			continue;
		if (newer[i].only && newer[i].only != arch->audit)
			return 0;
		*ret = (struct seccomp_way){ (uint32_t)(base + newer[i].number),
					     SECCOMP_NO_SUBCALL };
		return 1;
	}
	return -ENOENT;
}

/* The direct number of the call behind socketcall(2) or ipc(2); 0: none. */
static uint32_t find_direct(const struct seccomp_arch *arch, bool is_ipc, size_t subcall)
{
	for (size_t i = 0; i < ARRAY_SIZE(multiplexing); i++) {
		uint32_t number = 0;

		if (multiplexing[i].token != arch->token)
			continue;
		if (is_ipc && subcall < ARRAY_SIZE(ipc_calls) &&
		    (arch->wide || subcall != SEMTIMEDOP))
			number = ipc_calls[subcall];
		if (!is_ipc && subcall < ARRAY_SIZE(socketcalls))
			number = socketcalls[subcall][multiplexing[i].column];
		return number ? multiplexing[i].first + number : 0;
	}
	return 0;
}

/* @pseudo: libseccomp's number of the call, positive; @number: of what multiplexes it */
static int find_multiplexed(const struct seccomp_arch *arch, int pseudo, int number,
			    struct seccomp_way ret[SECCOMP_WAYS_MAX])
{
	bool is_ipc = pseudo >= IPC_FIRST;
	int subcall = pseudo - (is_ipc ? IPC_FIRST : SOCKETCALL_FIRST);
	uint32_t direct = find_direct(arch, is_ipc, (size_t)subcall);

	ret[0] = (struct seccomp_way){ (uint32_t)number, subcall };
	if (!direct)
		return 1;
	ret[1] = (struct seccomp_way){ direct, SECCOMP_NO_SUBCALL };
	return 2;
}

int seccomp_find_call(const struct seccomp_arch *arch, const char *name,
		      struct seccomp_way ret[SECCOMP_WAYS_MAX])
{
	int number = seccomp_syscall_resolve_name_arch(arch->token, name);
	int multiplexer;

	if (number >= 0) {
		ret[0] = (struct seccomp_way){ (uint32_t)number, SECCOMP_NO_SUBCALL };
		return 1;
	}
	if (number == __NR_SCMP_ERROR)
		return find_newer(arch, name, ret);
	/* Negative also when the architecture has no such call: then this is negative too. */
	multiplexer = seccomp_syscall_resolve_name_rewrite(arch->token, name);
	return multiplexer < 0 ? 0 : find_multiplexed(arch, -number, multiplexer, ret);
}
