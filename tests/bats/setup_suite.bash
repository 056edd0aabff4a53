# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Made once for a suite, for tests/engines too: a root file system and a fake driver with two GPUs.
#
#	NVCRUN		the program (default: ./nvcrun); its build has the test programs too
#	ROOTFS, DRIVER	set here: the root file system, the fake driver root

make_fixtures() {
	local tree

	tree=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	NVCRUN=$(realpath -m "${NVCRUN:-$tree/nvcrun}")
	ROOTFS=$BATS_SUITE_TMPDIR/rootfs
	DRIVER=$BATS_SUITE_TMPDIR/driver
	export NVCRUN ROOTFS DRIVER
	if ! [ -x "$NVCRUN" ]; then
		echo "no program \`$NVCRUN\`: build it, or set NVCRUN" >&2
		return 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo 'the suites run containers: they need root' >&2
		return 1
	fi
	"$tree/contrib/make-rootfs" "$ROOTFS" && "$tree/tests/fixtures/make-driver-root" "$DRIVER" --gpus 2
}

setup_suite() {
	make_fixtures
}
