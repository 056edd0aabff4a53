#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages are correct mdoc, and have the sections that are part of the interface.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need mandoc

missing_sections() {
	local section
	for section in 'EXIT STATUS' FILES ENVIRONMENT EXAMPLES; do
		grep -qx ".Sh $section" "$1" || echo "$1: no section $section"
	done
}

for page in man/*.[78]; do
	check "$page: mandoc" "$(mandoc -Tlint -W warning "$page" 2>&1)"
	[[ $page != *.8 ]] || check "$page: sections" "$(missing_sections "$page")"
done

finish
