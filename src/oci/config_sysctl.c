/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> the model: `linux.sysctl`, and which of the kernel's parameters a container has of its own. */
#include <errno.h>

#include "base/str.h"
#include "oci/config_decode.h"

/*
 * Both spellings of sysctl(8): the first separator tells which character separates; in `net.ipv4.conf.eth0/1`
 * the other one stands for itself. No component may be empty, `.` or `..`: the path must not leave its place.
 */
static const char *path_of(struct arena *arena, const char *name)
{
	char *path = arena_strdup(arena, name);
	size_t first = strcspn(name, "./");
	struct strings parts;

	for (char *at = path; name[first] == '.' && *at; at++) {
		if (*at == '.' || *at == '/')
			*at = *at == '.' ? '/' : '.';
	}
	parts = str_split(arena, path, '/', true);
	VEC_EACH(part, &parts) {
		if (!**part || str_eq(*part, ".") || str_eq(*part, ".."))
			return NULL;
	}
	return parts.count > 1 ? path : NULL;
}

int oci_decode_sysctls(struct decode *d, const struct value *value, const struct field *field,
		       void *out)
{
	struct oci_linux *linux = oci_decode_owner(field, out);

	if (value->kind != VALUE_OBJECT)
		return decode_error(d, value, "expected an object, got %s",
				    value_kind_words(value->kind));
	VEC_EACH(it, &value->members) {
		struct oci_sysctl sysctl = { .name = it->key, .path = path_of(d->arena, it->key) };

		if (it->value->kind != VALUE_STRING)
			return decode_error(d, it->value, "`%s`: expected a string, got %s",
					    it->key, value_kind_words(it->value->kind));
		if (!sysctl.path)
			return decode_error(d, it->value,
					    "`%s` is no name such as net.ipv4.ip_forward", it->key);
		sysctl.value = it->value->text;
		VEC_PUSH(&linux->sysctls, d->arena, sysctl);
	}
	return 0;
}

/* What belongs to a namespace; a name that ends in `/` is everything below. man 7 namespaces, ipc(7), mq(7) */
static const struct {
	const char *path;
	enum oci_namespace_type type;
	const char *words; /* when that namespace is not the container's own */
} separate[] = {
	{ "kernel/msgmax", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/msgmnb", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/msgmni", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/sem", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/shmall", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/shmmax", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/shmmni", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "kernel/shm_rmid_forced", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "fs/mqueue/", OCI_NS_IPC, "is not allowed in the hosts ipc namespace" },
	{ "net/", OCI_NS_NETWORK, "not allowed in host network namespace" },
	{ "kernel/domainname", OCI_NS_UTS, "is not in a separate kernel namespace" },
	{ "user/", OCI_NS_USER, "is not in a separate kernel namespace" },
};

static bool is_meant(const char *row, const char *path)
{
	return str_has_suffix(row, "/") ? str_has_prefix(path, row) : str_eq(path, row);
}

static int check_sysctl(const struct oci_linux *linux, const struct oci_sysctl *sysctl,
			struct err *err)
{
	const char *words = "is not in a separate kernel namespace";

	for (size_t i = 0; i < ARRAY_SIZE(separate); i++) {
		if (!is_meant(separate[i].path, sysctl->path))
			continue;
		if (linux->namespaces[separate[i].type].present)
			return 0;
		words = separate[i].words;
	}
	/* That name has a field of its own, which says when it is set. */
	if (str_eq(sysctl->path, "kernel/hostname") && linux->namespaces[OCI_NS_UTS].present)
		words = "is not allowed as it conflicts with the OCI \"hostname\" field";
	return err_set(err, EINVAL, "linux.sysctl: sysctl \"%s\" %s", sysctl->name, words);
}

/* Spec: config-linux.md § Sysctl; never a parameter of the whole machine. */
int oci_check_sysctls(const struct oci_config *config, struct err *err)
{
	VEC_EACH(sysctl, &config->linux.sysctls) {
		int r = check_sysctl(&config->linux, sysctl, err);

		if (r < 0)
			return r;
	}
	return 0;
}
