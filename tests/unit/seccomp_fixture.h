/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of seccomp programs share: profiles from text, an interpreter, libseccomp's program. */
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "linux/seccomp.h"
#include "linux/seccomp_names.h"
#include "oci/config_io.h"

/* linux.seccomp of a config.json. */
static inline const struct oci_seccomp *profile_parse(const char *text, struct arena *arena)
{
	const char *document = arena_printf(arena,
					    "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
					    "\"linux\":{\"seccomp\":%s}}",
					    text);
	struct oci_notes notes = { 0 };
	struct oci_config *config;
	struct err err = { 0 };

	if (oci_config_parse(document, strlen(document), "/bundle", arena, &notes, &config, &err) <
	    0)
		FAIL("%s", err.text);
	return &config->linux.seccomp;
}

/* One of tests/unit/seccomp. */
static inline const struct oci_seccomp *profile_read(const char *name, struct arena *arena)
{
	const char *srcdir = getenv("srcdir");
	const char *path =
		arena_printf(arena, "%s/tests/unit/seccomp/%s.json", srcdir ? srcdir : ".", name);
	char *text;
	size_t len;
	int r;

	r = fd_read_file(AT_FDCWD, path, 65536, arena, &text, &len);
	if (r < 0)
		FAIL("%s: %s", path, strerror(-r));
	return profile_parse(text, arena);
}

static inline struct seccomp_program compile(const struct oci_seccomp *profile, struct arena *arena)
{
	struct seccomp_program program = { 0 };
	struct err err = { 0 };

	if (seccomp_program_make(profile, arena, &program, &err) < 0)
		FAIL("%s", err.text);
	return program;
}

/* The instructions that seccomp(2) takes and both programs are made of. @steps: how many were done */
static inline uint32_t interpret(const struct sock_filter *insns, size_t count,
				 const struct seccomp_data *data, size_t *steps)
{
	uint32_t a = 0;

	*steps = 0;
	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *insn = &insns[pc];
		bool yes;

		++*steps;
		switch (insn->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (insn->k % 4 || insn->k >= sizeof(*data))
				FAIL("load beyond the data: %u", insn->k);
			memcpy(&a, (const char *)data + insn->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= insn->k;
			continue;
		case BPF_RET | BPF_K:
			return insn->k;
		case BPF_JMP | BPF_JA:
			pc += insn->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == insn->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= insn->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > insn->k;
			break;
		default:
			FAIL("instruction %zu is not known: %#x", pc, insn->code);
		}
		pc += yes ? insn->jt : insn->jf;
	}
	FAIL("fell off the end");
}

static inline void reference_rule(scmp_filter_ctx ctx, const struct oci_seccomp_rule *rule,
				  int number)
{
	static const enum scmp_compare ops[] = {
		[OCI_SECCOMP_NE] = SCMP_CMP_NE,
		[OCI_SECCOMP_LT] = SCMP_CMP_LT,
		[OCI_SECCOMP_LE] = SCMP_CMP_LE,
		[OCI_SECCOMP_EQ] = SCMP_CMP_EQ,
		[OCI_SECCOMP_GE] = SCMP_CMP_GE,
		[OCI_SECCOMP_GT] = SCMP_CMP_GT,
		[OCI_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp args[16];
	unsigned int seen = 0, n = 0;
	bool repeated = false;
	int r = 0;

	VEC_EACH(arg, &rule->args) {
		repeated |= seen >> arg->index & 1;
		seen |= 1U << arg->index;
		args[n++] = (struct scmp_arg_cmp){ arg->index, ops[arg->op], arg->value,
						   arg->value_two };
	}
	if (!repeated)
		r = seccomp_rule_add_array(ctx, rule->action, number, n, args);
	for (unsigned int i = 0; repeated && i < n && r == 0; i++)
		r = seccomp_rule_add_array(ctx, rule->action, number, 1, &args[i]);
	/* A rule that says what an earlier one does. */
	if (r < 0 && r != -EEXIST)
		FAIL("seccomp_rule_add: %s", strerror(-r));
}

/* What libseccomp makes of a profile when it is called as runc calls it; without the ENOSYS of runc. */
static inline struct seccomp_program reference(const struct oci_seccomp *profile,
					       struct arena *arena)
{
	scmp_filter_ctx ctx = seccomp_init(profile->default_action);
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct seccomp_program program = { 0 };
	char *text;
	size_t len;

	VEC_EACH(arch, &profile->archs) {
		int r = seccomp_arch_add(ctx, *arch);

		if (r < 0 && r != -EEXIST)
			FAIL("seccomp_arch_add %#x: %s", *arch, strerror(-r));
	}
	VEC_EACH(rule, &profile->rules) {
		VEC_EACH(name, &rule->names) {
			int number = seccomp_syscall_resolve_name(*name);

			if (rule->action != profile->default_action && number != __NR_SCMP_ERROR)
				reference_rule(ctx, rule, number);
		}
	}
	if (seccomp_export_bpf(ctx, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(fd, 1 << 20, arena, &text, &len) < 0)
		FAIL("no program from libseccomp");
	seccomp_release(ctx);
	close(fd);
	for (size_t i = 0; i < len / sizeof(struct sock_filter); i++)
		VEC_PUSH(&program.insns, arena, ((struct sock_filter *)(void *)text)[i]);
	return program;
}
