/* SPDX-License-Identifier: Apache-2.0 */
/* The process that exec runs. */
#include "runtime/exec_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "oci/enums.h"
#include "oci/env.h"

/* Ids strictly: digits to the end, and never -1, which means "unchanged" to the kernel (CVE-2026-30892). */
static int read_id(const char *text, const char *option, uint32_t *ret, struct err *err)
{
	uint64_t id;

	if (str_to_u64(text, UINT32_MAX - 1, &id) < 0)
		return err_set(err, EINVAL, "%s: `%s` is not a number from 0 to 4294967294", option,
			       text);
	*ret = (uint32_t)id;
	return 0;
}

static int set_user(const char *text, struct oci_user *user, struct arena *arena, struct err *err)
{
	const char *colon = strchr(text, ':');
	int r;

	if (!colon)
		return read_id(text, "--user", &user->uid, err);
	r = read_id(arena_strndup(arena, text, (size_t)(colon - text)), "--user", &user->uid, err);
	return r < 0 ? r : read_id(colon + 1, "--user", &user->gid, err);
}

/* Never into the inheritable set: CVE-2022-29162. */
static int add_capability(const char *name, struct oci_capabilities *sets, struct err *err)
{
	int64_t number;

	if (names_find(oci_capability_words.items, oci_capability_words.count, name, &number) < 0)
		return err_set(err, EINVAL, "--cap: unknown capability `%s`", name);
	sets->set = true;
	sets->bounding |= UINT64_C(1) << number;
	sets->effective |= UINT64_C(1) << number;
	sets->permitted |= UINT64_C(1) << number;
	/* As runc: where the container's own are inheritable, one more can stay over an execve(2). */
	if (sets->inheritable & UINT64_C(1) << number)
		sets->ambient |= UINT64_C(1) << number;
	return 0;
}

static int change(const struct exec_options *options, struct oci_process *process,
		  struct arena *arena, struct err *err)
{
	int r = 0;

	process->args = options->args;
	process->terminal = options->tty;
	if (options->cwd)
		process->cwd = options->cwd;
	if (options->no_new_privileges)
		process->no_new_privileges = true;
	VEC_EACH(assignment, &options->env)
		oci_env_set(&process->env, arena, *assignment);
	if (options->user)
		r = set_user(options->user, &process->user, arena, err);
	VEC_EACH(gid, &options->gids) {
		if (r == 0)
			r = read_id(*gid, "--additional-gids",
				    VEC_ADD(&process->user.additional_gids, arena), err);
	}
	VEC_EACH(name, &options->capabilities) {
		if (r == 0)
			r = add_capability(*name, &process->capabilities, err);
	}
	return r < 0 ? r : oci_process_check(process, err);
}

int exec_read_process(struct exec_options *options, struct arena *arena, struct err *err)
{
	char *text;
	int r;

	if (!options->process_file)
		return 0;
	r = fd_read_file(AT_FDCWD, options->process_file, VALUE_SIZE_MAX, arena, &text,
			 &options->process_len);
	if (r < 0)
		return err_code(err, r, "--process: read %s", options->process_file);
	options->process_text = text;
	return 0;
}

int exec_process_read(const struct exec_options *options, struct oci_process *process,
		      struct oci_notes *notes, struct arena *arena, struct err *err)
{
	if (options->process_text)
		return oci_process_parse(options->process_text, options->process_len,
					 options->process_file, arena, notes, process, err);
	if (!options->args.count)
		return err_set(err, EINVAL, "exec args cannot be empty");
	return change(options, process, arena, err);
}
