/* SPDX-License-Identifier: Apache-2.0 */
/* The global options. */
#include "cli/globals.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>

#include "base/log.h"
#include "base/path.h"
#include "cgroups/cgroup.h"
#include "runtime/create.h"

static const struct name_value format_names[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
};
static const struct words formats = WORDS(format_names, "format of messages");

static const struct name_value level_names[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};
static const struct words levels = WORDS(level_names, "level of messages");

static const struct name_value rootless_names[] = {
	{ "true", ROOTLESS_TRUE },
	{ "false", ROOTLESS_FALSE },
	{ "auto", ROOTLESS_AUTO },
};
static const struct words rootless = WORDS(rootless_names, "rootless");

#define AT(member) offsetof(struct cli_globals, member)

static const struct cli_option options[] = {
	{ "cgroup-manager", 0, OPTION_WORD, NULL, "who makes cgroups", AT(cgroup_manager),
	  &cg_manager_words },
	{ "debug", 0, OPTION_FLAG, NULL, "the same as --log-level debug", AT(debug), NULL },
	{ "log", 0, OPTION_FILE, "FILE", "append messages to FILE", AT(log), NULL },
	{ "log-format", 0, OPTION_WORD, NULL, "how (default text)", AT(log_format), &formats },
	{ "log-level", 0, OPTION_WORD, NULL, "how much (default warning)", AT(log_level), &levels },
	{ "root", 0, OPTION_DIR, "DIR", "directory of all states", AT(root), NULL },
	{ "rootless", 0, OPTION_WORD, NULL, "run without cgroup if denied", AT(rootless),
	  &rootless },
	{ "settings", 0, OPTION_FILE, "FILE", "settings of the host", AT(settings), NULL },
	{ "systemd-cgroup", 0, OPTION_FLAG, NULL, "--cgroup-manager systemd", AT(systemd_cgroup),
	  NULL },
	{ "version", 'v', OPTION_FLAG, NULL, "show the version", AT(version), NULL },
};

const struct option_set cli_global_options = {
	.items = options,
	.count = ARRAY_SIZE(options),
	.stop_at_argument = true,
};

/* `/` would make every directory of the host a container to list and to delete. */
static int make_root(const char *path, struct arena *arena, const char **ret, struct err *err)
{
	char cwd[PATH_MAX];

	if (path[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_errno(err, "make --root `%s` absolute: current directory", path);
		path = arena_printf(arena, "%s/%s", cwd, path);
	}
	if (str_eq(path_clean(arena, path), "/"))
		return err_set(err, EINVAL, "option `--root` may not be `/`");
	*ret = path;
	return 0;
}

int cli_globals_parse(const struct strings *words, struct arena *arena, struct cli_globals *ret,
		      struct options_rest *ret_rest, struct err *err)
{
	struct cli_globals globals = { .log_level = LOG_LEVEL_WARNING };
	struct options_rest rest;
	int r;

	r = options_parse(&cli_global_options, words, &globals, arena, &rest, err);
	if (r < 0)
		return r;
	if (globals.debug)
		globals.log_level = LOG_LEVEL_DEBUG;
	if (globals.systemd_cgroup)
		globals.cgroup_manager = CG_SYSTEMD;
	if (globals.root) {
		r = make_root(globals.root, arena, &globals.root, err);
		if (r < 0)
			return r;
	}
	*ret = globals;
	*ret_rest = rest;
	return 0;
}
