#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# All C files look as .clang-format says.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need clang-format

violations() {
	local output
	output=$(c_files | xargs -0 clang-format --dry-run -Werror 2>&1) && return
	sed -n 's/^\([^ :]*\):[0-9:]* error: code should be.*/\1: run clang-format -i/p' <<<"$output" |
		sort -u | grep . || echo "$output"
}

check 'clang-format' "$(violations)"

finish
