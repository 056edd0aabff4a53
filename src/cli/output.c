/* SPDX-License-Identifier: Apache-2.0 */
/* What a command prints. */
#include "cli/output.h"

#include "base/fd.h"
#include "base/log.h"

int cli_print(const char *text, struct err *err)
{
	int r = fd_write_all(STDOUT_FILENO, text, strlen(text));

	return r < 0 ? err_code(err, r, "write to standard output") : 0;
}

void cli_print_warnings(const struct strings *warnings)
{
	VEC_EACH(warning, warnings)
		log_warning("%s", *warning);
}
