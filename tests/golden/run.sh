#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Golden tests: for each directory here, the plan of its config.json (print_plan) is compared with plan.json, or
# its error with error.txt. `make golden-update` rewrites them: read the difference before committing it.
#
# A case may have settings.toml: @DRIVER@ in it becomes a small fake driver tree made by tree.sh, which needs no
# root: its settings say fake-devices, so no device node is made. A case may have rootfs.sh, run in its rootfs.
set -uo pipefail

srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${builddir:-$srcdir}
golden=$(cd "$srcdir/tests/golden" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/nvcrun-golden.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Paths in plans are without links; settings must not be writable by others.
work=$(cd "$work" && pwd -P)
umask 022

mapfile -t cases < <(find "$golden" -mindepth 1 -maxdepth 1 -type d -printf "%f\n" | sort)
echo "1..${#cases[@]}"
number=0
for case in "${cases[@]}"; do
	number=$((number + 1))
	bundle=$work/$case
	mkdir -p "$bundle/rootfs"
	cp "$golden/$case/config.json" "$bundle/"
	[ ! -e "$golden/$case/rootfs.sh" ] || (cd "$bundle/rootfs" && sh "$golden/$case/rootfs.sh")
	settings=()
	if [ -e "$golden/$case/settings.toml" ]; then
		[ -e "$work/driver" ] || sh "$golden/tree.sh" "$work/driver"
		sed "s,@DRIVER@,$work/driver,g" "$golden/$case/settings.toml" >"$bundle/settings.toml"
		settings=("$bundle/settings.toml")
	fi
	"$builddir/tests/golden/print_plan" "$bundle" "${settings[@]}" >"$work/out" 2>"$work/err"
	sed -i "s,$work/driver,@DRIVER@,g; s,$bundle,@BUNDLE@,g; s,$(uname -m)-linux-gnu,@TRIPLET@,g" \
		"$work/out" "$work/err"
	if [ -s "$work/err" ]; then
		actual=$work/err expected=$golden/$case/error.txt
	else
		actual=$work/out expected=$golden/$case/plan.json
	fi
	if [ -n "${NVCRUN_GOLDEN_UPDATE:-}" ]; then
		rm -f "$golden/$case/plan.json" "$golden/$case/error.txt"
		cp "$actual" "$expected"
	fi
	if diff -u "$expected" "$actual" >"$work/diff" 2>&1; then
		echo "ok $number - $case"
	else
		sed 's/^/# /' "$work/diff"
		echo "not ok $number - $case"
	fi
done
