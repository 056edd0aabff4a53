/* SPDX-License-Identifier: Apache-2.0 */
/* The GPUs of the host, from procfs. */
#include "nvidia/inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/fd.h"
#include "base/str.h"
#include "nvidia/mig.h"

#define INFORMATION_SIZE_MAX (64 * 1024)

/* What `information` says, as text; NULL where the line is missing. */
struct information {
	const char *model;
	const char *uuid;
	const char *minor;
	const char *excluded;
};

static const struct label {
	const char *name;
	size_t offset;
} labels[] = {
	{ "Model", offsetof(struct information, model) },
	{ "GPU UUID", offsetof(struct information, uuid) },
	{ "Device Minor", offsetof(struct information, minor) },
	{ "GPU Excluded", offsetof(struct information, excluded) },
};

/* Lines are `Label:` blanks `value`; unknown labels are those of newer drivers. */
static struct information parse_information(const char *text, struct arena *arena)
{
	struct strings lines = str_split(arena, text, '\n', false);
	struct information info = { 0 };

	VEC_EACH(it, &lines) {
		const char *colon = strchr(*it, ':');
		const char *name;

		if (!colon)
			continue;
		name = str_trim(arena, arena_strndup(arena, *it, (size_t)(colon - *it)));
		for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
			if (str_eq(name, labels[i].name))
				*(const char **)((char *)&info + labels[i].offset) =
					str_trim(arena, colon + 1);
		}
	}
	return info;
}

bool nv_bus_id_parse(const char *text, uint64_t *ret)
{
	unsigned int domain = 0, bus, device, function = 0;
	int end = 0, more = 0;

	/* sscanf takes blanks, signs and `0x`, too. */
	if (text[strspn(text, "0123456789abcdefABCDEF:.")])
		return false;
	if (sscanf(text, "%8x:%2x:%2x%n", &domain, &bus, &device, &end) != 3) {
		domain = 0;
		/* Without a function `1:2` would be the MIG device of an index. */
		if (sscanf(text, "%2x:%2x%n", &bus, &device, &end) != 2 || text[end] != '.')
			return false;
	}
	if (sscanf(text + end, ".%1x%n", &function, &more) == 1)
		end += more;
	if (text[end])
		return false;
	*ret = (uint64_t)domain << 24 | bus << 16 | device << 8 | function;
	return true;
}

/* 1: @ret is filled; 0: no GPU. */
static int read_gpu(int gpus_fd, const char *name, struct arena *arena, struct nv_gpu *ret,
		    struct err *err)
{
	struct nv_gpu gpu = { .bus_id = arena_strdup(arena, name) };
	struct information info;
	uint64_t minor = 0;
	char *text;
	size_t len;
	int r;

	if (!nv_bus_id_parse(name, &gpu.bus_number))
		return 0;
	r = fd_read_file(gpus_fd, arena_printf(arena, "%s/information", name), INFORMATION_SIZE_MAX,
			 arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "read information of GPU %s", name);
	info = parse_information(text, arena);
	if (!info.minor || str_to_u64(info.minor, UINT32_MAX, &minor) < 0)
		gpu.left_out = "it has no minor: it could not be powered up";
	if (info.excluded && str_eq(info.excluded, "Yes"))
		gpu.left_out = "excluded by the driver";
	gpu.model = info.model;
	gpu.minor = (unsigned int)minor;
	/* Until the GPU is first used the driver prints question marks. */
	gpu.uuid = info.uuid && !strchr(info.uuid, '?') ? info.uuid : NULL;
	*ret = gpu;
	return 1;
}

static int compare_gpus(const void *a, const void *b)
{
	const struct nv_gpu *x = a, *y = b;

	return (x->bus_number > y->bus_number) - (x->bus_number < y->bus_number);
}

/* Those that count, or those that are left out. */
static int read_gpus(const char *proc_root, bool left_out, struct arena *arena, struct nv_gpus *ret,
		     struct err *err)
{
	const char *path = arena_printf(arena, "%s/driver/nvidia/gpus", proc_root);
	cleanup_dir DIR *dir = opendir(path);
	struct nv_gpus gpus = { 0 };
	const struct dirent *entry;
	struct nv_gpu gpu;
	int r;

	if (!dir && errno != ENOENT)
		return err_errno(err, "open %s", path);
	while (dir && (entry = readdir(dir))) {
		r = read_gpu(dirfd(dir), entry->d_name, arena, &gpu, err);
		if (r < 0)
			return r;
		if (r > 0 && !!gpu.left_out == left_out)
			VEC_PUSH(&gpus, arena, gpu);
	}
	if (gpus.count)
		qsort(gpus.items, gpus.count, sizeof(gpus.items[0]), compare_gpus);
	for (size_t i = 0; i < gpus.count; i++)
		gpus.items[i].index = (unsigned int)i;
	*ret = gpus;
	return 0;
}

int nv_inventory_read(const char *proc_root, struct arena *arena, struct nv_gpus *ret,
		      struct err *err)
{
	struct nv_gpus gpus;
	int r;

	r = read_gpus(proc_root, false, arena, &gpus, err);
	if (r < 0)
		return r;
	VEC_EACH(gpu, &gpus) {
		r = nv_mig_read(proc_root, gpu->minor, arena, &gpu->mig, err);
		if (r < 0)
			return r;
	}
	*ret = gpus;
	return 0;
}

int nv_inventory_read_left_out(const char *proc_root, struct arena *arena, struct nv_gpus *ret,
			       struct err *err)
{
	return read_gpus(proc_root, true, arena, ret, err);
}

