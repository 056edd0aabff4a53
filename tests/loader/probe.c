/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe NAME...: load each library by its name and print which copy it is (tests/fixtures/library.c) and where the
 * loader found it. Compiled for glibc, musl, and as a static program that loads nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

static int print(const char *name)
{
	void *library = dlopen(name, RTLD_NOW);
	const char *marker = library ? dlsym(library, "nvcrun_fixture_marker") : NULL;
	Dl_info info;

	if (!marker || !dladdr(marker, &info)) {
		printf("%s: %s\n", name, library ? "without a marker" : dlerror());
		return 1;
	}
	printf("%s: %s: %s\n", name, marker, info.dli_fname);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= print(argv[i]);
	puts("end");
	return failed;
}
