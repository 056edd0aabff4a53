#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Words that codespell knows to be wrong. Those that are right here: tests/lint/spelling.allow.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need codespell

check 'codespell' "$(codespell --ignore-words tests/lint/spelling.allow \
	--skip '*/corpus,*/crashes,*/golden' \
	src tests man docs contrib completions ./*.md 2>&1)"

finish
