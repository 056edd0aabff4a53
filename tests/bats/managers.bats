#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Who makes the cgroup, and what happens where it may not be made. systemd as the manager: tests/systemd.
# bats file_tags=cgroups,root
# shellcheck disable=SC2016,SC2034,SC2154  # $ is for jq and awk; options; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

@test "--cgroup-manager disabled: the container stays where the runtime is" {
	NVCRUN_OPTIONS=(--cgroup-manager disabled)
	config_edit 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	program_args cat /proc/self/cgroup
	run_container
	succeeds
	is "$output" "$(cat /proc/self/cgroup)"
	program_args sleep 1000
	run_container --detach
	succeeds
	is "$(cgroups)" ''
	is "$(nvcrun exec "$CTR" cat /proc/self/cgroup)" "$(cat /proc/self/cgroup)"
	capture nvcrun pause "$CTR"
	fails_with 'no cgroup of its own'
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	nvcrun delete "$CTR"
	no_leftovers
}

@test "--cgroup-manager disabled: a mounted /sys/fs/cgroup shows nothing of the host" {
	NVCRUN_OPTIONS=(--cgroup-manager disabled)
	program_args ls /sys/fs/cgroup
	run_container
	succeeds
	is "$output" ''
}

@test "--cgroup-manager disabled: limits are refused, no limits are none" {
	NVCRUN_OPTIONS=(--cgroup-manager disabled)
	program_args true
	config_edit '.linux.resources.pids.limit = -1'
	run_container
	succeeds
	config_edit '.linux.resources.pids.limit = 5'
	run_container
	fails_with linux.resources.pids.limit '--cgroup-manager disabled' 'cannot be limited'
	no_leftovers
}

@test "--systemd-cgroup without systemd: the error has the remedy" {
	local option

	[ ! -e /run/systemd/system ] || skip 'needs a machine without systemd'
	for option in --systemd-cgroup '--cgroup-manager=systemd'; do
		NVCRUN_OPTIONS=("$option")
		run_container
		fails_with 'systemd does not run here' /run/systemd/system '--cgroup-manager cgroupfs' \
			native.cgroupdriver=cgroupfs
	done
	no_leftovers
}

@test "--cgroup-manager cgroupfs is the default; an unknown one is refused" {
	NVCRUN_OPTIONS=(--cgroup-manager cgroupfs)
	program_args sleep 1000
	run_container --detach
	succeeds
	[ -n "$(cgroups)" ]
	NVCRUN_OPTIONS=()
	nvcrun delete --force "$CTR"
	no_leftovers
	NVCRUN_OPTIONS=(--cgroup-manager none)
	run_container
	fails_with "\`systemd\`" "\`none\`"
}

# Cgroups that may be seen, not made.
view_read_only() {
	local mount

	view hybrid
	in_view awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts >"$BATS_TEST_TMPDIR/mounts"
	while read -r mount; do
		in_view mount -o remount,bind,ro "$mount" </dev/null
	done <"$BATS_TEST_TMPDIR/mounts"
}

@test "--rootless: a cgroup that may not be made is done without" {
	view_read_only
	program_args echo ran
	run_container
	fails_with "nvcrun-$CTR" 'read-only file system'
	NVCRUN_OPTIONS=(--rootless false)
	run_container
	fails_with 'read-only file system'
	NVCRUN_OPTIONS=(--rootless true)
	run_container
	succeeds
	is "$output" ran
	no_leftovers
}

@test "--rootless: what was asked of a cgroup that may not be made is an error" {
	view_read_only
	NVCRUN_OPTIONS=(--rootless true)
	program_args true
	config_edit '.linux.resources.pids.limit = 5'
	run_container
	fails_with 'rootless needs no limits + no cgrouppath when no permission is granted for cgroups' 'read-only'
	config_edit 'del(.linux.resources.pids)'
	config_edit --arg path "/$CTR" '.linux.cgroupsPath = $path'
	run_container
	fails_with 'rootless needs no limits + no cgrouppath when no permission is granted for cgroups'
	no_leftovers
}
