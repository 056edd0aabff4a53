/* SPDX-License-Identifier: Apache-2.0 */
/* NVML's answers, from libexec/nvcrun/nvml-probe. */
#include "nvidia/nvml.h"

#include <errno.h>
#include <stddef.h>

#include "base/decode.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/proc.h"

#define HELPER "nvml-probe"

struct answer_mig {
	uint32_t gi;
	uint32_t ci;
	const char *uuid;
};

struct answer_gpu {
	const char *bus;
	VEC(struct answer_mig) mig;
};

struct answer {
	VEC(struct answer_gpu) gpus;
};

static const struct field mig_table[] = {
	{ "gi", decode_u32, offsetof(struct answer_mig, gi), NULL, FIELD_REQUIRED },
	{ "ci", decode_u32, offsetof(struct answer_mig, ci), NULL, FIELD_REQUIRED },
	{ "uuid", decode_string, offsetof(struct answer_mig, uuid), NULL, FIELD_REQUIRED },
};
static const struct fields mig_fields = FIELDS(mig_table, struct answer_mig);

static const struct field gpu_table[] = {
	{ "bus", decode_string, offsetof(struct answer_gpu, bus), NULL, FIELD_REQUIRED },
	{ "mig", decode_structs, offsetof(struct answer_gpu, mig), &mig_fields, FIELD_REQUIRED },
};
static const struct fields gpu_fields = FIELDS(gpu_table, struct answer_gpu);

static const struct field answer_table[] = {
	{ "gpus", decode_structs, offsetof(struct answer, gpus), &gpu_fields, FIELD_REQUIRED },
};
static const struct fields answer_fields = FIELDS(answer_table, struct answer);

/* The host path of NVML; NULL: the driver has none. */
static const char *find_library(const struct nv_job *job)
{
	const struct strings *const lists[] = { &job->driver->library_dirs,
						&job->driver->further_dirs };
	const char *host_path;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		VEC_EACH(dir, lists[i]) {
			const char *path = arena_printf(job->arena, "%s/libnvidia-ml.so.%s", *dir,
							job->driver->version);
			cleanup_close int fd = -EBADF;

			if (nv_driver_open_file(job->driver, path, job->arena, &fd, &host_path) ==
			    0)
				return host_path;
		}
	}
	return NULL;
}

static int ask(const struct nv_job *job, struct answer *ret, struct err *err)
{
	struct decode d = { .arena = job->arena, .document = HELPER, .err = err };
	const char *argv[] = { find_library(job), NULL };
	const struct value *document = NULL;
	char *text;
	int r;

	if (!argv[0])
		return err_set(err, ENOENT, "the driver has no libnvidia-ml.so.%s",
			       job->driver->version);
	r = proc_run_helper(HELPER, argv, (int)job->settings->nvml_timeout * 1000, job->arena,
			    &text, err);
	if (r == -ETIMEDOUT)
		return err_prefix(err, "NVML hangs (does `nvidia-smi -L` answer? The setting "
				       "nvml-timeout gives it more time)");
	if (r == 0)
		r = json_read(text, strlen(text), HELPER, job->arena, &document, err);
	return r < 0 ? r : decode_object(&d, document, &answer_fields, ret);
}

static void set_uuids(const struct answer_gpu *answer, struct nv_gpu *gpu)
{
	uint64_t bus_number;

	if (!nv_bus_id_parse(answer->bus, &bus_number) || bus_number != gpu->bus_number)
		return;
	VEC_EACH(it, &answer->mig) {
		VEC_EACH(mig, &gpu->mig) {
			if (mig->gi == it->gi && mig->ci == it->ci)
				mig->uuid = it->uuid;
		}
	}
}

int nv_nvml_read_mig_uuids(const struct nv_job *job, struct nv_gpus *gpus, struct err *err)
{
	struct answer answer = { 0 };
	bool any = false;
	int r;

	VEC_EACH(gpu, gpus)
		any |= gpu->mig.count > 0;
	if (!any)
		return 0;
	r = ask(job, &answer, err);
	if (r < 0)
		return err_prefix(err, "%s%.80s", job->request->source, job->request->text);
	VEC_EACH(gpu, gpus) {
		VEC_EACH(it, &answer.gpus)
			set_uuids(it, gpu);
	}
	return 0;
}
