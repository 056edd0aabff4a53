/* SPDX-License-Identifier: Apache-2.0 */
/* nvidia/inventory: GPUs from procfs, and which of them a request means. */
#include "nvidia/inventory.h"

#include "nvidia_fixture.h"

static struct err err;

/* Two GPUs, minors unlike indices, an excluded one between them, and what is none. */
static struct nv_gpus usual_gpus(void)
{
	fixture_remove("proc");
	fixture_gpu("0000:c6:00.0",
		    "Model: \t\t H\n"
		    "GPU UUID: \t GPU-bbbb\nDevice Minor: \t 0\nGPU Excluded:\t No\n");
	fixture_gpu("0000:07:00.0", "GPU UUID: GPU-eeee\nDevice Minor: 1\nGPU Excluded: Yes\n");
	fixture_gpu("0000:06:00.0",
		    "Surprise\nNew Label: x: y\nDevice Minor:\t2  \nGPU UUID:GPU-aaaa");
	fixture_gpu("not-a-bus-id", "Device Minor: 9\n");
	return fixture_gpus();
}

TEST(sorted_by_bus_without_excluded)
{
	struct nv_gpus gpus = usual_gpus();

	CHECK_INT(gpus.count, 2);
	CHECK_STR(gpus.items[0].bus_id, "0000:06:00.0");
	CHECK_STR(gpus.items[0].uuid, "GPU-aaaa");
	CHECK_INT(gpus.items[0].minor, 2);
	CHECK_INT(gpus.items[0].index, 0);
	CHECK_STR(gpus.items[1].uuid, "GPU-bbbb");
	CHECK_INT(gpus.items[1].minor, 0);
	CHECK_INT(gpus.items[1].index, 1);
}

TEST(the_others_have_a_reason)
{
	struct nv_gpus gpus = { 0 };

	CHECK_STR(usual_gpus().items[1].model, "H");
	CHECK(!usual_gpus().items[0].model);
	fixture_gpu("0000:05:00.0", "GPU Excluded: No\n");
	CHECK_INT(nv_inventory_read_left_out(fixture_path("proc"), &fixture_arena, &gpus, &err), 0);
	CHECK_INT(gpus.count, 2);
	CHECK_STR(gpus.items[0].bus_id, "0000:05:00.0");
	CHECK_HAS(gpus.items[0].left_out, "no minor");
	CHECK_STR(gpus.items[1].uuid, "GPU-eeee");
	CHECK_STR(gpus.items[1].left_out, "excluded by the driver");
}

