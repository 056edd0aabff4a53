#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers from hostile images: the container works or is refused in one line, and the host stays as it is.
# bats file_tags=nvidia,root

# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() { nvidia_setup; }
teardown() { container_teardown; }

# canary: a directory of the host that nothing may change; its state for canary_unchanged.
canary() {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir "$canary"
	echo host >"$canary/file"
	chmod 0600 "$canary/file"
	canary_state >"$BATS_TEST_TMPDIR/canary.state"
}

canary_state() {
	find "$canary" -printf '%p %y %m %s %i %T@ %C@\n' | sort
	cat "$canary/file"
}

canary_unchanged() {
	is "$(canary_state)" "$(cat "$BATS_TEST_TMPDIR/canary.state")"
	has_not "$(cat /proc/self/mounts)" "$canary"
}

# An image of nothing but directories and the program /true.
bare_image() {
	rm -rf "$BUNDLE/rootfs"
	mkdir -p "$BUNDLE/rootfs"/{dev,proc,sys,etc,usr/bin,"usr/lib/$triplet",usr/lib64}
	cp "$ROOTFS/bin/busybox" "$BUNDLE/rootfs/true"
	program_args /true
}

# The container runs, or is refused in one line.
works_or_is_refused() {
	run_container --gpus all
	[ "$status" -eq 0 ] || fails_with nvidia
	canary_unchanged
}

@test "nvidia: a directory of the image that leads out of it stays inside" { # CVE-2024-0132, -0136
	local path target

	canary
	for path in "usr/lib/$triplet" usr/lib64 usr/lib usr/bin usr lib; do
		for target in "$canary" "../../../../../../../../../../..$canary" / /proc/self/root /proc/1/root \
			/proc/1/cwd loop file; do
			bare_image
			rm -rf "${BUNDLE:?}/rootfs/$path"
			case $target in
			loop) ln -s "${path##*/}" "$BUNDLE/rootfs/$path" ;;
			file) echo >"$BUNDLE/rootfs/$path" ;;
			*) ln -s "$target" "$BUNDLE/rootfs/$path" ;;
			esac
			works_or_is_refused
		done
	done
	no_leftovers
}

@test "nvidia: a destination in the image that is a link does not reach its target on the host" {
	local path target

	canary
	bare_image
	for path in "$libraries/libcuda.so.$version" "$libraries/libcuda.so.1" "$libraries/libcuda.so" \
		/usr/bin/nvidia-smi; do
		for target in "$canary/file" "../../../../../../../../../../..$canary/file" "$canary/new" \
			"/proc/1/root$canary/file" "/proc/self/root$canary/file" /proc/self/exe /dev/mem "${path##*/}"; do
			rm -f "$BUNDLE/rootfs$path"
			ln -s "$target" "$BUNDLE/rootfs$path"
			works_or_is_refused
		done
		rm -f "$BUNDLE/rootfs$path"
		mkdir "$BUNDLE/rootfs$path"
		works_or_is_refused
		rmdir "$BUNDLE/rootfs$path"
		mkfifo "$BUNDLE/rootfs$path"
		works_or_is_refused
		rm -f "$BUNDLE/rootfs$path"
	done
	no_leftovers
}

@test "nvidia: a link to a file of the host is a file inside, and the right library is loaded" {
	local dir=$BUNDLE/rootfs$libraries

	canary
	ln -s "$canary/file" "$dir/libcuda.so.$version"
	ln -s "../../../../../../../../..$canary/new" "$BUNDLE/rootfs/usr/bin/nvidia-smi"
	program_args nvidia-smi -L --libraries
	smi_with '0 2' --gpus all
	canary_unchanged
	# Mount points, made where the links lead to inside.
	is "$(stat -c '%n %F' "$BUNDLE/rootfs$canary"/*)" "$BUNDLE/rootfs$canary/file regular empty file
$BUNDLE/rootfs$canary/new regular empty file"
}

@test "nvidia: the image's environment has no effect on the host" { # CVE-2025-23266
	canary
	cat >"$BATS_TEST_TMPDIR/evil.c" <<-'END'
		#include <fcntl.h>
		#include <stdlib.h>
		unsigned int la_version(unsigned int v) { return v; }
		__attribute__((constructor)) static void touch(void)
		{
			creat(CANARY "/touched", 0666);
		}
	END
	gcc -shared -fPIC -DCANARY="\"$canary\"" -o "$BATS_TEST_TMPDIR/evil.so" "$BATS_TEST_TMPDIR/evil.c"
	# The same path leads to it on the host and in the container.
	mkdir -p "$BUNDLE/rootfs$canary"
	cp "$BATS_TEST_TMPDIR/evil.so" "$BUNDLE/rootfs$BATS_TEST_TMPDIR"
	config_edit '.root.readonly = false'
	program_args nvidia-smi -L
	env_add "GCONV_PATH=$canary" "LD_LIBRARY_PATH=$BATS_TEST_TMPDIR" NVCRUN_CONFIG=/nonexistent \
		"XDG_CONFIG_HOME=$canary" "LD_AUDIT=$BATS_TEST_TMPDIR/evil.so"
	run_container --gpus all
	is "$output" "$(listing 0 2)"
	canary_unchanged
	env_add "LD_PRELOAD=$BATS_TEST_TMPDIR/evil.so"
	run_container --gpus all
	is "$output" "$(listing 0 2)"
	canary_unchanged
	# It works where it may, in the container, and it would on the host.
	[ -e "$BUNDLE/rootfs$canary/touched" ]
	LD_PRELOAD=$BATS_TEST_TMPDIR/evil.so cat </dev/null
	[ -e "$canary/touched" ]
}
