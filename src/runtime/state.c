/* SPDX-License-Identifier: Apache-2.0 */
/* The command `state`. */
#include "base/json.h"
#include "runtime/commands.h"
#include "runtime/container.h"

int runtime_state(const char *root, const char *id, struct arena *arena, char **ret_text,
		  struct err *err)
{
	cleanup_container struct container container = CONTAINER_NONE;
	cleanup_json_writer struct json_writer w = { 0 };
	struct oci_state state;
	size_t len;
	int rc;

	rc = container_open(root, id, arena, &container, err);
	if (rc < 0)
		return rc;
	state = container_state(&container);
	json_writer_init(&w, "  ");
	oci_state_write(&state, &w, NULL);
	*ret_text = json_writer_text(&w, arena, &len);
	return 0;
}
