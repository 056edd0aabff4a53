/* SPDX-License-Identifier: Apache-2.0 */
/* MIG devices, from the driver's capabilities in procfs. */
#include "nvidia/mig.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/fd.h"
#include "base/str.h"

/* mig-minors lists all instances that there may ever be: 110 KB. */
#define FILE_SIZE_MAX (1024 * 1024)

/* The kernel's device numbers have 20 bits for it. */
#define MINOR_MAX 0xfffff

#define DRIVER_DIR "/driver/nvidia"

struct ids {
	unsigned int *items;
	size_t count;
	size_t capacity;
};

static int compare_ids(const void *a, const void *b)
{
	const unsigned int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The numbers of the entries `<@prefix>N` of a directory, sorted; none where there is no directory. */
static int list_ids(const char *path, const char *prefix, struct arena *arena, struct ids *ret,
		    struct err *err)
{
	cleanup_dir DIR *dir = opendir(path);
	const struct dirent *entry;
	struct ids ids = { 0 };

	if (!dir && errno != ENOENT)
		return err_errno(err, "open %s", path);
	while (dir && (entry = readdir(dir))) {
		const char *number = str_after(entry->d_name, prefix);
		uint64_t id;

		if (number && str_to_u64(number, UINT32_MAX, &id) == 0)
			VEC_PUSH(&ids, arena, (unsigned int)id);
	}
	if (ids.count)
		qsort(ids.items, ids.count, sizeof(ids.items[0]), compare_ids);
	*ret = ids;
	return 0;
}

int nv_mig_read(const char *proc_root, unsigned int minor, struct arena *arena, struct nv_migs *ret,
		struct err *err)
{
	const char *dir =
		arena_printf(arena, "%s" DRIVER_DIR "/capabilities/gpu%u/mig", proc_root, minor);
	struct nv_migs migs = { 0 };
	struct ids gis, cis;
	int r;

	r = list_ids(dir, "gi", arena, &gis, err);
	if (r < 0)
		return r;
	VEC_EACH(gi, &gis) {
		r = list_ids(arena_printf(arena, "%s/gi%u", dir, *gi), "ci", arena, &cis, err);
		if (r < 0)
			return r;
		VEC_EACH(ci, &cis) {
			const struct nv_mig mig = { .number = (unsigned int)migs.count,
						    .gi = *gi,
						    .ci = *ci };

			VEC_PUSH(&migs, arena, mig);
		}
	}
	*ret = migs;
	return 0;
}

/* A name, taken apart. */
struct name {
	enum {
		BY_NUMBER,   /* `1:0` */
		BY_INSTANCE, /* `MIG-GPU-<uuid>/1/0` */
		BY_UUID,     /* `MIG-<uuid>` */
	} kind;
	const char *gpu_uuid; /* BY_INSTANCE: text of gpu_len bytes */
	size_t gpu_len;
	unsigned int numbers[2]; /* GPU index and number, or the ids of both instances */
	const char *uuid;	 /* BY_UUID: with `MIG-` */
};

/* Two numbers with a character between them, and nothing else. */
static bool parse_numbers(const char *text, char separator, unsigned int *ret)
{
	char between = '\0';
	int end = 0;

	/* sscanf takes blanks and signs, too. */
	return isdigit((unsigned char)text[0]) && !text[strspn(text, "0123456789:/")] &&
	       sscanf(text, "%9u%c%9u%n", &ret[0], &between, &ret[1], &end) == 3 &&
	       between == separator && !text[end];
}

static bool parse_name(const char *id, struct name *ret)
{
	const char *rest = str_after(id, "MIG-");
	const char *slash = rest ? strchr(rest, '/') : NULL;

	if (!rest) {
		ret->kind = BY_NUMBER;
		return parse_numbers(id, ':', ret->numbers);
	}
	if (slash) {
		ret->kind = BY_INSTANCE;
		ret->gpu_uuid = rest;
		ret->gpu_len = (size_t)(slash - rest);
		return str_has_prefix(rest, "GPU-") && parse_numbers(slash + 1, '/', ret->numbers);
	}
	ret->kind = BY_UUID;
	ret->uuid = id;
	return *rest && !rest[strspn(rest, "0123456789abcdefABCDEF-")];
}

bool nv_mig_is_name(const char *id)
{
	struct name name;

	return parse_name(id, &name);
}

bool nv_mig_needs_nvml(const struct nv_request *request)
{
	struct name name;

	VEC_EACH(id, &request->ids) {
		if (parse_name(*id, &name) && name.kind == BY_UUID)
			return true;
	}
	return false;
}

static bool is_gpu(const struct nv_gpu *gpu, const struct name *name)
{
	switch (name->kind) {
	case BY_NUMBER:
		return gpu->index == name->numbers[0];
	case BY_INSTANCE:
		return gpu->uuid && strlen(gpu->uuid) == name->gpu_len &&
		       strncasecmp(gpu->uuid, name->gpu_uuid, name->gpu_len) == 0;
	case BY_UUID:
		break;
	}
	return true;
}

static bool is_mig(const struct nv_mig *mig, const struct name *name)
{
	switch (name->kind) {
	case BY_NUMBER:
		return mig->number == name->numbers[1];
	case BY_INSTANCE:
		return mig->gi == name->numbers[0] && mig->ci == name->numbers[1];
	case BY_UUID:
		break;
	}
	/* The beginning is enough, as with GPUs. */
	return mig->uuid && strncasecmp(mig->uuid, name->uuid, strlen(name->uuid)) == 0;
}

/* `1:0 = gi1/ci0, 1:1 = gi1/ci1` for errors. */
static const char *list_migs(const struct nv_gpus *gpus, struct arena *arena)
{
	struct strbuf buf = { .arena = arena };

	VEC_EACH(gpu, gpus) {
		VEC_EACH(mig, &gpu->mig)
			strbuf_addf(&buf, "%s%u:%u = gi%u/ci%u%s%s", buf.len ? ", " : "",
				    gpu->index, mig->number, mig->gi, mig->ci,
				    mig->uuid ? " = " : "", mig->uuid ? mig->uuid : "");
	}
	return buf.len ? buf.text : "none";
}

int nv_mig_find(const struct nv_gpus *all, const struct nv_request *request, const char *id,
		struct arena *arena, struct nv_mig_found *ret, struct err *err)
{
	const struct nv_gpu *named = NULL;
	struct name name;
	size_t count = 0;
	const char *what = "no such MIG device";

	if (!parse_name(id, &name))
		return err_set(err, EINVAL, "%s%.80s: no name of a MIG device", request->source,
			       id);
	VEC_EACH(gpu, all) {
		if (!is_gpu(gpu, &name))
			continue;
		named = gpu;
		VEC_EACH(mig, &gpu->mig) {
			if (!is_mig(mig, &name))
				continue;
			*ret = (struct nv_mig_found){ gpu, mig };
			count++;
		}
	}
	if (count == 1)
		return 0;
	if (count > 1)
		what = "more than one MIG device starts so";
	else if (name.kind != BY_UUID && named && !named->mig.count)
		what = arena_printf(arena, "GPU %u has no MIG devices", named->index);
	return err_set(err, ENODEV, "%s%.80s: %s (have %s)", request->source, id, what,
		       list_migs(all, arena));
}

/* The number behind @label at the start of a line. Returns whether there is one. */
static bool find_number(const char *text, const char *label, struct arena *arena, uint64_t *ret)
{
	for (const char *at = strstr(text, label); at; at = strstr(at + 1, label)) {
		const char *number = at + strlen(label);

		if (at != text && at[-1] != '\n')
			continue;
		number += strspn(number, " \t");
		number = arena_strndup(arena, number, strspn(number, "0123456789"));
		return str_to_u64(number, MINOR_MAX, ret) == 0;
	}
	return false;
}

static int parse_access(struct arena *arena, struct nv_mig_access *access, struct err *err)
{
	uint64_t minor, mode;

	if (!find_number(access->text, "DeviceFileMinor:", arena, &minor) ||
	    !find_number(access->text, "DeviceFileMode:", arena, &mode))
		return err_set(err, EINVAL,
			       "%s: expected lines `DeviceFileMinor:` and `DeviceFileMode:` with "
			       "numbers",
			       access->path);
	access->minor = (unsigned int)minor;
	access->mode = mode & 0777;
	return 0;
}

/* Where the job's accesses are collected. */
struct collector {
	const struct nv_job *job;
	const char *minors_path;
	const char *minors; /* text of mig-minors, empty where it cannot be read */
	struct nv_mig_accesses accesses;
};

static int check_minor(const struct collector *collector, const struct nv_mig_access *access,
		       const char *label, struct err *err)
{
	uint64_t minor;

	if (find_number(collector->minors, label, collector->job->arena, &minor) &&
	    minor != access->minor)
		return err_set(err, ENODEV, "%s says minor %u, and %s %u: load the driver again",
			       access->path, access->minor, collector->minors_path,
			       (unsigned int)minor);
	return 0;
}

/* @instance: `gi1` or `gi1/ci0` */
static int add_access(struct collector *collector, const struct nv_gpu *gpu, const char *instance,
		      unsigned int number, struct err *err)
{
	struct arena *arena = collector->job->arena;
	struct nv_mig_access access = {
		.name = arena_printf(arena, "capabilities/gpu%u/mig/%s/access", gpu->minor,
				     instance),
		.reason = arena_printf(arena, "MIG device %u:%u", gpu->index, number),
	};
	size_t len;
	char *text;
	int r;

	VEC_EACH(known, &collector->accesses) {
		if (!str_eq(known->name, access.name))
			continue;
		known->reason = arena_printf(arena, "%s, %u:%u", known->reason, gpu->index, number);
		return 0;
	}
	access.path = arena_printf(arena, "%s" DRIVER_DIR "/%s",
				   collector->job->settings->testing.proc_root, access.name);
	r = fd_read_file(AT_FDCWD, access.path, FILE_SIZE_MAX, arena, &text, &len);
	if (r < 0)
		return err_code(err, r, "read %s", access.path);
	access.text = text;
	r = parse_access(arena, &access, err);
	if (r == 0)
		r = check_minor(collector, &access,
				arena_printf(arena, "gpu%u/%s/access ", gpu->minor, instance), err);
	if (r == 0)
		VEC_PUSH(&collector->accesses, arena, access);
	return r;
}

static int add_gpu(struct collector *collector, const struct nv_gpu *gpu, struct err *err)
{
	struct arena *arena = collector->job->arena;
	int r = 0;

	VEC_EACH(mig, &gpu->mig) {
		r = add_access(collector, gpu, arena_printf(arena, "gi%u", mig->gi), mig->number,
			       err);
		if (r == 0)
			r = add_access(collector, gpu,
				       arena_printf(arena, "gi%u/ci%u", mig->gi, mig->ci),
				       mig->number, err);
		if (r < 0)
			break;
	}
	return r;
}

int nv_mig_accesses(const struct nv_job *job, struct nv_mig_accesses *ret, struct err *err)
{
	struct collector collector = { .job = job };
	size_t len;
	char *text;

	collector.minors_path = arena_printf(job->arena, "%s/driver/nvidia-caps/mig-minors",
					     job->settings->testing.proc_root);
	VEC_EACH(gpu, job->gpus) {
		int r;

		if (!gpu->mig.count)
			continue;
		if (!collector.minors)
			collector.minors = fd_read_file(AT_FDCWD, collector.minors_path,
							FILE_SIZE_MAX, job->arena, &text, &len) < 0
						   ? ""
						   : text;
		r = add_gpu(&collector, gpu, err);
		if (r < 0)
			return r;
	}
	*ret = collector.accesses;
	return 0;
}
