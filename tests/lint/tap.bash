# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the lints: where the sources are, tools that may be missing, results as TAP.
#
#	srcdir		the sources; default: two directories above the script
#	NVCRUN		the program; default: ./nvcrun
#	NVCRUN_STRICT	1: a missing tool is a failure, not a skip
set -uo pipefail

NVCRUN=$(realpath -m "${NVCRUN:-./nvcrun}")
cd "${srcdir:-$(dirname "$0")/../..}" || exit
tests_done=0
tests_failed=0

# check NAME [TEXT]: passed when TEXT, what there is to complain about, is empty.
check() {
	tests_done=$((tests_done + 1))
	if [[ -z ${2-} ]]; then
		echo "ok $tests_done - $1"
		return
	fi
	echo "# ${2//$'\n'/$'\n'# }"
	echo "not ok $tests_done - $1"
	tests_failed=1
}

finish() {
	echo "1..$tests_done"
	exit "$tests_failed"
}

# need TOOL: end here when it is missing.
need() {
	command -v "$1" >/dev/null && return
	if [[ ${NVCRUN_STRICT-} == 1 ]]; then
		check "needs $1" "$1 is not installed: see contrib/install-packages"
	else
		tests_done=1
		echo "ok 1 # SKIP needs $1"
	fi
	finish
}

# The C files that are ours, NUL terminated.
c_files() {
	find src tests -name '*.[ch]' -print0 | sort -z
}
