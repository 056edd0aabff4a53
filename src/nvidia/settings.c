/* SPDX-License-Identifier: Apache-2.0 */
/* The settings file of a host. */
#include "nvidia/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/decode.h"
#include "base/fd.h"
#include "base/toml.h"
#include "nvidia/capabilities.h"

#define SETTINGS_FILE	  "/etc/nvcrun/config.toml"
#define NVIDIA_CONFIG	  "/etc/nvidia-container-runtime/config.toml"
#define SETTINGS_SIZE_MAX (1024 * 1024)

static int check_absolute(struct decode *d, const struct value *value, const char *path)
{
	if (path[0] != '/')
		return decode_error(d, value, "expected an absolute path, got `%s`", path);
	return 0;
}

static int decode_directory(struct decode *d, const struct value *value, const struct field *field,
			    void *out)
{
	const char *path = NULL;
	int r;

	r = decode_string(d, value, field, &path);
	if (r < 0)
		return r;
	r = check_absolute(d, value, path);
	if (r < 0)
		return r;
	*(const char **)out = path;
	return 0;
}

static int decode_directories(struct decode *d, const struct value *value,
			      const struct field *field, void *out)
{
	struct strings *paths = out;
	int r;

	r = decode_strings(d, value, field, paths);
	for (size_t i = 0; r >= 0 && i < paths->count; i++)
		r = check_absolute(d, value, paths->items[i]);
	return r;
}

static const struct name_value missing_driver_names[] = {
	{ "error", true },
	{ "warn", false },
};
static const struct words missing_driver_words = WORDS(missing_driver_names, "way to react");

static const struct name_value capabilities_names[] = {
	{ "honour", false },
	{ "ignore", true },
};
static const struct words capabilities_words = WORDS(capabilities_names, "way to treat them");

/* A choice of two words. */
static int decode_choice(struct decode *d, const struct value *value, const struct field *field,
			 void *out)
{
	int chosen = false;
	int r;

	r = decode_enum(d, value, field, &chosen);
	if (r >= 0)
		*(bool *)out = chosen;
	return r;
}

static const struct name_value loader_cache_names[] = {
	{ "auto", NV_LOADER_CACHE_AUTO },
	{ "merge", NV_LOADER_CACHE_MERGE },
	{ "none", NV_LOADER_CACHE_NONE },
};
static const struct words loader_cache_words = WORDS(loader_cache_names, "way to treat the cache");

static int decode_loader_cache(struct decode *d, const struct value *value,
			       const struct field *field, void *out)
{
	int chosen = NV_LOADER_CACHE_AUTO;
	const char *text = NULL;
	int r;

	r = decode_string(d, value, field, &text);
	if (r == 0 && str_eq(text, "run"))
		return decode_error(d, value,
				    "`run` is not supported, no ldconfig is run: `merge` changes "
				    "the cache without");
	if (r == 0)
		r = decode_enum(d, value, field, &chosen);
	if (r == 0)
		*(enum nv_loader_cache *)out = (enum nv_loader_cache)chosen;
	return r;
}

/* Other names would have to be looked up in the environment of every container. */
static int decode_swarm_resource(struct decode *d, const struct value *value,
				 const struct field *field, void *out)
{
	const char *text = NULL;
	struct strings names;
	int r;

	r = decode_string(d, value, field, &text);
	if (r < 0)
		return r;
	names = str_words(d->arena, text);
	VEC_EACH(name, &names) {
		if (!str_has_prefix(*name, NV_SWARM_PREFIX))
			return decode_error(d, value,
					    "expected names that start with " NV_SWARM_PREFIX
					    ", got `%s`",
					    *name);
	}
	*(struct strings *)out = names;
	return 0;
}

static int decode_capabilities(struct decode *d, const struct value *value,
			       const struct field *field, void *out)
{
	const char *text = NULL, *unknown;
	unsigned int set;
	int r;

	r = decode_string(d, value, field, &text);
	if (r < 0)
		return r;
	if (nv_capabilities_parse(text, d->arena, &set, &unknown) < 0)
		return decode_error(
			d, value, "unknown capability `%s` (known: %s)", unknown,
			nv_capabilities_text(NV_CAP_EVERY | NV_CAP_ALL, ", ", d->arena));
	*(unsigned int *)out = set & NV_CAP_ALL ? NV_CAP_EVERY : set;
	return 0;
}

static const struct range nvml_timeout_range = { 1, 3600 };

static const struct field testing_table[] = {
	{ "proc-root", decode_directory, offsetof(struct nv_testing, proc_root), NULL, 0 },
	{ "sys-root", decode_directory, offsetof(struct nv_testing, sys_root), NULL, 0 },
	{ "fake-devices", decode_bool, offsetof(struct nv_testing, fake_devices), NULL, 0 },
};
static const struct fields testing_fields = FIELDS(testing_table, struct nv_testing);

