#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# All shell scripts pass shellcheck.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need shellcheck

# What starts as a script of sh, bash or bats, or is sourced by one.
scripts() {
	grep -rlIE --exclude-dir=corpus '^#!.*[/ ](sh|bash|bats)( |$)' contrib tests .ci
	find contrib tests -name '*.bash'
	printf '%s\n' completions/bash/nvcrun autogen.sh
}

mapfile -t files < <(scripts | sort -u)
for file in "${files[@]}"; do
	[[ ! -e $file ]] || check "$file" "$(shellcheck -x "$file" 2>&1)"
done

finish
