#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `nvidia plan` and `nvidia info`: what they say is what `run` does, and they touch nothing.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() { nvidia_setup; }
teardown() { container_teardown; }

# plan [OPTION...]: captured.
plan() {
	capture nvcrun nvidia plan --bundle "$BUNDLE" "$@"
}

# planned FILTER: of the JSON that was captured last.
planned() {
	jq -r "$1" "$BATS_TEST_TMPDIR/stdout"
}

# Let anybody reach the test's bundle and the fake driver.
open_to_all() {
	local directory

	for directory in "$BUNDLE" "$DRIVER"; do
		while [ "$directory" != / ]; do
			chmod o+rx "$directory"
			directory=$(dirname "$directory")
		done
	done
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all --no-new-privs "$@"
}

@test "nvidia plan: it is what a container gets" {
	local paths

	plan --gpus 1
	succeeds
	paths=$(planned '.mounts[].destination, .links[].path, .devices[].path')
	# As the kernel names them: where /lib is a link, by its target.
	planned '.mounts[].destination' | while read -r path; do
		[ ! -L "$BUNDLE/rootfs/lib" ] || path=${path/#\/lib\//\/usr\/lib\/}
		echo "$path"
	done | sort >"$BATS_TEST_TMPDIR/mounts"
	planned '.links[] | .path + " " + .target' | sort >"$BATS_TEST_TMPDIR/links"
	planned '.devices[] | "\(.path) \(.major) \(.minor)"' | sort >"$BATS_TEST_TMPDIR/devices"
	[ -s "$BATS_TEST_TMPDIR/mounts" ] && [ -s "$BATS_TEST_TMPDIR/links" ] && [ -s "$BATS_TEST_TMPDIR/devices" ]

	# The tables of the container itself.
	program 'while read -r a b c d path rest; do echo "$path"; done </proc/self/mountinfo'
	run_container --gpus 1
	succeeds
	is "$(grep -Ev '^/(proc|sys|dev)?(/|$)' <<<"$output" | sort)" "$(cat "$BATS_TEST_TMPDIR/mounts")"

	program 'find /usr /lib* -type l | while read -r link; do echo "$link $(readlink "$link")"; done'
	run_container --gpus 1
	is "$(grep -E '/lib(cuda|nvidia)' <<<"$output" | sort)" "$(cat "$BATS_TEST_TMPDIR/links")"

	program 'for node in /dev/nvidia*; do stat -c "%n 0x%t 0x%T" $node; done'
	run_container --gpus 1
	succeeds
	is "$(while read -r name major minor; do echo "$name $((major)) $((minor))"; done <<<"$output" | sort)" \
		"$(cat "$BATS_TEST_TMPDIR/devices")"
	has "$paths" /dev/nvidia2 libcuda.so.1
	has_not "$paths" /dev/nvidia0
}

@test "nvidia plan: device rules are those of the container" {
	plan --gpus 0
	is "$(planned '.deviceRules | sort[]')" "$(printf 'c %s rw\n' 195:0 195:255 511:0 511:1)"
}

@test "nvidia plan: what nobody asked for, and why" {
	plan
	succeeds
	is "$(planned .request.kind)" nothing
	has "$(planned .request.reason)" 'no --gpus' NVIDIA_VISIBLE_DEVICES
	is "$(planned '[.devices, .mounts, .links, .env] | add | length')" 0

	env_add NVIDIA_VISIBLE_DEVICES=void
	plan
	is "$(planned .request.reason)" NVIDIA_VISIBLE_DEVICES=void
	plan --text
	succeeds
	has "$output" 'nothing is asked for: NVIDIA_VISIBLE_DEVICES=void'
}

@test "nvidia plan: warnings are part of it, and nothing is on standard error" {
	settings "[nvidia]
on-missing-driver = \"warn\"
accept-nvidia-visible-devices-envvar-when-unprivileged = false
[nvidia.testing]
proc-root = \"$BATS_TEST_TMPDIR\"
sys-root = \"$BATS_TEST_TMPDIR\""
	# Whose terminal it would be is no question.
	config_edit '.process.terminal = true'
	plan --gpus all
	succeeds
	has "$(planned '.warnings[]')" 'no NVIDIA driver: looked at '
	is "$(planned .driver)" null

	env_add NVIDIA_VISIBLE_DEVICES=all
	plan
	succeeds
	is "$(planned .request.kind)" nothing
	has "$(planned .request.reason)" 'NVIDIA_VISIBLE_DEVICES=all ignored: '
	is "$(planned '.warnings[]')" "$(planned .request.reason)"
}

@test "nvidia plan: every thing has a reason" {
	plan --gpus all
	succeeds
	is "$(planned '[.devices, .mounts, .links, .tmpfs] | add | map(select(.reason == null or .reason == "")) | length')" 0
	is "$(planned .mode)" native
	is "$(planned .driver.version)" "$version"
	is "$(planned .request.source)" --gpus
}

@test "nvidia plan: hooks and mounts that are not carried out" {
	settings "[nvidia]
driver-root = \"$DRIVER\"
accept-nvidia-visible-devices-as-volume-mounts = true
[nvidia.testing]
proc-root = \"$DRIVER/proc\"
sys-root = \"$DRIVER/sys\""
	config_edit '.hooks.prestart = [{path: "/usr/bin/nvidia-container-runtime-hook"}, {path: "/bin/true"}] |
		.mounts += [{source: "/dev/null", destination: "/var/run/nvidia-container-devices/1", options: ["bind"]}]'
	plan
	succeeds
	is "$(planned '.droppedHooks[]')" /usr/bin/nvidia-container-runtime-hook
	is "$(planned '.droppedMounts[]')" /var/run/nvidia-container-devices/1
	is "$(planned '.gpus[].index')" 1
}

@test "nvidia plan: the text has all that the JSON has" {
	local thing

	plan --gpus all
	planned '.gpus[].uuid, .devices[].path, .mounts[].destination, .links[].path, .tmpfs[].destination, .env[]' \
		>"$BATS_TEST_TMPDIR/things"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/things")" -gt 20 ]
	plan --gpus all --text
	succeeds
	while read -r thing; do
		has "$output" "$thing"
	done <"$BATS_TEST_TMPDIR/things"
}

