#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# ps: the processes of a container, as the host sees them.
# bats file_tags=ps,root
# shellcheck disable=SC2016,SC2034,SC2154  # $ is for shells in containers; options; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

run_three() {
	program 'sleep 1001 & sleep 1002 & wait'
	run_container --detach
	succeeds
	wait_for has_three
}

has_three() {
	[ "$(nvcrun ps --format json "$CTR" | jq length)" -eq 3 ]
}

shown_in_both_forms() {
	local pid

	run_three
	capture nvcrun ps -f json "$CTR"
	succeeds
	jq -e --argjson pid "$(pid_of)" 'index($pid) != null' <<<"$output"
	capture nvcrun ps "$CTR"
	succeeds
	is "$(wc -l <<<"$output")" 4
	is "$(head -n 1 <<<"$output" | tr -s ' ')" 'UID PID PPID C STIME TTY TIME CMD'
	has "$output" 'sleep 1001' 'sleep 1002'
	for pid in $(nvcrun ps -f json "$CTR" | jq '.[]'); do
		grep -q "^[^ ]* *$pid " <<<"$output" || fail "no line of $pid"
	done
	nvcrun delete --force "$CTR"
}

@test "ps: a table and an array of the container's processes: hybrid" {
	view hybrid
	shown_in_both_forms
}

@test "ps: a table and an array of the container's processes: v1" {
	view v1
	shown_in_both_forms
}

@test "ps: a table and an array of the container's processes: v2" {
	view v2
	shown_in_both_forms
}

@test "ps: options after the id are for ps" {
	run_three
	capture nvcrun ps "$CTR" -e -x
	succeeds
	is "$(head -n 1 <<<"$output" | tr -s ' ' | sed 's/^ //')" 'PID TTY STAT TIME COMMAND'
	is "$(wc -l <<<"$output")" 4
	capture nvcrun ps "$CTR" -e -o comm
	fails_with 'ps shows no column PID'
	capture nvcrun ps "$CTR" --no-such-option
	[ "$status" -eq 1 ]
	has "$stderr" /ps 'exit status 1'
}

@test "ps: processes in sub-cgroups are the container's" {
	local sub

	run_three
	sub=$(cgroups | grep -m 1 /pids/ || cgroups | head -n 1)/sub
	mkdir "$sub"
	pgrep -P "$(pid_of)" | head -n 1 >"$sub/cgroup.procs"
	has_three
}

@test "ps: a stopped container has none" {
	run_three
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	capture nvcrun ps -f json "$CTR"
	succeeds
	is "$output" '[]'
	capture nvcrun ps "$CTR"
	succeeds
	is "$(wc -l <<<"$output")" 1
	capture nvcrun ps "$CTR-none"
	fails_with "container does not exist: $CTR-none"
}

@test "ps: a host without ps" {
	local ps

	view hybrid
	for ps in /usr/sbin/ps /usr/bin/ps; do
		[ ! -e "$ps" ] || in_view mount --bind /dev/null "$ps"
	done
	run_three
	capture nvcrun ps "$CTR"
	fails_with 'there is no program `ps`' /usr/bin '--format json'
}

@test "ps: a container without a cgroup" {
	NVCRUN_OPTIONS=(--cgroup-manager disabled)
	program_args sleep 1000
	run_container --detach
	succeeds
	capture nvcrun ps "$CTR"
	fails_with "container \`$CTR\` has no cgroup of its own"
}
