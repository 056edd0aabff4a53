/* SPDX-License-Identifier: Apache-2.0 */
/* process.args[0] -> the program. */
#include "linux/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 0 when it can be executed, else -errno; -EISDIR for a directory. */
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/*
	 * faccessat2(2) counts the capabilities of users other than root. Seccomp profiles older than it say EPERM,
	 * which the call itself never does.
	 */
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	return errno == EPERM && access(path, X_OK) == 0 ? 0 : -errno;
}

static int refuse(const char *name, const char *path, int code, struct err *err)
{
	if (code == -EISDIR)
		return err_set(err, EACCES, "exec: \"%s\": is a directory: permission denied",
			       name);
	if (code == -ENOENT)
		return err_set(err, ENOENT, "exec: \"%s\": stat %s: no such file or directory",
			       name, path);
	return err_code(err, code, "exec: \"%s\"", name);
}

static const char *search_path(const struct strings *env)
{
	const char *path = DEFAULT_PATH;

	VEC_EACH(entry, env) {
		const char *value = str_after(*entry, "PATH=");

		if (value)
			path = value;
	}
	return path;
}

int program_find(const char *name, const struct strings *env, struct arena *arena,
		 const char **ret_path, struct err *err)
{
	struct strings dirs;
	int denied = 0;
	int r;

	if (!*name)
		return err_set(err, EINVAL, "exec: process.args[0] is empty");
	if (strchr(name, '/')) {
		r = check_program(name);
		if (r < 0)
			return refuse(name, name, r, err);
		*ret_path = name;
		return 0;
	}
	dirs = str_split(arena, search_path(env), ':', true);
	VEC_EACH(dir, &dirs) {
		const char *path = arena_printf(arena, "%s/%s", **dir ? *dir : ".", name);

		r = check_program(path);
		if (r == 0) {
			*ret_path = path;
			return 0;
		}
		if ((r == -EACCES || r == -EPERM) && !denied)
			denied = r;
	}
	if (denied)
		return refuse(name, name, denied, err);
	return err_set(
		err, ENOENT,
		"exec: \"%s\": executable file not found in $PATH: no such file or directory",
		name);
}

void program_make_cwd(int root_fd, const char *cwd)
{
	int fd;

	if (path_make_dirs_in(root_fd, cwd, 0755, &fd) == 0)
		fd_close(fd);
}

int program_enter_cwd(const char *cwd, struct err *err)
{
	char real[PATH_MAX];

	if (chdir(cwd) < 0)
		return err_errno(err, "process.cwd: chdir to %s", cwd);
	/* The system call, not glibc's getcwd: it says "(unreachable)" for a directory outside the root. */
	if (syscall(SYS_getcwd, real, sizeof(real)) < 0)
		return err_errno(err, "process.cwd: %s is not reachable in the container", cwd);
	if (real[0] != '/')
		return err_set(err, EPERM, "process.cwd: %s is outside of the container's root",
			       cwd);
	return 0;
}
