/* SPDX-License-Identifier: Apache-2.0 */
/* The state object. */
#include "oci/state.h"

void oci_state_write(const struct oci_state *state, struct json_writer *w, const char *key)
{
	json_object(w, key);
	json_string(w, "ociVersion", state->version);
	json_string(w, "id", state->id);
	json_int(w, "pid", state->pid);
	json_string(w, "status", state->status);
	json_string(w, "bundle", state->bundle);
	json_string(w, "rootfs", state->rootfs);
	json_string(w, "created", state->created);
	if (state->n_annotations) {
		json_object(w, "annotations");
		for (size_t i = 0; i < state->n_annotations; i++)
			json_string(w, state->annotations[i].key, state->annotations[i].value);
		json_end_object(w);
	}
	json_string(w, "owner", state->owner);
	json_end_object(w);
}
