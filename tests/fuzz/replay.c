/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the directories given: the corpus as a plain test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	static uint8_t data[64 * 1024];
	FILE *file = fopen(path, "rbe");
	uint8_t *copy;
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* Of exact size, so that the address sanitizer sees a read beyond the end. */
	copy = malloc(size ? size : 1);
	if (!copy)
		return -1;
	memcpy(copy, data, size);
	printf("# %s\n", path);
	fflush(stdout); /* the last line before a crash names its input */
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 0;
}

/* Returns the number of files, -1 when one cannot be read. */
static int replay_dir(const char *name)
{
	DIR *dir = opendir(name);
	struct dirent *entry;
	int count = 0;

	if (!dir) {
		perror(name);
		return -1;
	}
	while (count >= 0 && (entry = readdir(dir))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		count = replay_file(path) < 0 ? -1 : count + 1;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	/* An empty corpus is a mistake in the build, not a success. */
	int failed = argc < 2;

	for (int i = 1; i < argc; i++) {
		int count = replay_dir(argv[i]);

		printf("%s %d %s: %d files\n", count > 0 ? "ok" : "not ok", i, argv[i], count);
		failed |= count <= 0;
	}
	printf("1..%d\n", argc - 1);
	return failed;
}
