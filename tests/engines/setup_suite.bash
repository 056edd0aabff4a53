# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Made once for all engines: a root file system for images and a fake driver with two GPUs.
#
#	NVCRUN		the program (default: ./nvcrun)
#	ROOTFS, DRIVER	set here: the root file system, the fake driver root

setup_suite() {
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
		echo 'the suites run container engines: they need root' >&2
		return 1
	fi
	# A user of a box must be able to reach what lies here.
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	"$tree/contrib/make-rootfs" "$ROOTFS" && "$tree/tests/fixtures/make-driver-root" "$DRIVER" --gpus 2
}
