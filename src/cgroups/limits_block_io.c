/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: linux.resources.blockIO, whose files take one device at a time. */
#include <inttypes.h>

#include "cgroups/limits.h"

/* The range 10 to 1000 on io.weight's 1 to 10000, as runc does it. */
static uint64_t io_weight(uint64_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

static struct cg_setting *add(struct cg_settings *settings, struct arena *arena, bool v2,
			      const char *field)
{
	struct cg_setting *setting = VEC_ADD(settings, arena);

	*setting = (struct cg_setting){
		.field = arena_printf(arena, "linux.resources.blockIO.%s", field),
		.controller = v2 ? "io" : "blkio",
	};
	return setting;
}

/* @device: NULL: all devices without a weight of their own */
static void add_weight(struct cg_settings *settings, struct arena *arena, bool v2,
		       const char *device, uint64_t weight)
{
	struct cg_setting *setting = add(settings, arena, v2, device ? "weightDevice" : "weight");
	const char *name = device ? device : "default";

	setting->per_device = device;
	setting->text = arena_printf(arena, "%s %" PRIu64, name, weight);
	if (v2) {
		setting->file = "io.bfq.weight";
		setting->other_file = "io.weight";
		setting->other_text = arena_printf(arena, "%s %" PRIu64, name, io_weight(weight));
		return;
	}
	setting->file = device ? "blkio.bfq.weight_device" : "blkio.bfq.weight";
	setting->other_file = device ? "blkio.weight_device" : "blkio.weight";
	if (!device)
		setting->text = arena_printf(arena, "%" PRIu64, weight);
	setting->other_text = setting->text;
}

#define AT(member) offsetof(struct oci_block_io, member)

static const struct {
	const char *field;
	size_t offset;
	const char *v1_file;
	const char *v2_key; /* in io.max */
} rates[] = {
	{ "throttleReadBpsDevice", AT(read_bytes), "blkio.throttle.read_bps_device", "rbps" },
	{ "throttleWriteBpsDevice", AT(write_bytes), "blkio.throttle.write_bps_device", "wbps" },
	{ "throttleReadIOPSDevice", AT(read_operations), "blkio.throttle.read_iops_device",
	  "riops" },
	{ "throttleWriteIOPSDevice", AT(write_operations), "blkio.throttle.write_iops_device",
	  "wiops" },
};

static const char *rate_v2(const struct oci_block_rate *rate, const char *key, struct arena *arena)
{
	if (!rate->rate)
		return arena_printf(arena, "%u:%u %s=max", rate->major, rate->minor, key);
	return arena_printf(arena, "%u:%u %s=%" PRIu64, rate->major, rate->minor, key, rate->rate);
}

void cg_limits_block_io(const struct oci_block_io *block_io, bool v2, struct arena *arena,
			struct cg_settings *ret)
{
	if (block_io->weight.set && block_io->weight.v)
		add_weight(ret, arena, v2, NULL, block_io->weight.v);
	VEC_EACH(device, &block_io->device_weights) {
		if (device->weight)
			add_weight(ret, arena, v2,
				   arena_printf(arena, "%u:%u", device->major, device->minor),
				   device->weight);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		const void *list = (const char *)block_io + rates[i].offset;

		VEC_EACH(rate, (const struct oci_block_rates *)list) {
			struct cg_setting *setting = add(ret, arena, v2, rates[i].field);

			setting->per_device = true;
			setting->file = v2 ? "io.max" : rates[i].v1_file;
			setting->text = v2 ? rate_v2(rate, rates[i].v2_key, arena)
					   : arena_printf(arena, "%u:%u %" PRIu64, rate->major,
							  rate->minor, rate->rate);
		}
	}
}
