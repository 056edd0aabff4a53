# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Made once: a root file system. The fake driver of the GPU test is made there.
#
#	NVCRUN, ROOTFS	set here: the program that contrib/quickstart builds, the root file system

setup_suite() {
	local tree

	tree=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	NVCRUN=$tree/build/quickstart/nvcrun
	ROOTFS=$BATS_SUITE_TMPDIR/rootfs
	export NVCRUN ROOTFS
	"$tree/contrib/make-rootfs" "$ROOTFS"
}
