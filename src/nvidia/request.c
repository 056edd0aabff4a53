/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for: --gpus, or NVIDIA_VISIBLE_DEVICES and NVIDIA_DRIVER_CAPABILITIES. */
#include <ctype.h>
#include <errno.h>

#include "base/names.h"
#include "base/str.h"
#include "nvidia/inject.h"
#include "nvidia/inventory.h"

/* More different ids than any host has GPUs; bounds the work on a hostile environment. */
#define IDS_MAX 256

/* Quoted user text is cut there, so that the words after it fit into an error. */
#define QUOTED_MAX 200

#define GPUS_FORMS "all, none, a list of indices, GPU-<uuid> or PCI bus ids such as 0,1, or count=N"

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

static bool is_mig_uuid(const char *id)
{
	return str_has_prefix(id, "MIG-");
}

static bool is_mig_pair(const char *id)
{
	size_t gpu = strspn(id, "0123456789");

	return gpu && id[gpu] == ':' && id[gpu + 1] &&
	       id[gpu + 1 + strspn(id + gpu + 1, "0123456789")] == '\0';
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
	{ is_mig_uuid, "MIG devices are" },
	{ is_mig_pair, "MIG devices are" },
	{ is_cdi_name, "CDI names are" },
};

static int check_id(const struct nv_request *request, const char *id, struct err *err)
{
	if (is_index(id) || is_uuid(id) || is_bus_id(id))
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

/* Trimmed, without empty pieces: engines and images write blanks and trailing commas. */
static struct strings split_words(const char *text, struct arena *arena)
{
	struct strings pieces = str_split(arena, text, ',', false), words = { 0 };

	VEC_EACH(it, &pieces) {
		const char *word = str_trim(arena, *it);

		if (*word)
			VEC_PUSH(&words, arena, word);
	}
	return words;
}

/* Words that decide alone, wherever they stand; the first one met wins. */
static const struct name_value sovereign_words[] = {
	{ "void", NV_NOTHING },
	{ "all", NV_ALL },
};

static int read_visible(const char *visible, struct nv_request *request, struct arena *arena,
			struct err *err)
{
	struct strings words = split_words(visible, arena);
	bool none = strings_have(&words, "none");
	int64_t kind;

	request->source = "NVIDIA_VISIBLE_DEVICES=";
	request->text = join(&words, arena);
	VEC_EACH(it, &words) {
		if (names_find(sovereign_words, ARRAY_SIZE(sovereign_words), *it, &kind) < 0)
			continue;
		request->kind = kind;
		return 0;
	}
	VEC_EACH(it, &words) {
		if (none && !str_eq(*it, "none"))
			return err_set(err, EINVAL, "%s%.*s: `none` and GPUs exclude each other",
				       request->source, QUOTED_MAX, request->text);
	}
	if (none)
		request->kind = NV_NO_GPU;
	else if (words.count)
		return add_ids(request, &words, arena, err);
	return 0;
}

enum capability { COMPUTE, UTILITY, ALL, OTHER };

static const struct name_value capability_names[] = {
	{ "compute", COMPUTE }, { "utility", UTILITY }, { "all", ALL },	  { "video", OTHER },
	{ "graphics", OTHER },	{ "display", OTHER },	{ "ngx", OTHER }, { "compat32", OTHER },
};

static const char *known_capabilities(struct arena *arena)
{
	struct strbuf list = { .arena = arena };

	for (size_t i = 0; i < ARRAY_SIZE(capability_names); i++)
		strbuf_addf(&list, "%s%s", i ? ", " : "", capability_names[i].name);
	return strbuf_text(&list);
}

/* As nvidia-container-runtime-hook: unset or empty means compute and utility. */
static int read_capabilities(const char *text, struct nv_request *request, struct arena *arena,
			     struct err *err)
{
	struct strings words = split_words(text ? text : "", arena);

	if (words.count == 0)
		request->compute = request->utility = true;
	VEC_EACH(it, &words) {
		int64_t word;
		int r;

		r = names_find(capability_names, ARRAY_SIZE(capability_names), *it, &word);
		if (r < 0)
			return err_set(err, EINVAL,
				       "NVIDIA_DRIVER_CAPABILITIES: unknown capability `%.*s` "
				       "(known: %s)",
				       QUOTED_MAX, *it, known_capabilities(arena));
		request->compute |= word == COMPUTE || word == ALL;
		request->utility |= word == UTILITY || word == ALL;
		if (word == OTHER && !strings_have(&request->unsupported, *it))
			VEC_PUSH(&request->unsupported, arena, *it);
	}
	return 0;
}

int nv_request_read(const struct oci_config *config, const char *gpus, struct arena *arena,
		    struct nv_request *ret, struct err *err)
{
	const struct strings *env = &config->process.env;
	struct nv_request request = { .kind = NV_NOTHING };
	const char *visible;
	int r;

	if (gpus) {
		r = read_option(gpus, &request, arena, err);
	} else {
		visible = oci_env_get(env, "NVIDIA_VISIBLE_DEVICES");
		r = read_visible(visible ? visible : "", &request, arena, err);
	}
	if (r >= 0 && nv_is_requested(&request))
		r = read_capabilities(oci_env_get(env, "NVIDIA_DRIVER_CAPABILITIES"), &request,
				      arena, err);
	if (r < 0)
		return r;
	*ret = request;
	return 0;
}

bool nv_is_requested(const struct nv_request *request)
{
	return request->kind != NV_NOTHING;
}
