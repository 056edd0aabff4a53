#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the virtual machine of tests/vm/run runs, as root, in a fresh copy of the tree; prints TAP. The
# build comes first, the other tests use it. Of tests/bats those that real limits are for.
cd "$(dirname "$0")/../.." || exit
systemctl is-system-running --wait >/dev/null
exec bats --tap --setup-suite-file tests/vm/setup_suite.bash tests/vm/quickstart.bats tests/vm/smoke.bats \
	tests/bats/cgroups.bats tests/bats/update.bats
