/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: what is not below `linux`. */
#include "oci/config_io.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "oci/config_decode.h"
#include "oci/enums.h"
#include "oci/env.h"

#define DOCUMENT "config.json"

int oci_decode_each(struct decode *d, const struct value *value, decode_fn element, void *out)
{
	static const struct field field = { 0 };
	int r = 0;

	if (value->kind != VALUE_ARRAY)
		return decode_error(d, value, "expected an array, got %s",
				    value_kind_words(value->kind));
	for (size_t i = 0; i < value->items.count && r == 0; i++) {
		struct decode_path step = { .up = d->path, .index = i };

		d->path = &step;
		r = element(d, value->items.items[i], &field, out);
		d->path = step.up;
	}
	return r;
}

int oci_decode_text(struct decode *d, const struct value *value, const struct field *field,
		    void *out)
{
	const char *text;
	int r;

	r = decode_string(d, value, field, &text);
	if (r == 0 && *text)
		*(const char **)out = text;
	return r;
}

/* Spec: config.md § Root */
static const struct field root_fields[] = {
	{ "path", decode_string, offsetof(struct oci_root, path), NULL, FIELD_REQUIRED },
	{ "readonly", decode_bool, offsetof(struct oci_root, readonly), NULL, 0 },
};
static const struct fields root = FIELDS(root_fields, struct oci_root);

static int decode_gid(struct decode *d, const struct value *value, const struct field *field,
		      void *out)
{
	struct oci_user *user = out;

	return decode_u32(d, value, field, VEC_ADD(&user->additional_gids, d->arena));
}

static int decode_gids(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	return oci_decode_each(d, value, decode_gid, oci_decode_owner(field, out));
}

/* Spec: config.md § POSIX-platform User. Absent ids are 0, as in Go. */
static const struct field user_fields[] = {
	{ "uid", decode_u32, offsetof(struct oci_user, uid), NULL, 0 },
	{ "gid", decode_u32, offsetof(struct oci_user, gid), NULL, 0 },
	{ "umask", decode_opt_u64, offsetof(struct oci_user, umask), NULL, 0 },
	{ "additionalGids", decode_gids, offsetof(struct oci_user, additional_gids), NULL, 0 },
	{ "username", decode_ignore, 0, NULL, 0 }, /* of Windows */
};
static const struct fields user = FIELDS(user_fields, struct oci_user);

/* One set of capabilities. Names that are unknown may be of a newer kernel: they only warn. */
static int decode_capability_set(struct decode *d, const struct value *value,
				 const struct field *field, void *out)
{
	struct oci_capabilities *capabilities = oci_decode_owner(field, out);
	struct strings names = { 0 };
	uint64_t *set = out;
	int64_t number;
	int r;

	r = decode_strings(d, value, field, &names);
	VEC_EACH(name, &names) {
		if (names_find(oci_capability_words.items, oci_capability_words.count, *name,
			       &number) == 0)
			*set |= UINT64_C(1) << number;
		else if (!strings_have(&capabilities->unknown, *name))
			VEC_PUSH(&capabilities->unknown, d->arena, *name);
	}
	return r;
}

/* Spec: config.md § Linux Process, capabilities */
#define SET(name)                                                                              \
	{                                                                                      \
#name, decode_capability_set, offsetof(struct oci_capabilities, name), NULL, 0 \
	}
static const struct field capabilities_fields[] = {
	SET(bounding), SET(effective), SET(inheritable), SET(permitted), SET(ambient),
};
#undef SET
static const struct fields capabilities = FIELDS(capabilities_fields, struct oci_capabilities);

static int decode_capabilities(struct decode *d, const struct value *value,
			       const struct field *field, void *out)
{
	((struct oci_capabilities *)out)->set = true;
	return decode_struct(d, value, field, out);
}

/* Spec: config.md § POSIX process, rlimits */
static const struct field rlimit_fields[] = {
	{ "type", decode_enum, offsetof(struct oci_rlimit, type), &oci_rlimit_words,
	  FIELD_REQUIRED },
	{ "soft", decode_u64, offsetof(struct oci_rlimit, soft), NULL, FIELD_REQUIRED },
	{ "hard", decode_u64, offsetof(struct oci_rlimit, hard), NULL, FIELD_REQUIRED },
};
static const struct fields rlimits = FIELDS(rlimit_fields, struct oci_rlimit);

/* Offsets are those of the process: the size has no structure of its own. */
static const struct field console_size_fields[] = {
	{ "height", decode_u64, offsetof(struct oci_process, console_size.height), NULL,
	  FIELD_REQUIRED },
	{ "width", decode_u64, offsetof(struct oci_process, console_size.width), NULL,
	  FIELD_REQUIRED },
};
static const struct fields console_size = FIELDS(console_size_fields, struct oci_process);

