# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=tests/bats/setup_suite.bash
source "${BASH_SOURCE[0]%/*}/../bats/setup_suite.bash"

setup_suite() {
	# A user of a box must be able to reach what lies here.
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" && make_fixtures
}
