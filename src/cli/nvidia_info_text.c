/* SPDX-License-Identifier: Apache-2.0 */
/* What `nvidia info` tells people. */
#include "cli/nvidia_info_text.h"

#include "base/str.h"
#include "cli/print_table.h"

#define FILES_COLUMNS (1 + NV_FILE_KINDS)

static void add_table(struct strbuf *out, struct table *table)
{
	strbuf_addf(out, "%s%s", out->len ? "\n" : "", table_print(table));
}

static void add_driver(struct strbuf *out, const struct nv_info *info)
{
	struct table table = { .arena = out->arena, .n_columns = 2 };
	struct strbuf dirs = { .arena = out->arena };
	const char *const rows[][2] = {
		{ "Driver:", info->driver_version },
		{ "Driver root:", info->driver_root ? info->driver_root : "no files found" },
		{ "Persistence:",
		  info->persistence ? info->persistence : "no nvidia-persistenced seen" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		table_add(&table, rows[i]);
	VEC_EACH(dir, &info->library_dirs)
		strbuf_addf(&dirs, "%s%s", dirs.len ? ", " : "", *dir);
	if (dirs.len)
		table_add(&table, (const char *const[]){ "Libraries:", strbuf_text(&dirs) });
	add_table(out, &table);
}

static void add_migs(struct table *table, const struct nv_gpu *gpu)
{
	VEC_EACH(mig, &gpu->mig) {
		const char *const cells[] = {
			arena_printf(table->arena, "%u:%u", gpu->index, mig->number),
			"",
			"",
			"MIG device",
			arena_printf(table->arena, "gi%u/ci%u", mig->gi, mig->ci),
		};

		table_add(table, cells);
	}
}

static void add_gpus(struct strbuf *out, const struct nv_info *info)
{
	static const char *const titles[] = { "GPU", "MINOR", "PCI BUS ID", "MODEL", "UUID" };
	struct table table = { .arena = out->arena, .n_columns = ARRAY_SIZE(titles) };

	table_add(&table, titles);
	VEC_EACH(gpu, &info->gpus) {
		const char *const cells[ARRAY_SIZE(titles)] = {
			arena_printf(out->arena, "%u", gpu->index),
			arena_printf(out->arena, "%u", gpu->minor),
			gpu->bus_id,
			gpu->model,
			gpu->uuid ? gpu->uuid : "not known until it is used once",
		};

		table_add(&table, cells);
		add_migs(&table, gpu);
	}
	VEC_EACH(gpu, &info->left_out) {
		const char *const cells[ARRAY_SIZE(titles)] = { "none", "", gpu->bus_id, gpu->model,
								gpu->left_out };

		table_add(&table, cells);
	}
	add_table(out, &table);
}

static void add_nodes(struct strbuf *out, const struct nv_info *info)
{
	struct table table = { .arena = out->arena, .n_columns = 2 };

	table_add(&table, (const char *const[]){ "DEVICE", "IS" });
	VEC_EACH(node, &info->nodes)
		table_add(&table, (const char *const[]){ node->path,
							 node->present ? "present" : "missing" });
	add_table(out, &table);
}

static void add_files(struct table *table, const struct nv_files *files)
{
	const char *cells[FILES_COLUMNS] = { files->name };

	for (size_t i = 0; i < NV_FILE_KINDS; i++)
		cells[i + 1] = arena_printf(table->arena, "%zu", files->counts[i]);
	table_add(table, cells);
}

static struct table files_table(const char *title, struct arena *arena)
{
	const char *titles[FILES_COLUMNS] = {
		title, "LIBRARIES", "PROGRAMS", "FIRMWARE", "SOCKETS", "OTHERS",
	};
	struct table table = { .arena = arena, .n_columns = FILES_COLUMNS };

	table_add(&table, titles);
	return table;
}

char *nvidia_info_text(const struct nv_info *info, struct arena *arena)
{
	struct table capabilities = files_table("CAPABILITY", arena);
	struct table directories = files_table("DIRECTORY", arena);
	struct strbuf out = { .arena = arena };

	add_driver(&out, info);
	add_gpus(&out, info);
	VEC_EACH(files, &info->capabilities)
		add_files(&capabilities, files);
	VEC_EACH(files, &info->directories)
		add_files(&directories, files);
	if (info->driver_root) {
		add_nodes(&out, info);
		add_table(&out, &capabilities);
		add_table(&out, &directories);
	}
	if (info->warnings.count + info->problems.count)
		strbuf_addc(&out, '\n');
	VEC_EACH(warning, &info->warnings)
		strbuf_addf(&out, "warning: %s\n", *warning);
	VEC_EACH(problem, &info->problems)
		strbuf_addf(&out, "problem: %s\n", *problem);
	return arena_strdup(arena, strbuf_text(&out));
}
