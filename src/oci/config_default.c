/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json that `spec` prints: what runc's prints, with our host name. */
#include "base/json.h"
#include "oci/config_io.h"
#include "oci/version.h"

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
};

/* The sets get the same capabilities: what a service needs, none of it inheritable. */
static const char *const capability_sets[] = { "bounding", "effective", "permitted" };
static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE",
	"CAP_KILL",
	"CAP_NET_BIND_SERVICE",
};

#define NOFILE 1024

static const struct {
	const char *destination;
	const char *type;
	const char *source;
	const char *options;	     /* with commas; "": none */
	const char *rootless_source; /* instead, NULL: the same */
	const char *rootless_options;
} mounts[] = {
	{ "/proc", "proc", "proc", "", NULL, NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k", NULL, NULL },
	/* Group 5 is not mapped. */
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
	  NULL, "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k", NULL, NULL },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", NULL, NULL },
	/* A new sysfs is only for who owns the network namespace. */
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", "/sys",
	  "rbind,nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro", NULL, NULL },
};

static const char *const namespaces[] = { "pid", "network", "ipc", "uts", "mount", "cgroup" };
static const char *const rootless_namespaces[] = {
	"pid", "ipc", "uts", "mount", "cgroup", "user",
};

static const char *const masked_paths[] = {
	"/proc/acpi",	       "/proc/asound",	   "/proc/kcore",	"/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	"/sys/firmware",       "/proc/scsi",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static void write_texts(struct json_writer *w, const char *key, const char *const *texts,
			size_t count)
{
	json_array(w, key);
	for (size_t i = 0; i < count; i++)
		json_string(w, NULL, texts[i]);
	json_end_array(w);
}

static void write_process(struct json_writer *w, const struct strings *env)
{
	json_object(w, "process");
	json_bool(w, "terminal", true);
	json_object(w, "user");
	json_uint(w, "uid", 0);
	json_uint(w, "gid", 0);
	json_end_object(w);
	write_texts(w, "args", (const char *const[]){ "sh" }, 1);
	json_array(w, "env");
	for (size_t i = 0; i < ARRAY_SIZE(environment); i++)
		json_string(w, NULL, environment[i]);
	VEC_EACH(variable, env)
		json_string(w, NULL, *variable);
	json_end_array(w);
	json_string(w, "cwd", "/");
	json_object(w, "capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(capability_sets); i++)
		write_texts(w, capability_sets[i], capabilities, ARRAY_SIZE(capabilities));
	json_end_object(w);
	json_array(w, "rlimits");
	json_object(w, NULL);
	json_string(w, "type", "RLIMIT_NOFILE");
	json_uint(w, "hard", NOFILE);
	json_uint(w, "soft", NOFILE);
	json_end_object(w);
	json_end_array(w);
	json_bool(w, "noNewPrivileges", true);
	json_end_object(w);
}

static void write_mounts(struct json_writer *w, bool rootless, struct arena *arena)
{
	json_array(w, "mounts");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		bool other = rootless && mounts[i].rootless_options;
		bool bind = rootless && mounts[i].rootless_source;
		struct strings options = str_split(
			arena, other ? mounts[i].rootless_options : mounts[i].options, ',', false);

		json_object(w, NULL);
		json_string(w, "destination", mounts[i].destination);
		json_string(w, "type", bind ? "none" : mounts[i].type);
		json_string(w, "source", bind ? mounts[i].rootless_source : mounts[i].source);
		if (options.count)
			json_strings(w, "options", &options);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_map(struct json_writer *w, const char *key, uint32_t host_id)
{
	json_array(w, key);
	json_object(w, NULL);
	json_uint(w, "containerID", 0);
	json_uint(w, "hostID", host_id);
	json_uint(w, "size", 1);
	json_end_object(w);
	json_end_array(w);
}

static void write_resources(struct json_writer *w)
{
	json_object(w, "resources");
	json_array(w, "devices");
	json_object(w, NULL);
	json_bool(w, "allow", false);
	json_string(w, "access", "rwm");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void write_namespaces(struct json_writer *w, const char *const *types, size_t count)
{
	json_array(w, "namespaces");
	for (size_t i = 0; i < count; i++) {
		json_object(w, NULL);
		json_string(w, "type", types[i]);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_linux(struct json_writer *w, const struct oci_default *wish)
{
	json_object(w, "linux");
	if (wish->rootless) {
		write_map(w, "uidMappings", wish->uid);
		write_map(w, "gidMappings", wish->gid);
		write_namespaces(w, rootless_namespaces, ARRAY_SIZE(rootless_namespaces));
	} else {
		write_resources(w);
		write_namespaces(w, namespaces, ARRAY_SIZE(namespaces));
	}
	write_texts(w, "maskedPaths", masked_paths, ARRAY_SIZE(masked_paths));
	write_texts(w, "readonlyPaths", readonly_paths, ARRAY_SIZE(readonly_paths));
	json_end_object(w);
}

int oci_config_default(const struct oci_default *wish, struct arena *arena, char **ret_text,
		       size_t *ret_len)
{
	cleanup_json_writer struct json_writer w = { 0 };
	size_t len;

	json_writer_init(&w, "\t");
	json_object(&w, NULL);
	json_string(&w, "ociVersion", OCI_VERSION);
	write_process(&w, &wish->env);
	json_object(&w, "root");
	json_string(&w, "path", "rootfs");
	json_bool(&w, "readonly", true);
	json_end_object(&w);
	json_string(&w, "hostname", "nvcrun");
	write_mounts(&w, wish->rootless, arena);
	write_linux(&w, wish);
	json_end_object(&w);
	*ret_text = arena_printf(arena, "%s\n", json_writer_text(&w, arena, &len));
	*ret_len = len + 1;
	return 0;
}
