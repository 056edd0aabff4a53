/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for: by --gpus, mounts, or variables. */
#include <ctype.h>
#include <errno.h>

#include <linux/capability.h>

#include "base/names.h"
#include "base/path.h"
#include "base/str.h"
#include "nvidia/capabilities.h"
#include "nvidia/inventory.h"
#include "nvidia/mig.h"
#include "nvidia/request.h"
#include "oci/env.h"

/* More different ids than any host has GPUs; bounds the work on a hostile environment. */
#define IDS_MAX 256

/* Quoted user text is cut there, so that the words after it fit into an error. */
#define QUOTED_MAX 200

#define CAPABILITIES "NVIDIA_DRIVER_CAPABILITIES"

/* What containers get that name none. */
#define BASE_CAPABILITIES (unsigned int)(NV_CAP_COMPUTE | NV_CAP_UTILITY)

#define GPUS_FORMS                                                                             \
	"all, none, a list of indices, GPU-<uuid>, PCI bus ids or MIG devices such as 0,1:0, " \
	"or count=N"

static bool is_index(const char *id)
{
	uint64_t index;

	return str_to_u64(id, UINT32_MAX, &index) == 0;
}

static bool is_uuid(const char *id)
{
	const char *rest = str_after(id, "GPU-");

	return rest && *rest && rest[strspn(rest, "0123456789abcdefABCDEF-")] == '\0';
}

static bool is_cdi_mount(const char *id)
{
	return str_has_prefix(id, "cdi/");
}

static bool is_imex_mount(const char *id)
{
	return str_has_prefix(id, "imex/");
}

static bool is_cdi_name(const char *id)
{
	return strchr(id, '=') != NULL;
}

static bool is_bus_id(const char *id)
{
	uint64_t number;

	return nv_bus_id_parse(id, &number);
}

/* Forms that other tools know; the first match names the form in the error. */
static const struct foreign_form {
	bool (*matches)(const char *id);
	const char *what;
} foreign_forms[] = {
	{ is_cdi_mount, "CDI names are" },
	{ is_imex_mount, "IMEX channels are" },
	{ is_cdi_name, "CDI names are" },
};

static int check_id(const struct nv_request *request, const char *id, struct err *err)
{
	if (is_index(id) || is_uuid(id) || is_bus_id(id) || nv_mig_is_name(id))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(foreign_forms); i++) {
		if (foreign_forms[i].matches(id))
			return err_set(err, ENOTSUP,
				       "%s%.*s: %s not supported by this version: use an index or "
				       "GPU-<uuid>",
				       request->source, QUOTED_MAX, id, foreign_forms[i].what);
	}
	return err_set(err, EINVAL, "%s%.*s: `%.*s` is no GPU: expected " GPUS_FORMS,
		       request->source, QUOTED_MAX, request->text, QUOTED_MAX, id);
}

/* Sort out the words of a list; @ids without duplicates. */
static int add_ids(struct nv_request *request, const struct strings *words, struct arena *arena,
		   struct err *err)
{
	VEC_EACH(it, words) {
		int r;

		if (strings_have(&request->ids, *it))
			continue;
		r = check_id(request, *it, err);
		if (r < 0)
			return r;
		if (request->ids.count == IDS_MAX)
			return err_set(err, E2BIG, "%s…: more than %d GPUs", request->source,
				       IDS_MAX);
		VEC_PUSH(&request->ids, arena, *it);
	}
	request->kind = NV_LIST;
	return 0;
}

static const char *join(const struct strings *words, struct arena *arena)
{
	struct strbuf buf = { .arena = arena };

	VEC_EACH(it, words)
		strbuf_addf(&buf, "%s%s", buf.len ? "," : "", *it);
	return strbuf_text(&buf);
}

/* `0,1,…,N-1`: what docker sets for a count. */
static const char *count_text(unsigned int count, struct arena *arena)
{
	struct strbuf buf = { .arena = arena };

	for (unsigned int i = 0; i < count; i++)
		strbuf_addf(&buf, "%s%u", i ? "," : "", i);
	return strbuf_text(&buf);
}

static int read_count(const char *number, struct nv_request *request, struct arena *arena,
		      struct err *err)
{
	uint64_t count;

	if (str_to_u64(number, IDS_MAX, &count) < 0 || count == 0)
		return err_set(err, EINVAL, "%s%.*s: expected a count from 1 to %d",
			       request->source, QUOTED_MAX, request->text, IDS_MAX);
	request->kind = NV_COUNT;
	request->count = (unsigned int)count;
	request->visible = count_text(request->count, arena);
	return 0;
}

