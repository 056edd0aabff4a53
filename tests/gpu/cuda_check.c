/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in a container of tests/gpu/run: whether CUDA really works there.
 *
 *	cuda_check add		 each visible GPU adds two vectors; prints their number
 *	cuda_check reduce NCCL	 all visible GPUs sum a vector by the library file NCCL
 *	cuda_check open MAJ MIN	 make the device node and open it; prints what each call said
 *
 * The driver is opened by name, as programs of an image do: it is not there when this is built. The kernel is
 * PTX, so that the driver's compiler library has to work as well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define COUNT	 (1U << 20)
#define THREADS	 256U
#define GPUS_MAX 16

/* Values of cuda.h and nccl.h. */
#define NCCL_FLOAT 7
#define NCCL_SUM   0

typedef unsigned long long device_ptr;

static const char kernel_text[] =
	".version 7.0\n"
	".target sm_70\n"
	".address_size 64\n"
	".visible .entry add(.param .u64 x, .param .u64 y, .param .u64 sum)\n"
	"{\n"
	"	.reg .b32 %n<5>;\n"
	"	.reg .b64 %at<8>;\n"
	"	.reg .f32 %v<4>;\n"
	"	mov.u32 %n1, %ctaid.x;\n"
	"	mov.u32 %n2, %ntid.x;\n"
	"	mov.u32 %n3, %tid.x;\n"
	"	mad.lo.u32 %n4, %n1, %n2, %n3;\n"
	"	mul.wide.u32 %at0, %n4, 4;\n"
	"	ld.param.u64 %at1, [x];\n"
	"	ld.param.u64 %at2, [y];\n"
	"	ld.param.u64 %at3, [sum];\n"
	"	add.u64 %at4, %at1, %at0;\n"
	"	add.u64 %at5, %at2, %at0;\n"
	"	add.u64 %at6, %at3, %at0;\n"
	"	ld.global.f32 %v1, [%at4];\n"
	"	ld.global.f32 %v2, [%at5];\n"
	"	add.f32 %v3, %v1, %v2;\n"
	"	st.global.f32 [%at6], %v3;\n"
	"	ret;\n"
	"}\n";

/* The calls of libcuda.so.1 that are needed. */
static struct {
	int (*init)(unsigned int);
	int (*count)(int *);
	int (*get)(int *, int);
	int (*retain)(void **, int);
	int (*make_current)(void *);
	int (*load)(void **, const void *);
	int (*function)(void **, void *, const char *);
	int (*allocate)(device_ptr *, size_t);
	int (*to_device)(device_ptr, const void *, size_t);
	int (*to_host)(void *, device_ptr, size_t);
	int (*make_stream)(void **, unsigned int);
	int (*launch)(void *, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int,
		      unsigned int, unsigned int, void *, void **, void **);
	int (*synchronize)(void);
} cuda;

static const struct {
	const char *name;
	void *at;
} cuda_calls[] = {
	{ "cuInit", &cuda.init },
	{ "cuDeviceGetCount", &cuda.count },
	{ "cuDeviceGet", &cuda.get },
	{ "cuDevicePrimaryCtxRetain", &cuda.retain },
	{ "cuCtxSetCurrent", &cuda.make_current },
	{ "cuModuleLoadData", &cuda.load },
	{ "cuModuleGetFunction", &cuda.function },
	{ "cuMemAlloc_v2", &cuda.allocate },
	{ "cuMemcpyHtoD_v2", &cuda.to_device },
	{ "cuMemcpyDtoH_v2", &cuda.to_host },
	{ "cuStreamCreate", &cuda.make_stream },
	{ "cuLaunchKernel", &cuda.launch },
	{ "cuCtxSynchronize", &cuda.synchronize },
};

static void check(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "cuda_check: %s: error %d\n", what, result);
	exit(1);
}
#define CHECK(call) check(call, #call)

static void *open_library(const char *name)
{
	void *library = dlopen(name, RTLD_NOW);

	if (!library) {
		fprintf(stderr, "cuda_check: %s\n", dlerror());
		exit(1);
	}
	return library;
}

/* @at: a function pointer */
static void resolve(void *library, const char *name, void *at)
{
	void *symbol = dlsym(library, name);

	if (!symbol) {
		fprintf(stderr, "cuda_check: no %s\n", name);
		exit(1);
	}
	memcpy(at, &symbol, sizeof(symbol));
}

static int open_cuda(void)
{
	void *library = open_library("libcuda.so.1");
	int count;

	for (size_t i = 0; i < sizeof(cuda_calls) / sizeof(cuda_calls[0]); i++)
		resolve(library, cuda_calls[i].name, cuda_calls[i].at);
	CHECK(cuda.init(0));
	CHECK(cuda.count(&count));
	if (count < 1 || count > GPUS_MAX) {
		fprintf(stderr, "cuda_check: %d GPUs\n", count);
		exit(1);
	}
	return count;
}