TEST(bus_order_is_numeric)
{
	static const char *const sorted[] = { "0000:00:06.0", "0000:0a:00.0", "0000:0a:00.1",
					      "0000:0a:01.0", "0001:01:00.0", "00010000:01:00.0" };
	struct nv_gpus gpus;

	fixture_remove("proc");
	for (size_t i = ARRAY_SIZE(sorted); i-- > 0;)
		fixture_gpu(sorted[i], "Device Minor: 0\n");
	gpus = fixture_gpus();
	CHECK_INT(gpus.count, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		CHECK_STR(gpus.items[i].bus_id, sorted[i]);
}

TEST(gpus_that_tell_little)
{
	struct nv_gpus gpus;

	fixture_remove("proc");
	fixture_gpu("0000:01:00.0", "");
	fixture_gpu("0000:02:00.0", "Device Minor: many\n");
	fixture_gpu("0000:03:00.0", "GPU UUID: GPU-???\n"
				    "Device Minor: 3\n");
	fixture_gpu("0000:04:00.0", "Device Minor: 4\n");
	gpus = fixture_gpus();
	CHECK_INT(gpus.count, 2);
	CHECK_INT(gpus.items[0].minor, 3);
	CHECK(!gpus.items[0].uuid && !gpus.items[1].uuid);
}

TEST(no_directory_is_no_gpu)
{
	fixture_remove("proc");
	CHECK_INT(fixture_gpus().count, 0);
}

TEST(directory_without_information)
{
	struct nv_gpus gpus;

	fixture_remove("proc");
	fixture_file("proc/driver/nvidia/gpus/0000:01:00.0/power", "");
	CHECK_INT(nv_inventory_read(fixture_path("proc"), &fixture_arena, &gpus, &err), -ENOENT);
	CHECK_HAS(err.text, "read information of GPU 0000:01:00.0: no such file");
}

/* The selection as text: indices, or the error. */
static const char *selection(const struct nv_gpus *all, struct nv_request request, const char *ids)
{
	struct strbuf buf = { .arena = &fixture_arena };
	struct nv_gpus gpus;

	request.source = "--gpus ";
	request.text = ids;
	request.ids = str_split(&fixture_arena, ids, ',', false);
	if (nv_inventory_select(all, &request, &fixture_arena, &gpus, &err) < 0)
		return err.text;
	VEC_EACH(gpu, &gpus)
		strbuf_addf(&buf, "%u ", gpu->index);
	return strbuf_text(&buf);
}

static const char *listed(const struct nv_gpus *all, const char *ids)
{
	return selection(all, (struct nv_request){ .kind = NV_LIST }, ids);
}

TEST(select_list)
{
	struct nv_gpus gpus = usual_gpus();

	CHECK_STR(listed(&gpus, "0"), "0 ");
	CHECK_STR(listed(&gpus, "1,0"), "0 1 ");
	CHECK_STR(listed(&gpus, "GPU-BBBB"), "1 ");
	CHECK_STR(listed(&gpus, "01,1,GPU-bbbb"), "1 ");
	CHECK_STR(listed(&gpus, "7"), "--gpus 7: no such GPU (have 0: GPU-aaaa, 1: GPU-bbbb)");
	CHECK_INT(err.code, ENODEV);
	CHECK_HAS(listed(&gpus, "2"), "no such GPU");
	CHECK_STR(listed(&gpus, "GPU-aa"), "0 ");
	CHECK_HAS(listed(&gpus, "GPU-aaaaa"), "no such GPU");
	CHECK_HAS(listed(&gpus, "GPU-eeee"), "no such GPU");
}

TEST(select_by_bus_id)
{
	struct nv_gpus gpus = usual_gpus();

	CHECK_STR(listed(&gpus, "0000:c6:00.0"), "1 ");
	CHECK_STR(listed(&gpus, "00000000:C6:00.0"), "1 ");
	CHECK_STR(listed(&gpus, "0:c6:0,06:00.0"), "0 1 ");
	CHECK_HAS(listed(&gpus, "0000:c6:00.1"), "no such GPU");
	CHECK_HAS(listed(&gpus, "1:c6:00.0"), "no such GPU");
	/* The excluded one. */
	CHECK_HAS(listed(&gpus, "07:00.0"), "no such GPU");
}

TEST(select_by_the_beginning_of_a_uuid)
{
	struct nv_gpus gpus;

	fixture_remove("proc");
	fixture_gpu("0000:01:00.0", "GPU UUID: GPU-ab12\nDevice Minor: 0\n");
	fixture_gpu("0000:02:00.0", "GPU UUID: GPU-ab34\nDevice Minor: 1\n");
	fixture_gpu("0000:03:00.0", "GPU UUID: GPU-c0de\nDevice Minor: 2\n");
	gpus = fixture_gpus();
	CHECK_STR(listed(&gpus, "GPU-AB3"), "1 ");
	CHECK_STR(listed(&gpus, "GPU-c,GPU-ab1"), "0 2 ");
	CHECK_STR(listed(&gpus, "GPU-ab"),
		  "--gpus GPU-ab: more than one GPU starts so (0: GPU-ab12, 1: GPU-ab34)");
}

TEST(uuids_that_nobody_has_read)
{
	static const struct {
		const char *ids;
		bool may_miss;
	} rows[] = {
		{ "GPU-1234", true }, { "0,gpu-1", true }, { "7", false }, { "01:00.0", false }
	};
	struct nv_gpus gpus, known = usual_gpus();

	fixture_remove("proc");
	fixture_gpu("0000:01:00.0", "GPU UUID: GPU-?-?\nDevice Minor: 0\n");
	fixture_gpu("0000:02:00.0", "GPU UUID: GPU-ab34\nDevice Minor: 1\n");
	gpus = fixture_gpus();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nv_request request = { .kind = NV_LIST };

		request.ids = str_split(&fixture_arena, rows[i].ids, ',', false);
		CHECK_INT(nv_inventory_may_miss(&gpus, &request), rows[i].may_miss);
		CHECK(!nv_inventory_may_miss(&known, &request));
	}
	CHECK_STR(listed(&gpus, "GPU-1234"),
		  "--gpus GPU-1234: no such GPU (have 0: 0000:01:00.0 with a UUID not known until "
		  "it is used once, 1: GPU-ab34)");
}

TEST(select_others)
{
	struct nv_gpus gpus = usual_gpus(), none = { 0 };

	CHECK_STR(selection(&gpus, (struct nv_request){ .kind = NV_ALL }, ""), "0 1 ");
	CHECK_STR(selection(&gpus, (struct nv_request){ .kind = NV_NO_GPU }, ""), "");
	CHECK_STR(selection(&gpus, (struct nv_request){ .kind = NV_COUNT, .count = 1 }, ""), "0 ");
	CHECK_HAS(selection(&gpus, (struct nv_request){ .kind = NV_COUNT, .count = 3 }, "count=3"),
		  "--gpus count=3: not that many GPUs (have 0: GPU-aaaa");
	CHECK_HAS(selection(&none, (struct nv_request){ .kind = NV_ALL }, "all"),
		  "--gpus all: the driver is loaded, but has no GPU");
	CHECK_HAS(listed(&none, "0"), "no such GPU (have none)");
}

TEST_MAIN()