/* What NVIDIA's file and ours have in common. */
/* clang-format off */
#define REQUEST_FIELDS \
	{ "accept-nvidia-visible-devices-as-volume-mounts", decode_bool, \
	  offsetof(struct nv_settings, accept_mounts), NULL, 0 }, \
	{ "accept-nvidia-visible-devices-envvar-when-unprivileged", decode_bool, \
	  offsetof(struct nv_settings, accept_env), NULL, 0 }, \
	{ "swarm-resource", decode_swarm_resource, \
	  offsetof(struct nv_settings, swarm_resource), NULL, 0 }, \
	{ "supported-driver-capabilities", decode_capabilities, \
	  offsetof(struct nv_settings, capabilities), NULL, 0 }
/* clang-format on */

/* There an empty string means that it is not set. */
static int decode_optional_directory(struct decode *d, const struct value *value,
				     const struct field *field, void *out)
{
	const char *text = NULL;
	int r;

	r = decode_string(d, value, field, &text);
	if (r < 0 || !*text)
		return r;
	return decode_directory(d, value, field, out);
}

static const struct field nvidia_cli_table[] = {
	{ "root", decode_optional_directory, offsetof(struct nv_settings, driver_root), NULL, 0 },
	{ "ldcache", decode_optional_directory, offsetof(struct nv_settings, ldcache), NULL, 0 },
};
static const struct fields nvidia_cli_fields = FIELDS(nvidia_cli_table, struct nv_settings);

static const struct field nvidia_config_table[] = {
	REQUEST_FIELDS,
	{ "nvidia-container-cli", decode_struct, 0, &nvidia_cli_fields, 0 },
};
static const struct fields nvidia_config_fields = FIELDS(nvidia_config_table, struct nv_settings);

/* Below the blank line: keys that have a meaning, but not in this version yet. */
static const struct field nvidia_table[] = {
	{ "driver-root", decode_directory, offsetof(struct nv_settings, driver_root), NULL, 0 },
	{ "dev-root", decode_directory, offsetof(struct nv_settings, dev_root), NULL, 0 },
	{ "ldcache", decode_directory, offsetof(struct nv_settings, ldcache), NULL, 0 },
	{ "library-dirs", decode_directories, offsetof(struct nv_settings, library_dirs), NULL, 0 },
	{ "binary-dirs", decode_directories, offsetof(struct nv_settings, binary_dirs), NULL, 0 },
	{ "firmware-dirs", decode_directories, offsetof(struct nv_settings, firmware_dirs), NULL,
	  0 },
	{ "config-dirs", decode_directories, offsetof(struct nv_settings, config_dirs), NULL, 0 },
	{ "capabilities", decode_choice, offsetof(struct nv_settings, ignore_capabilities),
	  &capabilities_words, 0 },
	{ "on-missing-driver", decode_choice, offsetof(struct nv_settings, missing_driver_is_error),
	  &missing_driver_words, 0 },
	{ "protect-proc-driver", decode_bool, offsetof(struct nv_settings, protect_proc_driver),
	  NULL, 0 },
	{ "loader-cache", decode_loader_cache, offsetof(struct nv_settings, loader_cache),
	  &loader_cache_words, 0 },
	{ "nvml-timeout", decode_i64, offsetof(struct nv_settings, nvml_timeout),
	  &nvml_timeout_range, 0 },
	{ "nvidia-config", decode_directory, offsetof(struct nv_settings, nvidia_config), NULL, 0 },
	REQUEST_FIELDS,
	{ "testing", decode_struct, offsetof(struct nv_settings, testing), &testing_fields, 0 },

	{ "mode", decode_refuse, 0, NULL, 0 },
	{ "layout", decode_refuse, 0, NULL, 0 },
	{ "run-cdi-hooks", decode_refuse, 0, NULL, 0 },
	{ "cdi-strict", decode_refuse, 0, NULL, 0 },
	{ "cdi-spec-dirs", decode_refuse, 0, NULL, 0 },
};
static const struct fields nvidia_fields = FIELDS(nvidia_table, struct nv_settings);

/* The document; [nvidia] is all of it so far. */
static const struct field document_table[] = {
	{ "nvidia", decode_struct, 0, &nvidia_fields, 0 },
};
static const struct fields document_fields = FIELDS(document_table, struct nv_settings);

static const struct field *find_field(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (str_eq(fields->items[i].name, name))
			return &fields->items[i];
	}
	return NULL;
}

static const char *known_keys(const struct fields *fields, struct arena *arena)
{
	struct strbuf list = { .arena = arena };

	for (size_t i = 0; i < fields->count; i++) {
		if (fields->items[i].decode != decode_refuse)
			strbuf_addf(&list, "%s%s", list.len ? ", " : "", fields->items[i].name);
	}
	return strbuf_text(&list);
}

