#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Golden tests: for each directory here, the plan of its config.json (print_plan) is compared with plan.json, or
# its error with error.txt. `make golden-update` rewrites them: read the difference before committing it.
#
# A case may have settings.toml: @DRIVER@ in it becomes a small fake driver tree made by tree.sh, which needs no
# root: its settings say fake-devices, so no device node is made. A case may have rootfs.sh, run in its rootfs.
#
# A case with the file `request` is about GPUs alone: its line, LAYOUT DEVICES CAPABILITIES, says how tree.sh makes the
# driver and what the container of gpu-all asks for instead. What `nvcrun nvidia plan` prints is its nvidia.json.
set -uo pipefail

srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${builddir:-$srcdir}
golden=$(cd "$srcdir/tests/golden" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/nvcrun-golden.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Paths in plans are without links; settings must not be writable by others.
work=$(cd "$work" && pwd -P)
umask 022

# driver LAYOUT: its tree, made once. Exit code 77: it cannot be made here.
driver() {
	local tree=$work/driver-$1 status=0

	[ -e "$tree" ] || sh "$golden/tree.sh" "$tree" "$1" 2>"$work/words" || status=$?
	if [ "$status" -ne 0 ]; then
		cat "$work/words" >&2
		rm -rf "$tree"
		return "$status"
	fi
	echo "$tree"
}

# nvidia_plan CASE BUNDLE
nvidia_plan() {
	local layout devices capabilities driver

	read -r layout devices capabilities <"$golden/$1/request"
	driver=$(driver "$layout") || return
	sed "s/\(_DEVICES=\)all/\1$devices/; s/\(_CAPABILITIES=\)all/\1$capabilities/" \
		"$golden/gpu-all/config.json" >"$2/config.json"
	"${NVCRUN:-$builddir/nvcrun}" --settings "$driver/settings.toml" nvidia plan --bundle "$2"
}

# rootfs_plan CASE BUNDLE
rootfs_plan() {
	local settings=()

	cp "$golden/$1/config.json" "$2/"
	if [ -e "$golden/$1/settings.toml" ]; then
		sed "s,@DRIVER@,$(driver small),g" "$golden/$1/settings.toml" >"$2/settings.toml"
		settings=("$2/settings.toml")
	fi
	"$builddir/tests/golden/print_plan" "$2" "${settings[@]}"
}

mapfile -t cases < <(find "$golden" -mindepth 1 -maxdepth 1 -type d -printf "%f\n" | sort)
echo "1..${#cases[@]}"
number=0
for case in "${cases[@]}"; do
	number=$((number + 1))
	bundle=$work/$case
	mkdir -p "$bundle/rootfs"
	[ ! -e "$golden/$case/rootfs.sh" ] || (cd "$bundle/rootfs" && sh "$golden/$case/rootfs.sh")
	if [ -e "$golden/$case/request" ]; then
		expected=$golden/$case/nvidia.json
		nvidia_plan "$case" "$bundle" >"$work/out" 2>"$work/err"
	else
		expected=$golden/$case/plan.json
		rootfs_plan "$case" "$bundle" >"$work/out" 2>"$work/err"
	fi
	if [ "$?" -eq 77 ]; then
		echo "ok $number - $case # SKIP needs a compiler that makes 32-bit libraries"
		continue
	fi
	actual=$work/out
	sed -i "s,$work/driver-[a-z0-9]*,@DRIVER@,g; s,$bundle,@BUNDLE@,g; s,$(uname -m)-linux-gnu,@TRIPLET@,g" \
		"$work/out" "$work/err"
	if [ -s "$work/err" ]; then
		actual=$work/err expected=$golden/$case/error.txt
	fi
	if [ -n "${NVCRUN_GOLDEN_UPDATE:-}" ]; then
		rm -f "$golden/$case/"{plan.json,nvidia.json,error.txt}
		cp "$actual" "$expected"
	fi
	if diff -u "$expected" "$actual" >"$work/diff" 2>&1; then
		echo "ok $number - $case"
	else
		sed 's/^/# /' "$work/diff"
		echo "not ok $number - $case"
	fi
done