/* man 5 proc: /proc/pid/oom_score_adj */
static const struct range oom_score_adj = { -1000, 1000 };

/* Spec: config.md § Process */
static const struct field process_fields[] = {
	{ "terminal", decode_bool, offsetof(struct oci_process, terminal), NULL, 0 },
	{ "consoleSize", decode_struct, 0, &console_size, 0 },
	{ "cwd", decode_string, offsetof(struct oci_process, cwd), NULL, FIELD_REQUIRED },
	{ "env", decode_strings, offsetof(struct oci_process, env), NULL, 0 },
	{ "args", decode_strings, offsetof(struct oci_process, args), NULL, 0 },
	{ "user", decode_struct, offsetof(struct oci_process, user), &user, 0 },
	{ "rlimits", decode_structs, offsetof(struct oci_process, rlimits), &rlimits, 0 },
	{ "capabilities", decode_capabilities, offsetof(struct oci_process, capabilities),
	  &capabilities, 0 },
	{ "noNewPrivileges", decode_bool, offsetof(struct oci_process, no_new_privileges), NULL,
	  0 },
	{ "oomScoreAdj", decode_opt_i64, offsetof(struct oci_process, oom_score_adj),
	  &oom_score_adj, 0 },
	{ "apparmorProfile", oci_decode_text, offsetof(struct oci_process, apparmor_profile), NULL,
	  0 },
	{ "selinuxLabel", oci_decode_text, offsetof(struct oci_process, selinux_label), NULL, 0 },
	{ "scheduler", oci_decode_scheduler, offsetof(struct oci_process, scheduler), NULL, 0 },
	{ "ioPriority", oci_decode_io_priority, offsetof(struct oci_process, io_priority), NULL,
	  0 },
	{ "execCPUAffinity", decode_struct, 0, &oci_exec_affinity_fields, 0 },
	{ "commandLine", decode_ignore, 0, NULL, 0 }, /* of Windows */
};
static const struct fields process = FIELDS(process_fields, struct oci_process);

static int decode_process(struct decode *d, const struct value *value, const struct field *field,
			  void *out)
{
	((struct oci_process *)out)->present = true;
	return decode_struct(d, value, field, out);
}

/* Spec: config.md § Mounts */
static const struct field mount_fields[] = {
	{ "destination", decode_string, offsetof(struct oci_mount, destination), NULL,
	  FIELD_REQUIRED },
	{ "type", oci_decode_text, offsetof(struct oci_mount, type), NULL, 0 },
	{ "source", oci_decode_text, offsetof(struct oci_mount, source), NULL, 0 },
	{ "options", decode_strings, offsetof(struct oci_mount, options), NULL, 0 },
	{ "uidMappings", decode_refuse, 0, NULL, 0 },
	{ "gidMappings", decode_refuse, 0, NULL, 0 },
};
static const struct fields mounts = FIELDS(mount_fields, struct oci_mount);

/* Spec: config.md § Annotations */
static int decode_annotations(struct decode *d, const struct value *value,
			      const struct field *field, void *out)
{
	struct oci_config *config = oci_decode_owner(field, out);

	if (value->kind != VALUE_OBJECT)
		return decode_error(d, value, "expected an object, got %s",
				    value_kind_words(value->kind));
	VEC_EACH(it, &value->members) {
		if (!*it->key)
			return decode_error(d, it->value, "a key is empty");
		if (it->value->kind != VALUE_STRING)
			return decode_error(d, it->value, "`%s`: expected a string, got %s",
					    it->key, value_kind_words(it->value->kind));
		VEC_PUSH(&config->annotations, d->arena,
			 ((struct oci_annotation){ it->key, it->value->text }));
	}
	return 0;
}

/* Spec: config.md */
static const struct field config_fields[] = {
	{ "ociVersion", decode_string, offsetof(struct oci_config, version), NULL, FIELD_REQUIRED },
	{ "root", decode_struct, offsetof(struct oci_config, root), &root, FIELD_REQUIRED },
	{ "mounts", decode_structs, offsetof(struct oci_config, mounts), &mounts, 0 },
	{ "process", decode_process, offsetof(struct oci_config, process), &process, 0 },
	{ "hostname", oci_decode_text, offsetof(struct oci_config, hostname), NULL, 0 },
	{ "domainname", oci_decode_text, offsetof(struct oci_config, domainname), NULL, 0 },
	{ "hooks", decode_struct, 0, &oci_hooks_fields, 0 },
	{ "annotations", decode_annotations, offsetof(struct oci_config, annotations), NULL, 0 },
	{ "linux", decode_struct, offsetof(struct oci_config, linux), &oci_linux_fields, 0 },
	/* Of other platforms: their presence asks nothing of this one. */
	{ "windows", decode_ignore, 0, NULL, 0 },
	{ "solaris", decode_ignore, 0, NULL, 0 },
	{ "vm", decode_ignore, 0, NULL, 0 },
	{ "zos", decode_ignore, 0, NULL, 0 },
	{ "freebsd", decode_ignore, 0, NULL, 0 },
};
static const struct fields config_table = FIELDS(config_fields, struct oci_config);

