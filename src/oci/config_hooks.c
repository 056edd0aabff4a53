/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: `hooks`. */
#include <stdint.h>

#include "oci/config_decode.h"
#include "oci/config_io.h"

/* Spec: config.md § POSIX-platform Hooks, path: absolute. */
static int decode_path(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	const char *path;
	int r;

	r = decode_string(d, value, field, &path);
	if (r < 0)
		return r;
	if (*path != '/')
		return decode_error(d, value, "`%s` is not an absolute path", path);
	*(const char **)out = path;
	return 0;
}

/* Seconds; more than 0 by the specification, and what poll(2) can still count in milliseconds. */
static const struct range timeouts = { 1, INT32_MAX / 1000 };

static const struct field hook_fields[] = {
	{ "path", decode_path, offsetof(struct oci_hook, path), NULL, FIELD_REQUIRED },
	{ "args", decode_strings, offsetof(struct oci_hook, args), NULL, 0 },
	{ "env", decode_strings, offsetof(struct oci_hook, env), NULL, 0 },
	{ "timeout", decode_opt_i64, offsetof(struct oci_hook, timeout), &timeouts, 0 },
};
const struct fields oci_hook_fields = FIELDS(hook_fields, struct oci_hook);

#define LIST(name, kind)                                                                          \
	{                                                                                         \
		name, decode_structs, offsetof(struct oci_config, hooks[kind]), &oci_hook_fields, \
			0                                                                         \
	}
static const struct field hooks_fields[] = {
	LIST("prestart", OCI_HOOK_PRESTART),
	LIST("createRuntime", OCI_HOOK_CREATE_RUNTIME),
	LIST("createContainer", OCI_HOOK_CREATE_CONTAINER),
	LIST("startContainer", OCI_HOOK_START_CONTAINER),
	LIST("poststart", OCI_HOOK_POSTSTART),
	LIST("poststop", OCI_HOOK_POSTSTOP),
};
#undef LIST
const struct fields oci_hooks_fields = FIELDS(hooks_fields, struct oci_config);

void oci_hooks_write(const struct oci_hook_list *list, struct json_writer *w, const char *key)
{
	json_array(w, key);
	VEC_EACH(hook, list) {
		json_object(w, NULL);
		json_string(w, "path", hook->path);
		json_strings(w, "args", &hook->args);
		json_strings(w, "env", &hook->env);
		if (hook->timeout.set)
			json_int(w, "timeout", hook->timeout.v);
		json_end_object(w);
	}
	json_end_array(w);
}
