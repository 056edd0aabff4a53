/* SPDX-License-Identifier: Apache-2.0 */
/* Driver capabilities. */
#include "nvidia/capabilities.h"

#include <errno.h>

#include "base/names.h"

static const struct name_value names[] = {
	{ "compute", NV_CAP_COMPUTE },	 { "utility", NV_CAP_UTILITY }, { "video", NV_CAP_VIDEO },
	{ "graphics", NV_CAP_GRAPHICS }, { "display", NV_CAP_DISPLAY }, { "ngx", NV_CAP_NGX },
	{ "compat32", NV_CAP_COMPAT32 }, { "all", NV_CAP_ALL },
};

int nv_capabilities_parse(const char *text, struct arena *arena, unsigned int *ret,
			  const char **ret_unknown)
{
	struct strings words = str_words(arena, text);
	unsigned int set = 0;

	VEC_EACH(word, &words) {
		int64_t bit;

		if (names_find(names, ARRAY_SIZE(names), *word, &bit) < 0) {
			*ret_unknown = *word;
			return -EINVAL;
		}
		set |= (unsigned int)bit;
	}
	*ret = set;
	return 0;
}

struct strings nv_capabilities_words(unsigned int set, struct arena *arena)
{
	struct strings words = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (set & (unsigned int)names[i].value)
			VEC_PUSH(&words, arena, names[i].name);
	}
	return words;
}

const char *nv_capabilities_text(unsigned int set, const char *separator, struct arena *arena)
{
	const struct strings words = nv_capabilities_words(set, arena);
	struct strbuf buf = { .arena = arena };

	VEC_EACH(word, &words)
		strbuf_addf(&buf, "%s%s", buf.len ? separator : "", *word);
	return strbuf_text(&buf);
}
