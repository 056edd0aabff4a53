/* SPDX-License-Identifier: Apache-2.0 */
/* What the host has for GPU containers, as JSON. */
#include "base/json.h"
#include "nvidia/info.h"

static void print_driver(const struct nv_info *info, struct json_writer *w)
{
	json_object(w, "driver");
	json_string(w, "version", info->driver_version);
	if (info->driver_root)
		json_string(w, "root", info->driver_root);
	json_strings(w, "libraryDirs", &info->library_dirs);
	json_bool(w, "persistenced", info->persistence != NULL);
	json_end_object(w);
}

static void print_migs(const struct nv_migs *migs, struct json_writer *w)
{
	json_array(w, "mig");
	VEC_EACH(mig, migs) {
		json_object(w, NULL);
		json_uint(w, "number", mig->number);
		json_uint(w, "gi", mig->gi);
		json_uint(w, "ci", mig->ci);
		json_end_object(w);
	}
	json_end_array(w);
}

static void print_gpu(const struct nv_gpu *gpu, struct json_writer *w)
{
	json_object(w, NULL);
	if (!gpu->left_out) {
		json_uint(w, "index", gpu->index);
		json_uint(w, "minor", gpu->minor);
	}
	json_string(w, "busId", gpu->bus_id);
	if (gpu->uuid)
		json_string(w, "uuid", gpu->uuid);
	if (gpu->model)
		json_string(w, "model", gpu->model);
	if (gpu->mig.count)
		print_migs(&gpu->mig, w);
	if (gpu->left_out)
		json_string(w, "reason", gpu->left_out);
	json_end_object(w);
}

static void print_gpus(const struct nv_gpus *gpus, struct json_writer *w, const char *key)
{
	json_array(w, key);
	VEC_EACH(gpu, gpus)
		print_gpu(gpu, w);
	json_end_array(w);
}

static void print_nodes(const struct nv_info *info, struct json_writer *w)
{
	json_object(w, "nodes");
	VEC_EACH(node, &info->nodes)
		json_string(w, node->path, node->present ? "present" : "missing");
	json_end_object(w);
}

static void print_files(const struct nv_files *files, struct json_writer *w)
{
	json_object(w, files->name);
	for (size_t i = 0; i < NV_FILE_KINDS; i++)
		json_uint(w, nv_file_kind_names[i], files->counts[i]);
	json_end_object(w);
}

char *nv_info_json(const struct nv_info *info, struct arena *arena)
{
	cleanup_json_writer struct json_writer w = { 0 };

	json_writer_init(&w, "\t");
	json_object(&w, NULL);
	print_driver(info, &w);
	print_gpus(&info->gpus, &w, "gpus");
	print_gpus(&info->left_out, &w, "leftOut");
	print_nodes(info, &w);
	json_object(&w, "capabilities");
	VEC_EACH(files, &info->capabilities)
		print_files(files, &w);
	json_end_object(&w);
	json_object(&w, "directories");
	VEC_EACH(files, &info->directories)
		print_files(files, &w);
	json_end_object(&w);
	json_strings(&w, "warnings", &info->warnings);
	json_strings(&w, "problems", &info->problems);
	json_end_object(&w);
	return arena_printf(arena, "%s\n", json_writer_text(&w, arena, NULL));
}