static void use_gpu(int index)
{
	void *context;
	int device;

	CHECK(cuda.get(&device, index));
	CHECK(cuda.retain(&context, device));
	CHECK(cuda.make_current(context));
}

static float values[2][COUNT], result[COUNT];

static void fill(int gpu)
{
	for (unsigned int i = 0; i < COUNT; i++) {
		values[0][i] = (float)(i % 1000);
		values[1][i] = (float)(gpu + 1);
		result[i] = 0;
	}
}

/* Every element of the result must be its index modulo 1000, times @times, plus @more. */
static void compare(float times, float more)
{
	for (unsigned int i = 0; i < COUNT; i++) {
		float expected = (float)(i % 1000) * times + more;

		if (result[i] != expected) {
			fprintf(stderr, "cuda_check: element %u is %f, not %f\n", i,
				(double)result[i], (double)expected);
			exit(1);
		}
	}
}

static void add_on(int gpu)
{
	device_ptr buffers[3];
	void *arguments[] = { &buffers[0], &buffers[1], &buffers[2] };
	void *module, *function;

	use_gpu(gpu);
	fill(gpu);
	for (int i = 0; i < 3; i++)
		CHECK(cuda.allocate(&buffers[i], sizeof(result)));
	for (int i = 0; i < 2; i++)
		CHECK(cuda.to_device(buffers[i], values[i], sizeof(result)));
	CHECK(cuda.load(&module, kernel_text));
	CHECK(cuda.function(&function, module, "add"));
	CHECK(cuda.launch(function, COUNT / THREADS, 1, 1, THREADS, 1, 1, 0, NULL, arguments,
			  NULL));
	CHECK(cuda.synchronize());
	CHECK(cuda.to_host(result, buffers[2], sizeof(result)));
	compare(1, (float)(gpu + 1));
}

static int add(void)
{
	int count = open_cuda();

	for (int gpu = 0; gpu < count; gpu++)
		add_on(gpu);
	printf("%d\n", count);
	return 0;
}

/* In one process, a communicator for each GPU. */
static int reduce(const char *file)
{
	int (*init_all)(void **, int, const int *), (*group_start)(void), (*group_end)(void);
	int (*all_reduce)(device_ptr, device_ptr, size_t, int, int, void *, void *);
	void *library = open_library(file), *communicators[GPUS_MAX], *streams[GPUS_MAX];
	device_ptr buffers[GPUS_MAX];
	int count = open_cuda();

	resolve(library, "ncclCommInitAll", &init_all);
	resolve(library, "ncclGroupStart", &group_start);
	resolve(library, "ncclGroupEnd", &group_end);
	resolve(library, "ncclAllReduce", &all_reduce);
	fill(0);
	for (int gpu = 0; gpu < count; gpu++) {
		use_gpu(gpu);
		CHECK(cuda.make_stream(&streams[gpu], 0));
		CHECK(cuda.allocate(&buffers[gpu], sizeof(result)));
		CHECK(cuda.to_device(buffers[gpu], values[0], sizeof(result)));
	}
	CHECK(init_all(communicators, count, NULL));
	CHECK(group_start());
	for (int gpu = 0; gpu < count; gpu++)
		CHECK(all_reduce(buffers[gpu], buffers[gpu], COUNT, NCCL_FLOAT, NCCL_SUM,
				 communicators[gpu], streams[gpu]));
	CHECK(group_end());
	for (int gpu = 0; gpu < count; gpu++) {
		use_gpu(gpu);
		CHECK(cuda.synchronize());
		CHECK(cuda.to_host(result, buffers[gpu], sizeof(result)));
		compare((float)count, 0);
	}
	printf("%d\n", count);
	return 0;
}

static int open_node(const char *major, const char *minor)
{
	static const char path[] = "/dev/cuda-check";
	dev_t rdev = makedev((unsigned int)strtoul(major, NULL, 10),
			     (unsigned int)strtoul(minor, NULL, 10));
	int r;

	r = mknod(path, S_IFCHR | 0600, rdev);
	printf("mknod: %s\n", r < 0 ? strerror(errno) : "made");
	if (r < 0)
		return 1;
	r = open(path, O_RDWR);
	printf("open: %s\n", r < 0 ? strerror(errno) : "opened");
	unlink(path);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "add") == 0)
		return add();
	if (argc == 3 && strcmp(argv[1], "reduce") == 0)
		return reduce(argv[2]);
	if (argc == 4 && strcmp(argv[1], "open") == 0)
		return open_node(argv[2], argv[3]);
	fputs("usage: cuda_check add | reduce LIBRARY | open MAJOR MINOR\n", stderr);
	return 2;
}
