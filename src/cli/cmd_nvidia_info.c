/* SPDX-License-Identifier: Apache-2.0 */
/* The command `nvidia info`. */
#include <fcntl.h>
#include <stddef.h>

#include "base/fd.h"
#include "cli/commands.h"
#include "cli/nvidia_info_text.h"
#include "cli/output.h"
#include "nvidia/info.h"

struct info_options {
	bool json;
};

static const struct cli_option options[] = {
	{ "json", 0, OPTION_FLAG, NULL, "JSON instead of tables",
	  offsetof(struct info_options, json), NULL },
};

/* Where files would go is no question here: any root file system does, and the host's is there. */
static int read_info(const struct cli_call *call, struct nv_info *ret, struct err *err)
{
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct nv_settings settings;
	int r;

	if (root_fd < 0)
		return err_errno(err, "open /");
	r = nv_settings_read(call->globals->settings, call->arena, &settings, err);
	return r < 0 ? r : nv_info_read(&settings, root_fd, call->arena, ret, err);
}

static int run(const struct cli_call *call, struct err *err)
{
	const struct info_options *info_options = call->options;
	struct nv_info info;
	int r;

	r = read_info(call, &info, err);
	if (r < 0)
		return r;
	r = cli_print(info_options->json ? nv_info_json(&info, call->arena)
					 : nvidia_info_text(&info, call->arena),
		      err);
	if (r < 0)
		return r;
	return info.problems.count ? EXIT_FAILURE : 0;
}

const struct cli_command cli_nvidia_info = {
	.name = "nvidia info",
	.summary = "show driver and GPUs of the host, and what was found where",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct info_options),
	.run = run,
};