/* `0: GPU-…, 1: GPU-…` for errors. */
static const char *list_gpus(const struct nv_gpus *gpus, struct arena *arena)
{
	struct strbuf buf = { .arena = arena };

	VEC_EACH(gpu, gpus)
		strbuf_addf(&buf, "%s%u: %s%s", buf.len ? ", " : "", gpu->index,
			    gpu->uuid ? gpu->uuid : gpu->bus_id,
			    gpu->uuid ? "" : " with a UUID not known until it is used once");
	return buf.len ? buf.text : "none";
}

/* The GPUs that @id may mean: one, unless it is the beginning of several UUIDs. */
static struct nv_gpus find_gpus(const struct nv_gpus *gpus, const char *id, struct arena *arena)
{
	struct nv_gpus found = { 0 };
	uint64_t number;

	if (str_to_u64(id, UINT64_MAX, &number) == 0) {
		if (number < gpus->count)
			VEC_PUSH(&found, arena, gpus->items[number]);
		return found;
	}
	if (nv_bus_id_parse(id, &number)) {
		VEC_EACH(gpu, gpus) {
			if (gpu->bus_number == number)
				VEC_PUSH(&found, arena, *gpu);
		}
		return found;
	}
	VEC_EACH(gpu, gpus) {
		if (gpu->uuid && strncasecmp(gpu->uuid, id, strlen(id)) == 0)
			VEC_PUSH(&found, arena, *gpu);
	}
	return found;
}

bool nv_inventory_may_miss(const struct nv_gpus *all, const struct nv_request *request)
{
	bool unread = false, asked = false;

	VEC_EACH(gpu, all)
		unread |= !gpu->uuid;
	VEC_EACH(id, &request->ids)
		asked |= strncasecmp(*id, "GPU-", strlen("GPU-")) == 0 ||
			 strncasecmp(*id, "MIG-GPU-", strlen("MIG-GPU-")) == 0;
	return unread && asked;
}

/* What is selected of a GPU. */
struct choice {
	bool whole;
	bool *migs; /* by number */
};

static void choose_all(const struct nv_gpus *all, struct choice *choices)
{
	VEC_EACH(gpu, all) {
		choices[gpu->index].whole = true;
		memset(choices[gpu->index].migs, true, gpu->mig.count);
	}
}

static int choose_mig(const struct nv_gpus *all, const struct nv_request *request, const char *id,
		      struct choice *choices, struct arena *arena, struct err *err)
{
	struct nv_mig_found found;
	int r = nv_mig_find(all, request, id, arena, &found, err);

	if (r == 0)
		choices[found.gpu->index].migs[found.mig->number] = true;
	return r;
}

static int choose_gpu(const struct nv_gpus *all, const struct nv_request *request, const char *id,
		      struct choice *choices, struct arena *arena, struct err *err)
{
	struct nv_gpus found = find_gpus(all, id, arena);

	if (!found.count)
		return err_set(err, ENODEV, "%s%.80s: no such GPU (have %s)", request->source, id,
			       list_gpus(all, arena));
	if (found.count > 1)
		return err_set(err, ENODEV, "%s%.80s: more than one GPU starts so (%s)",
			       request->source, id, list_gpus(&found, arena));
	choices[found.items[0].index].whole = true;
	return 0;
}

/* An index, a bus id and a UUID may name the same GPU. */
static int choose_list(const struct nv_gpus *all, const struct nv_request *request,
		       struct choice *choices, struct arena *arena, struct err *err)
{
	VEC_EACH(id, &request->ids) {
		int r = nv_mig_is_name(*id) ? choose_mig(all, request, *id, choices, arena, err)
					    : choose_gpu(all, request, *id, choices, arena, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int choose_first(const struct nv_gpus *all, const struct nv_request *request,
			struct choice *choices, struct arena *arena, struct err *err)
{
	if (request->count > all->count)
		return err_set(err, ENODEV, "%s%s: not that many GPUs (have %s)", request->source,
			       request->text, list_gpus(all, arena));
	for (size_t i = 0; i < request->count; i++)
		choices[i].whole = true;
	return 0;
}

static int choose(const struct nv_gpus *all, const struct nv_request *request,
		  struct choice *choices, struct arena *arena, struct err *err)
{
	switch (request->kind) {
	case NV_NOTHING:
	case NV_NO_GPU:
		break;
	case NV_ALL:
		if (!all->count)
			return err_set(err, ENODEV, "%s%.80s: the driver is loaded, but has no GPU",
				       request->source, request->text);
		choose_all(all, choices);
		break;
	case NV_COUNT:
		return choose_first(all, request, choices, arena, err);
	case NV_LIST:
		return choose_list(all, request, choices, arena, err);
	}
	return 0;
}

int nv_inventory_select(const struct nv_gpus *all, const struct nv_request *request,
			struct arena *arena, struct nv_gpus *ret, struct err *err)
{
	struct choice *choices = arena_alloc(arena, (all->count + 1) * sizeof(*choices));
	struct nv_gpus gpus = { 0 };
	int r;

	VEC_EACH(gpu, all)
		choices[gpu->index].migs = arena_alloc(arena, gpu->mig.count + 1);
	r = choose(all, request, choices, arena, err);
	if (r < 0)
		return r;
	VEC_EACH(gpu, all) {
		const struct choice *choice = &choices[gpu->index];
		struct nv_gpu selected = *gpu;

		selected.mig = (struct nv_migs){ 0 };
		selected.only_mig = !choice->whole;
		VEC_EACH(mig, &gpu->mig) {
			if (choice->migs[mig->number])
				VEC_PUSH(&selected.mig, arena, *mig);
		}
		if (choice->whole || selected.mig.count)
			VEC_PUSH(&gpus, arena, selected);
	}
	*ret = gpus;
	return 0;
}
