/* SPDX-License-Identifier: Apache-2.0 */
/* The command `spec`. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/option_rows.h"
#include "nvidia/request.h"
#include "oci/config_io.h"

struct spec_options {
	const char *bundle;
	const char *gpus;
	bool rootless;
};

static const struct cli_option options[] = {
	ROW_BUNDLE(offsetof(struct spec_options, bundle)),
	ROW_GPUS(offsetof(struct spec_options, gpus)),
	{ "rootless", 0, OPTION_FLAG, NULL, "for the user who runs it, without rights of root",
	  offsetof(struct spec_options, rootless), NULL },
};

/* The request as variables that every engine and runtime for NVIDIA GPUs understands. */
static int add_gpus(const char *gpus, struct arena *arena, struct strings *env, struct err *err)
{
	static const struct oci_config empty;
	const struct nv_settings settings = nv_settings_default();
	struct nv_request request;
	int r;

	r = nv_request_read(&empty, gpus, &settings, arena, &request, err);
	if (r < 0)
		return r;
	VEC_PUSH(env, arena, arena_printf(arena, "NVIDIA_VISIBLE_DEVICES=%s", request.visible));
	VEC_PUSH(env, arena, "NVIDIA_DRIVER_CAPABILITIES=compute,utility");
	return 0;
}

/* Never over an existing file: it may be hours of work. */
static int write_new(const char *path, const char *text, size_t len, struct err *err)
{
	cleanup_close int fd = -EBADF;
	int r;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, EEXIST, "file `%s` exists; remove it first", path);
	if (fd < 0)
		return err_errno(err, "create `%s`", path);
	r = fd_write_all(fd, text, len);
	if (r < 0) {
		unlink(path);
		return err_code(err, r, "write `%s`", path);
	}
	return 0;
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct spec_options *spec = call->options;
	const char *path = "config.json";
	struct oci_default wish = { .rootless = spec->rootless,
				    .uid = geteuid(),
				    .gid = getegid() };
	size_t len;
	char *text;
	int r;

	if (spec->gpus) {
		r = add_gpus(spec->gpus, call->arena, &wish.env, err);
		if (r < 0)
			return r;
	}
	if (spec->bundle)
		path = arena_printf(call->arena, "%s/config.json", spec->bundle);
	r = oci_config_default(&wish, call->arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "make the default configuration");
	return write_new(path, text, len, err);
}

const struct cli_command cli_spec = {
	.name = "spec",
	.summary = "write a config.json to start from",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct spec_options),
	.run = run,
};
