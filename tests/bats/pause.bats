#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# pause and resume, with the freezers of cgroup v1 and v2.
# bats file_tags=pause,cgroups,root
# shellcheck disable=SC2154  # $stderr: capture
load helpers/common

setup() {
	container_setup
}

# What a test that failed left frozen would outlive its death.
teardown() {
	local dir

	while read -r dir; do
		[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state"
	done < <(cgroups)
	container_teardown
}

# A running container that writes into /count all the time.
run_counting() {
	config_edit '.root.readonly = false'
	program 'while :; do echo x >>/count; sleep 0.01; done'
	run_container --detach
	succeeds
	wait_for test -s "$BUNDLE/rootfs/count"
}

counted() {
	stat -c %s "$BUNDLE/rootfs/count"
}

has_counted_beyond() {
	[ "$(counted)" -gt "$1" ]
}

stands_still_and_goes_on() {
	local before

	run_counting
	capture nvcrun pause "$CTR"
	succeeds
	is "$output" ''
	has_status paused
	before=$(counted)
	sleep 0.3
	is "$(counted)" "$before"
	capture nvcrun resume "$CTR"
	succeeds
	is "$output" ''
	has_status running
	wait_for has_counted_beyond "$before"
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "pause: nothing runs until resume: hybrid" {
	view hybrid
	stands_still_and_goes_on
}

@test "pause: nothing runs until resume: v1" {
	view v1
	stands_still_and_goes_on
}

@test "pause: nothing runs until resume: v2" {
	view v2
	stands_still_and_goes_on
}

# Processes that come and go all the time do not escape.
many_are_frozen() {
	local before

	config_edit '.root.readonly = false'
	program 'for i in 1 2 3 4 5 6 7 8; do while :; do true | true; echo x >>/count; done & done; wait'
	run_container --detach
	succeeds
	wait_for test -s "$BUNDLE/rootfs/count"
	for _ in 1 2 3; do
		capture nvcrun pause "$CTR"
		succeeds
		before=$(counted)
		sleep 0.1
		is "$(counted)" "$before"
		nvcrun resume "$CTR"
	done
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "pause: a busy container: hybrid" {
	view hybrid
	many_are_frozen
}

@test "pause: a busy container: v2" {
	view v2
	many_are_frozen
}

killed_while_paused() {
	run_counting
	nvcrun pause "$CTR"
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	nvcrun delete "$CTR"
	no_leftovers
}

@test "kill: KILL ends a paused container: hybrid" {
	view hybrid
	killed_while_paused
}

@test "kill: KILL ends a paused container: v1" {
	view v1
	killed_while_paused
}

@test "kill: KILL ends a paused container: v2" {
	view v2
	killed_while_paused
}

@test "kill: KILL ends a paused container that shares the pid namespace" {
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	killed_while_paused
}

@test "kill: another signal waits until resume" {
	program 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	run_container --detach
	succeeds
	nvcrun pause "$CTR"
	nvcrun kill "$CTR" TERM
	sleep 0.2
	has_status paused
	nvcrun resume "$CTR"
	wait_for has_status stopped
}

deleted_while_paused() {
	run_counting
	nvcrun pause "$CTR"
	capture nvcrun delete "$CTR"
	fails_with "cannot delete container $CTR that is not stopped: paused"
	has_status paused
	capture nvcrun delete --force "$CTR"
	succeeds
	no_leftovers
}

@test "delete: only --force takes a paused container: hybrid" {
	view hybrid
	deleted_while_paused
}

@test "delete: only --force takes a paused container: v1" {
	view v1
	deleted_while_paused
}

@test "delete: only --force takes a paused container: v2" {
	view v2
	deleted_while_paused
}

@test "pause: a created container is paused, cannot start, and is created again" {
	program_args sleep 1000
	create_container
	succeeds
	nvcrun pause "$CTR"
	has_status paused
	capture nvcrun start "$CTR"
	fails_with 'cannot start a container in the paused state'
	nvcrun resume "$CTR"
	has_status created
	nvcrun start "$CTR"
	has_status running
}

@test "pause: list shows it" {
	run_counting
	nvcrun pause "$CTR"
	is "$(nvcrun list --format json | jq -r '.[].status')" paused
}

@test "pause and resume: containers in the wrong state" {
	capture nvcrun pause "$CTR"
	fails_with "container does not exist: $CTR"
	capture nvcrun resume "$CTR"
	fails_with "container does not exist: $CTR"
	run_counting
	capture nvcrun resume "$CTR"
	fails_with 'container not paused'
	nvcrun pause "$CTR"
	capture nvcrun pause "$CTR"
	fails_with 'container not running'
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	capture nvcrun pause "$CTR"
	fails_with 'container not running'
	capture nvcrun resume "$CTR"
	fails_with 'container not paused'
}

# cgroup v1 only, its freezer hidden; missing must not read as paused.
@test "pause: without a freezer" {
	view v1
	in_view umount /sys/fs/cgroup/freezer
	run_counting
	has_status running
	capture nvcrun pause "$CTR"
	fails_with 'no freezer: neither freezer.state nor cgroup.freeze' "/sys/fs/cgroup/memory/nvcrun-$CTR"
	has_status running
}
