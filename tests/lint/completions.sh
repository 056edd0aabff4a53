#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The committed completion scripts are those that the program prints.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need "$NVCRUN"

for script in completions/bash/nvcrun completions/zsh/_nvcrun completions/fish/nvcrun.fish; do
	shell=$(basename "$(dirname "$script")")
	check "$script (else: nvcrun __complete $shell >$script)" \
		"$(diff -u "$script" <("$NVCRUN" __complete "$shell"))"
done
check 'completions/bash/nvcrun is bash' "$(bash -n completions/bash/nvcrun 2>&1)"

finish
