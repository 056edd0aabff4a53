/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of config.json: a document, read into a model of its own. */
#pragma once

#include "oci/config_io.h"
#include "test.h"

/* A document of the required members and @rest, which starts with a comma or is empty. */
#define WITH(rest)    "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}" rest "}"
#define PROCESS(rest) WITH(",\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"]" rest "}")
#define LINUX(rest)   WITH(",\"linux\":{" rest "}")

/* One parse; everything that it made. */
struct result {
	struct arena arena;
	struct oci_notes notes;
	struct oci_config *config;
	struct err err;
	int r;
};

static struct result parse(const char *text)
{
	struct result result = { 0 };

	result.r = oci_config_parse(text, strlen(text), "/bundle", &result.arena, &result.notes,
				    &result.config, &result.err);
	return result;
}