static const struct name_value option_words[] = {
	{ "all", NV_ALL },
	{ "none", NV_NO_GPU },
};

static int read_option(const char *gpus, struct nv_request *request, struct arena *arena,
		       struct err *err)
{
	const char *number = str_after(gpus, "count=");
	struct strings words;
	int64_t kind;
	int r;

	request->source = "--gpus ";
	request->text = gpus;
	request->visible = gpus;
	if (names_find(option_words, ARRAY_SIZE(option_words), gpus, &kind) == 0) {
		request->kind = kind;
		return 0;
	}
	if (number)
		return read_count(number, request, arena, err);
	/* Empty pieces are kept: `0,` on a command line is a slip of the hand, not a list. */
	words = str_split(arena, gpus, ',', true);
	if (words.count == 0)
		return err_set(err, EINVAL, "--gpus: empty: expected " GPUS_FORMS);
	r = add_ids(request, &words, arena, err);
	if (r < 0)
		return r;
	request->visible = join(&request->ids, arena);
	return 0;
}

/* Words that decide alone, wherever they stand; the first one met wins. */
static const struct name_value sovereign_words[] = {
	{ "void", NV_NOTHING },
	{ "all", NV_ALL },
};

/* The words of engines and images, sorted out. @source: as in struct nv_request. */
static int read_words(const struct strings *words, const char *source, struct nv_request *request,
		      struct arena *arena, struct err *err)
{
	bool none = strings_have(words, "none");
	int64_t kind;

	request->source = source;
	request->text = join(words, arena);
	VEC_EACH(it, words) {
		if (names_find(sovereign_words, ARRAY_SIZE(sovereign_words), *it, &kind) < 0)
			continue;
		request->kind = kind;
		return 0;
	}
	VEC_EACH(it, words) {
		if (none && !str_eq(*it, "none"))
			return err_set(err, EINVAL, "%s%.*s: `none` and GPUs exclude each other",
				       request->source, QUOTED_MAX, request->text);
	}
	if (none)
		request->kind = NV_NO_GPU;
	else if (words->count)
		return add_ids(request, words, arena, err);
	return 0;
}

/* What a mount asks for: the name of /dev/null below the directory; NULL when it is another mount. */
static const char *mount_id(const struct oci_mount *mount, struct arena *arena)
{
	const char *id;

	if (!mount->source || !str_eq(path_clean(arena, mount->source), "/dev/null"))
		return NULL;
	id = str_after(path_clean(arena, mount->destination), NV_MOUNTS_DIR "/");
	return id && *id ? id : NULL;
}

static struct strings mount_ids(const struct oci_config *config, struct nv_request *request,
				struct arena *arena)
{
	struct strings ids = { 0 };

	VEC_EACH(mount, &config->mounts) {
		const char *id = mount_id(mount, arena);

		if (!id)
			continue;
		VEC_PUSH(&ids, arena, id);
		VEC_PUSH(&request->mounts, arena, mount->destination);
	}
	return ids;
}

/* Images of CUDA from before there was NVIDIA_VISIBLE_DEVICES: they want whatever there is. */
static bool is_legacy(const struct strings *env)
{
	const char *version = oci_env_get(env, "CUDA_VERSION");
	const char *require = oci_env_get(env, "NVIDIA_REQUIRE_CUDA");

	return version && *version && !(require && *require);
}

/*
 * The request by the variables @names: the words of those that are set, one after the other.
 * Returns the source for errors, NULL when none is set.
 */
static const char *read_variables(const struct strings *env, const struct strings *names,
				  struct arena *arena, struct strings *ret_words)
{
	struct strings set = { 0 };

	VEC_EACH(name, names) {
		const char *value = oci_env_get(env, *name);
		struct strings words = str_words(arena, value ? value : "");

		if (value)
			VEC_PUSH(&set, arena, *name);
		VEC_EACH(word, &words)
			VEC_PUSH(ret_words, arena, *word);
	}
	return set.count ? arena_printf(arena, "%s=", join(&set, arena)) : NULL;
}

static int read_env(const struct oci_config *config, const struct nv_settings *settings,
		    struct nv_request *request, struct arena *arena, struct err *err)
{
	const struct strings *env = &config->process.env;
	struct strings words = { 0 }, visible = { 0 };
	const char *source;

