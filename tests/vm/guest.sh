#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the virtual machine of tests/vm/run runs, as root, in a fresh copy of the tree; prints TAP. The
# build comes first, the other tests use it.
cd "$(dirname "$0")/../.." || exit
systemctl is-system-running --wait >/dev/null
# Not the tests for other kinds of cgroups: their names end in `hybrid` or `v1`.
exec bats --tap --setup-suite-file tests/vm/setup_suite.bash --filter '([^i]d|[^v]1|[^d1])$' \
	tests/vm/quickstart.bats tests/vm/smoke.bats tests/bats/cgroups.bats
