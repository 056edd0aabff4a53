#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What covers /proc/driver/nvidia. Machines without a driver have no such directory, so it is put over another one
# of procfs (tests/helpers/cover_proc.c); with a driver: tests/gpu/run.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells that see the covered directory
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

prefix=()

setup() { nvidia_setup; }
teardown() { container_teardown; }

# covered GPUS SCRIPT: run it, in /proc/tty, captured.
covered() {
	capture "${prefix[@]}" "$HELPERS/cover_proc" "$DRIVER/nvcrun.toml" "$1" /proc/tty sh -c "cd /proc/tty; $2"
}

# bus_of MINOR: its directory in gpus.
bus_of() {
	basename "$(dirname "$(grep -l "^Device Minor:[[:space:]]*$1\$" "$DRIVER"/proc/driver/nvidia/gpus/*/information)")"
}

@test "nvidia procfs: files are copies, and the driver inside is told to make no nodes" {
	covered all 'cat params'
	succeeds
	is "$output" "$(sed 's/^ModifyDeviceFiles: 1$/ModifyDeviceFiles: 0/' "$DRIVER/proc/driver/nvidia/params")"
	has "$output" 'ModifyDeviceFiles: 0'
	covered all 'cat version registry'
	is "$output" "$(cd "$DRIVER/proc/driver/nvidia" && cat version registry)"
	covered all 'ls'
	is "$output" "$(printf '%s\n' gpus params registry version)"
	has "$(cat "$DRIVER/proc/driver/nvidia/params")" 'ModifyDeviceFiles: 1'
}

@test "nvidia procfs: exactly the chosen GPUs are shown" {
	covered all 'ls gpus; cat gpus/*/information'
	succeeds
	has "$output" "$(bus_of 0)" "$(bus_of 2)" "$(uuid_of 0)" "$(uuid_of 2)"
	# The excluded one neither.
	has_not "$output" "$(bus_of 1)" "$(uuid_of 1)"
	covered 1 'ls gpus'
	is "$output" "$(bus_of 2)"
	covered none 'ls'
	is "$output" "$(printf '%s\n' params registry version)"
}

@test "nvidia procfs: nothing can be written" {
	local bus

	bus=$(bus_of 0)
	covered 0 "for file in registry params new gpus/$bus/registry gpus/$bus/new; do echo x >\$file; done; mkdir gpus/x;
		rm registry; chmod 0777 . params"
	[ "$status" -ne 0 ]
	is "$output" ''
	is "$(grep -c 'Read-only file system' <<<"$stderr")" 9
	is "$(cat "$DRIVER/proc/driver/nvidia/gpus/$bus/registry")" 'Binary: ""'
	covered 0 'stat -c "%a %u" . params; awk "\$5 ~ \"^/proc/tty\" { print \$5, \$6 }" /proc/self/mountinfo'
	is "$(head -n 2 <<<"$output")" "$(printf '%s\n' '555 0' '444 0')"
	is "$(grep -c ro,nosuid,nodev,noexec <<<"$output")" 2
}

@test "nvidia procfs: only who may mount can make it writable or look beneath" {
	covered 0 'setpriv --bounding-set -sys_admin sh -c "mount -o remount,bind,rw /proc/tty; umount -l /proc/tty;
		mount --bind / /mnt; cat params; echo x >registry"'
	has "$output" 'ModifyDeviceFiles: 0'
	has_not "$output" 'Binary'
	has "$stderr" 'Read-only file system'
	is "$(grep -c '^u\?mount: ' <<<"$stderr")" 3
}

@test "nvidia procfs: a container without a GPU sees an empty directory" {
	covered void 'ls -A; echo x >registry'
	is "$output" ''
	has "$stderr" 'Read-only file system'
	own_driver
	sed -i '/^\[nvidia\]/a protect-proc-driver = false' "$DRIVER/nvcrun.toml"
	covered void 'ls'
	has "$output" drivers ldiscs
}

@test "nvidia procfs: the same in a user namespace" {
	prefix=(unshare --user --map-root-user)
	covered 1 'grep Modify params; ls gpus; cat gpus/*/information; echo x >registry'
	has "$output" 'ModifyDeviceFiles: 0' "$(bus_of 2)" "$(uuid_of 2)"
	has_not "$output" "$(uuid_of 0)"
	has "$stderr" 'Read-only file system'
}

@test "nvidia procfs: the same on older kernels" {
	local call expected
	local script='cat params; ls gpus; awk "\$5 ~ \"^/proc/tty\" { print \$5, \$6 }" /proc/self/mountinfo'

	covered all "$script"
	expected=$output
	has "$expected" 'ModifyDeviceFiles: 0' "/proc/tty/gpus/$(bus_of 2) ro,"
	for call in fsopen fsopen=EPERM move_mount open_tree open_tree=EPERM mount_setattr openat2 openat2=EPERM \
		fsopen,open_tree,move_mount,mount_setattr,openat2; do
		echo "without $call"
		prefix=("$HELPERS/degrade" "$call")
		covered all "$script"
		succeeds
		is "$output" "$expected"
		covered all 'echo x >registry'
		has "$stderr" 'Read-only file system'
		run -0 "${prefix[@]}" "${HELPERS%/*}/unit/test_linux_private_tmpfs"
		has_not "$output" 'not ok' skip
	done
}

@test "nvidia procfs: without the directory in procfs nothing is done" {
	[ ! -e /proc/driver/nvidia ] || skip 'the driver is loaded: tests/gpu/run'
	program 'cat /proc/self/mountinfo; ls /proc/driver'
	run_container --gpus all
	succeeds
	has_not "$output" /proc/driver nvidia/params
	# Settings are not even read for those who do not ask.
	settings 'nonsense'
	program_args true
	run_container
	succeeds
}