@test "nvidia plan: errors are those of run, to the letter" {
	local gpus words

	for gpus in 7 GPU-99 '0,' count=9 MIG-1; do
		run_container --gpus "$gpus"
		is "$status" 1
		words=$stderr
		plan --gpus "$gpus"
		is "$status" 1
		is "${stderr/nvidia plan: /}" "${words/run: /}"
		is "$output" ''
	done
	rm "$BUNDLE/config.json"
	plan
	fails_with 'nvidia plan: read-config: ' config.json
}

@test "nvidia plan: anybody may ask, and gets the same answer" {
	open_to_all
	plan --gpus all
	succeeds
	cp "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/of-root"
	capture as_nobody "$NVCRUN" "${NVCRUN_OPTIONS[@]}" nvidia plan --bundle "$BUNDLE" --gpus all
	succeeds
	cmp "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/of-root"
	capture as_nobody "$NVCRUN" "${NVCRUN_OPTIONS[@]}" nvidia info
	succeeds
	has "$output" "$version" "$(uuid_of 2)"
}

# What of a trace could change anything, or opens a device: files for writing, nodes but with O_PATH, new things.
harmful() {
	grep -E '^[0-9 ]*(open|openat|openat2|creat)\(' "$1" | grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC' || true
	grep -E '^[0-9 ]*(open|openat|openat2)\(' "$1" | grep -E '"[^"]*dev/nvidia' | grep -v O_PATH || true
	grep -E '^[0-9 ]*(mk(dir|nod)(at)?|(un)?link(at)?|rename(at2?)?|symlink(at)?|mount|move_mount|fork|v?fork|clone3?|execve)\(' \
		"$1" | grep -v "execve(\"$NVCRUN\"" || true
}

@test "nvidia plan, nvidia info: no device is opened, nothing is written, nothing is started" {
	local before command

	for command in "plan --bundle $BUNDLE --gpus all" "plan --bundle $BUNDLE --text --gpus 0" info; do
		before=$(find "$BATS_TEST_TMPDIR/bundle" "$DRIVER" -printf '%p %T@ %s\n')
		# shellcheck disable=SC2086  # words
		capture strace -f -o "$BATS_TEST_TMPDIR/trace" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" nvidia $command
		succeeds
		has "$(cat "$BATS_TEST_TMPDIR/trace")" 'dev/nvidiactl' 'libcuda.so'
		is "$(harmful "$BATS_TEST_TMPDIR/trace")" ''
		is "$(find "$BATS_TEST_TMPDIR/bundle" "$DRIVER" -printf '%p %T@ %s\n')" "$before"
		[ ! -e "$STATE" ]
	done
	# The check itself does find what is harmful.
	strace -f -o "$BATS_TEST_TMPDIR/trace" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" run --bundle "$BUNDLE" \
		--gpus all "$CTR" </dev/null >/dev/null 2>&1 || true
	has "$(harmful "$BATS_TEST_TMPDIR/trace")" O_CREAT mkdirat clone execve
}

@test "nvidia info: driver, GPUs, nodes and files" {
	capture nvcrun nvidia info --json
	succeeds
	is "$(planned .driver.version)" "$version"
	is "$(planned '.gpus[] | "\(.index) \(.minor) \(.uuid)"')" "0 0 $(uuid_of 0)
1 2 $(uuid_of 2)"
	is "$(planned '.leftOut[] | .uuid + " " + .reason')" "$(uuid_of 1) excluded by the driver"
	is "$(planned '.nodes | to_entries[] | select(.value != "present") | .key')" ''
	[ "$(planned .capabilities.compute.libraries)" -gt 3 ]
	is "$(planned '.problems | length')" 0
	has "$(planned '.directories | keys[]')" "$driver_libraries" "$DRIVER/usr/bin"
}

@test "nvidia info: a missing node is a problem with a remedy" {
	own_driver
	rm "$DRIVER/dev/nvidia-uvm"
	capture nvcrun nvidia info
	is "$status" 1
	has "$output" 'problem: ' "$DRIVER/dev/nvidia-uvm: run \`nvidia-modprobe -c0 -u\`" "$(uuid_of 2)"
	[ "$(sed -n 's/^compute  *\([0-9]*\) .*/\1/p' <<<"$output")" -gt 3 ]
	is "$(grep -c ' missing$' <<<"$output")" 1
}

@test "nvidia info: without a driver it says where it looked" {
	settings "[nvidia]
on-missing-driver = \"warn\"
[nvidia.testing]
proc-root = \"$BATS_TEST_TMPDIR\"
sys-root = \"$BATS_TEST_TMPDIR\""
	capture nvcrun nvidia info
	fails_with 'nvidia info: this host: no NVIDIA driver' "$BATS_TEST_TMPDIR/module/nvidia/version" \
		"$BATS_TEST_TMPDIR/driver/nvidia/version" 'modprobe nvidia'
	is "$output" ''
}