static void note(struct oci_notes *notes, struct arena *arena, const char *text)
{
	if (notes)
		VEC_PUSH(&notes->warnings, arena, text);
}

/* The last assignment of each name, at the place of its first: as Go and shells understand a repeated one. */
static struct strings unite_env(const struct strings *env, struct arena *arena)
{
	struct strings united = { 0 };

	VEC_EACH(assignment, env)
		oci_env_set(&united, arena, *assignment);
	return united;
}

/* What follows from the decoded fields: origins, absolute destinations, and what to warn of. */
static void complete(struct oci_config *config, struct arena *arena, struct oci_notes *notes)
{
	size_t index = 0;

	VEC_EACH(mount, &config->mounts) {
		mount->origin = arena_printf(arena, "mounts[%zu]", index++);
		if (*mount->destination == '/' || !*mount->destination)
			continue;
		/* Deprecated, but to be understood so: config.md § Mounts, destination. */
		note(notes, arena,
		     arena_printf(arena, "%s.destination: taking the relative path `%s` from `/`",
				  mount->origin, mount->destination));
		mount->destination = arena_printf(arena, "/%s", mount->destination);
	}
	config->process.env = unite_env(&config->process.env, arena);
	VEC_EACH(name, &config->process.capabilities.unknown) {
		note(notes, arena,
		     arena_printf(arena, "process.capabilities: ignoring unknown capability `%s`",
				  *name));
	}
}

static void log_unknown(const char *path, void *data)
{
	(void)data;
	log_debug(DOCUMENT ": ignoring the unknown property `%s`", path);
}

int oci_config_parse(const char *text, size_t len, const char *bundle, struct arena *arena,
		     struct oci_notes *notes, struct oci_config **ret, struct err *err)
{
	struct decode d = { .arena = arena, .document = DOCUMENT, .err = err };
	struct oci_config *config = arena_alloc(arena, sizeof(*config));
	const struct value *document;
	int r;

	r = json_read(text, len, DOCUMENT, arena, &document, err);
	if (r < 0)
		return r;
	/* Naming each unknown property costs memory: only where somebody reads it. */
	if (log_wants(LOG_LEVEL_DEBUG))
		d.unknown = log_unknown;
	config->bundle = bundle;
	config->text = text;
	config->text_len = len;
	r = decode_object(&d, document, &config_table, config);
	if (r < 0)
		return r;
	complete(config, arena, notes);
	r = oci_config_check(config, err);
	if (r < 0)
		return r;
	*ret = config;
	return 0;
}

int oci_config_read(const char *bundle, struct arena *arena, struct oci_notes *notes,
		    struct oci_config **ret, struct err *err)
{
	const char *path = arena_printf(arena, "%s/" DOCUMENT, bundle);
	cleanup_close int fd = -EBADF;
	char *text;
	size_t len;
	int r;

	/* O_NONBLOCK: a FIFO in its place must not hang us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	r = fd < 0 ? -errno : fd_read_all(fd, VALUE_SIZE_MAX, arena, &text, &len);
	if (r == -ENOENT)
		return err_set(err, ENOENT,
			       DOCUMENT ": open %s: no such file or directory (`nvcrun spec "
					"--bundle %s` makes one)",
			       path, bundle);
	if (r < 0)
		return err_code(err, r, DOCUMENT ": read %s", path);
	return oci_config_parse(text, len, bundle, arena, notes, ret, err);
}

int oci_process_parse(const char *text, size_t len, const char *name, struct arena *arena,
		      struct oci_notes *notes, struct oci_process *ret, struct err *err)
{
	struct decode d = { .arena = arena, .document = name, .err = err };
	struct oci_config config = { 0 };
	const struct value *document;
	int r;

	r = json_read(text, len, name, arena, &document, err);
	if (r == 0)
		r = decode_object(&d, document, &process, &config.process);
	if (r < 0)
		return r;
	config.process.present = true;
	complete(&config, arena, notes);
	r = oci_process_check(&config.process, err);
	if (r < 0)
		return err_prefix(err, "%s", name);
	*ret = config.process;
	return 0;
}