	VEC_PUSH(&visible, arena, "NVIDIA_VISIBLE_DEVICES");
	source = read_variables(env, &settings->swarm_resource, arena, &words);
	if (!source)
		source = read_variables(env, &visible, arena, &words);
	if (!source && is_legacy(env)) {
		source = "image of CUDA_VERSION without NVIDIA_REQUIRE_CUDA: ";
		VEC_PUSH(&words, arena, "all");
	}
	if (!words.count)
		return 0;
	if (settings->accept_env || config->process.capabilities.bounding & 1ULL << CAP_SYS_ADMIN)
		return read_words(&words, source, request, arena, err);
	if (!strings_have(&words, "void"))
		VEC_PUSH(&request->warnings, arena,
			 arena_printf(arena,
				      "%s%.*s ignored: the container is not privileged, and "
				      "accept-nvidia-visible-devices-envvar-when-unprivileged is "
				      "false",
				      source, QUOTED_MAX, join(&words, arena)));
	return 0;
}

/* As nvidia-container-runtime-hook does it. */
static int read_capabilities(const struct strings *env, const struct nv_settings *settings,
			     struct nv_request *request, struct arena *arena, struct err *err)
{
	const char *text = oci_env_get(env, CAPABILITIES), *unknown;
	unsigned int set, named;

	if (settings->ignore_capabilities) {
		request->capabilities = settings->capabilities;
		request->implied = settings->capabilities & ~BASE_CAPABILITIES;
		return 0;
	}
	if (nv_capabilities_parse(text ? text : "", arena, &set, &unknown) < 0)
		return err_set(err, EINVAL, CAPABILITIES ": unknown capability `%.*s` (known: %s)",
			       QUOTED_MAX, unknown,
			       nv_capabilities_text(NV_CAP_EVERY | NV_CAP_ALL, ", ", arena));
	named = set | BASE_CAPABILITIES;
	if (set & NV_CAP_ALL || (!text && is_legacy(env)))
		set = settings->capabilities;
	else if (!set)
		set = settings->capabilities & BASE_CAPABILITIES;
	if (set & ~settings->capabilities)
		return err_set(err, EINVAL,
			       CAPABILITIES ": unsupported capabilities found: %s "
					    "(supported-driver-capabilities: %s)",
			       nv_capabilities_text(set & ~settings->capabilities, ",", arena),
			       nv_capabilities_text(settings->capabilities, ",", arena));
	request->capabilities = set;
	request->implied = set & ~named;
	return 0;
}

/* NVIDIA's own, by which engines ask for GPUs: they would do all of it again. */
static const char *const foreign_hooks[] = {
	"nvidia-container-runtime-hook",
	"nvidia-container-toolkit",
};

static struct strings find_hooks(const struct oci_config *config, struct arena *arena)
{
	struct strings found = { 0 };

	VEC_EACH(hook, &config->hooks[OCI_HOOK_PRESTART]) {
		const char *slash = strrchr(hook->path, '/');

		for (size_t i = 0; slash && i < ARRAY_SIZE(foreign_hooks); i++) {
			if (str_eq(slash + 1, foreign_hooks[i]))
				VEC_PUSH(&found, arena, foreign_hooks[i]);
		}
	}
	return found;
}

bool nv_may_be_requested(const struct oci_config *config, const char *gpus, struct arena *arena)
{
	const struct strings *env = &config->process.env;

	if (gpus || oci_env_get(env, "NVIDIA_VISIBLE_DEVICES") || is_legacy(env) ||
	    find_hooks(config, arena).count)
		return true;
	VEC_EACH(variable, env) {
		if (str_has_prefix(*variable, NV_SWARM_PREFIX))
			return true;
	}
	VEC_EACH(mount, &config->mounts) {
		if (mount_id(mount, arena))
			return true;
	}
	return false;
}

int nv_request_read(const struct oci_config *config, const char *gpus,
		    const struct nv_settings *settings, struct arena *arena, struct nv_request *ret,
		    struct err *err)
{
	struct nv_request request = { .kind = NV_NOTHING, .hooks = find_hooks(config, arena) };
	struct strings ids = { 0 };
	int r;

	if (settings->accept_mounts)
		ids = mount_ids(config, &request, arena);
	if (gpus)
		r = read_option(gpus, &request, arena, err);
	else if (ids.count)
		r = read_words(&ids, "mounts in " NV_MOUNTS_DIR ": ", &request, arena, err);
	else
		r = read_env(config, settings, &request, arena, err);
	if (r == 0 && nv_is_requested(&request))
		r = read_capabilities(&config->process.env, settings, &request, arena, err);
	if (r < 0)
		return r;
	*ret = request;
	return 0;
}

bool nv_is_requested(const struct nv_request *request)
{
	return request->kind != NV_NOTHING;
}