/* @place: the table's name with a dot behind it, or empty. */
static int check_keys(struct decode *d, const struct value *table, const struct fields *fields,
		      const char *place)
{
	VEC_EACH(member, &table->members) {
		const struct field *field = find_field(fields, member->key);
		int r;

		if (!field)
			return err_set(d->err, EINVAL, "%s:%u: unknown key `%s%s` (known: %s)",
				       d->document, member->value->line, place, member->key,
				       known_keys(fields, d->arena));
		if (field->decode != decode_struct)
			continue;
		r = check_keys(d, member->value, field->arg,
			       arena_printf(d->arena, "%s%s.", place, member->key));
		if (r < 0)
			return r;
	}
	return 0;
}

/* The one map of the initial user namespace: all ids, onto themselves. */
static bool is_initial_user_namespace(void)
{
	struct arena arena = { 0 };
	unsigned int inside = 0, outside = 0, count = 0;
	bool initial = true;
	size_t len;
	char *text;

	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", 64 * 1024, &arena, &text, &len) == 0 &&
	    sscanf(text, "%u %u %u", &inside, &outside, &count) == 3)
		initial = inside == 0 && outside == 0 && count == UINT32_MAX;
	arena_done(&arena);
	return initial;
}

bool nv_is_trusted(const struct stat *st)
{
	if (geteuid() != 0)
		return true;
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return st->st_uid == 0 || !is_initial_user_namespace();
}

static int read_text(const char *file, int fd, struct arena *arena, char **ret_text,
		     size_t *ret_len, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "stat %s", file);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", file);
	if (!nv_is_trusted(&st))
		return err_set(err, EPERM,
			       "%s: owned by uid %u, mode %04o: must be owned by root and writable "
			       "by root alone",
			       file, st.st_uid, st.st_mode & 07777);
	r = fd_read_all(fd, SETTINGS_SIZE_MAX, arena, ret_text, ret_len);
	return r < 0 ? err_code(err, r, "read %s", file) : 0;
}

/*
 * @file:	   NULL: @usual, which may be absent
 * @ret_document: NULL when it is
 */
static int read_document(const char *file, const char *usual, struct arena *arena,
			 const struct value **ret_document, struct err *err)
{
	const char *path = file ? file : usual;
	cleanup_close int fd = -EBADF;
	char *text = NULL;
	size_t len = 0;
	int r;

	/* O_NONBLOCK: a FIFO in its place must not hang us before fstat tells. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && !file && errno == ENOENT) {
		*ret_document = NULL;
		return 0;
	}
	if (fd < 0)
		return err_errno(err, "open settings %s", path);
	r = read_text(path, fd, arena, &text, &len, err);
	return r < 0 ? r : toml_read(text, len, path, arena, ret_document, err);
}

/* Only the few keys that are about requests, and where the driver is. */
static int add_nvidia_config(const char *file, struct arena *arena, struct nv_settings *settings,
			     struct err *err)
{
	struct decode d = { .arena = arena, .document = file ? file : NVIDIA_CONFIG, .err = err };
	const struct value *document;
	int r;

	r = read_document(file, NVIDIA_CONFIG, arena, &document, err);
	if (r < 0 || !document)
		return r;
	return decode_object(&d, document, &nvidia_config_fields, settings);
}

struct nv_settings nv_settings_default(void)
{
	return (struct nv_settings){
		.driver_root = "/",
		.accept_env = true,
		.capabilities = NV_CAP_EVERY,
		.missing_driver_is_error = true,
		.protect_proc_driver = true,
		.nvml_timeout = 30,
		.testing = { .proc_root = "/proc", .sys_root = "/sys" },
	};
}

int nv_settings_read(const char *file, struct arena *arena, struct nv_settings *ret,
		     struct err *err)
{
	struct nv_settings ours = nv_settings_default(), settings = nv_settings_default();
	const struct value *document;
	struct decode d = { .arena = arena, .err = err };
	int r;

	if (!file)
		file = getenv("NVCRUN_CONFIG");
	if (file && !*file)
		file = NULL;
	d.document = file ? file : SETTINGS_FILE;
	r = read_document(file, SETTINGS_FILE, arena, &document, err);
	if (r < 0)
		return r;
	/* Kinds first: a key below something that is no table has no unknown keys to name. */
	if (document) {
		r = decode_object(&d, document, &document_fields, &ours);
		if (r == 0)
			r = check_keys(&d, document, &document_fields, "");
	}
	if (r == 0)
		r = add_nvidia_config(ours.nvidia_config, arena, &settings, err);
	/* Once more, over what NVIDIA's file says. */
	if (r == 0 && document)
		r = decode_object(&d, document, &document_fields, &settings);
	if (r < 0)
		return r;
	settings.file = document ? arena_strdup(arena, d.document) : NULL;
	*ret = settings;
	return 0;
}
