#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config-linux.md § Control groups, in the three ways in which a machine can show them.
# bats file_tags=cgroups,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load helpers/common

setup() {
	container_setup
	# What `cgroups` finds, also where a test has chosen the name.
	PLACE=/nvcrun-$CTR
}

teardown() {
	container_teardown
}

# The cgroup mounts of the view, one a line.
hierarchies() {
	in_view awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts
}

# in_each COMMAND...: run it in the view with the directory of each hierarchy as last argument.
in_each() {
	local mount

	while read -r mount; do
		in_view "$@" "$mount$PLACE" </dev/null
	done < <(hierarchies)
}

# has_controller NAME: the view has it, v1 or v2; its file FILE of the container is then
# $(controller_file NAME V1-FILE V2-FILE).
has_controller() {
	in_view sh -c '[ -e "/sys/fs/cgroup/$1/cgroup.procs" ] ||
		grep -qw "$1" /sys/fs/cgroup/cgroup.controllers 2>/dev/null' - "$1"
}

needs_controller() {
	has_controller "$1" || skip "needs cgroup controller $1"
}

controller_file() {
	local file=/sys/fs/cgroup/$1$PLACE/$2

	in_view test -e "$file" || file=/sys/fs/cgroup$PLACE/$3
	in_view cat "$file"
}

is_v2() {
	in_view test -e /sys/fs/cgroup/cgroup.controllers
}

made_entered_removed() {
	local pid dir

	program_args sleep 1000
	create_container
	succeeds
	pid=$(pid_of)
	is "$(cgroups | wc -l)" "$(hierarchies | wc -l)"
	while read -r dir; do
		is "$dir: $(in_view cat "$dir/cgroup.procs")" "$dir: $pid"
	done < <(cgroups)
	nvcrun start "$CTR"
	nvcrun delete --force "$CTR"
	no_leftovers
}

path_with_parents() {
	config_edit --arg path "/$CTR/made/deep" '.linux.cgroupsPath = $path'
	PLACE=/$CTR/made/deep
	program_args sleep 1000
	create_container
	succeeds
	in_each test -d
	nvcrun delete "$CTR"
	no_leftovers
	# What was there before stays.
	PLACE=/$CTR
	in_each mkdir
	create_container
	succeeds
	nvcrun delete "$CTR"
	is "$(cgroups | wc -l)" "$(hierarchies | wc -l)"
	in_each rmdir
	no_leftovers
}

own_cgroup_inside() {
	program 'cut -d: -f3 /proc/self/cgroup | sort -u
		for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
			[ ! -e $f ] || grep -cx 1 $f
		done | sort | uniq -c | tr -s " "
		mkdir /sys/fs/cgroup/new || mkdir /sys/fs/cgroup/pids/new'
	run_container
	is "$status" 1
	# Hierarchies that the view does not have are not entered: the container is where we are.
	has "$output" '/
' " $(hierarchies | wc -l) 1"
	has_not "$output" nvcrun-
	is "$(grep -c 'Read-only file system' <<<"$stderr")" "$(is_v2 && echo 1 || echo 2)"
	no_leftovers
}

pids_are_limited() {
	needs_controller pids
	config_edit '.linux.resources.pids.limit = 6'
	program 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo all'
	run_container
	[ "$status" -ne 0 ] || fail 'nine processes where five are allowed'
	has "$stderr" "can't fork"
	no_leftovers
}

memory_is_limited() {
	needs_controller memory
	config_edit '.linux.resources.memory.limit = 16777216'
	program 'dd if=/dev/zero of=/dev/null bs=1M count=1 2>/dev/null && echo small; exec dd if=/dev/zero of=/dev/null bs=64M count=1'
	run_container
	is "$status" 137
	is "$output" small
	no_leftovers
}

cpu_shares_are_written() {
	needs_controller cpu
	config_edit '.linux.resources.cpu.shares = 512 | .linux.resources.cpu.quota = 50000
		| .linux.resources.cpu.period = 100000'
	create_container
	succeeds
	if is_v2; then
		is "$(controller_file cpu '' cpu.weight)" 59
		is "$(controller_file cpu '' cpu.max)" '50000 100000'
	else
		is "$(controller_file cpu cpu.shares '')" 512
		is "$(controller_file cpu cpu.cfs_quota_us '')" 50000
	fi
	nvcrun delete "$CTR"
	no_leftovers
}

in_use_is_refused() {
	local dir pid

	config_edit --arg path "/$CTR" '.linux.cgroupsPath = $path'
	PLACE=/$CTR
	in_each mkdir
	sleep 1000 >/dev/null 3>&- &
	pid=$!
	disown
	dir=$(cgroups | head -n 1)
	in_view sh -c 'echo "$1" >"$2/cgroup.procs"' - "$pid" "$dir"
	run_container
	kill -0 "$pid" || fail 'a process that is not the container'\''s was killed'
	kill -KILL "$pid"
	fails_with "container's cgroup is not empty: 1 process(es) found in $dir"
	is "$(cgroups | wc -l)" "$(hierarchies | wc -l)"
	[ ! -e "$STATE/$CTR" ]
}

all_are_killed() {
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	program 'sleep 1000 & (sleep 1000 & sleep 1000 & wait) & setsid sleep 1000 & wait'
	run_container --detach
	succeeds
	wait_for eval '[ "$(processes | wc -l)" -ge 6 ]'
	nvcrun kill "$CTR" KILL
	wait_for eval '[ -z "$(processes)" ]'
	nvcrun delete "$CTR"
	no_leftovers
	run_container --detach
	wait_for eval '[ "$(processes | wc -l)" -ge 6 ]'
	nvcrun kill --all "$CTR" TERM
	wait_for eval '[ -z "$(processes)" ]'
	nvcrun delete "$CTR"
	no_leftovers
}

busy_one_is_deleted() {
	program 'while :; do (while :; do sleep 0; done) & sleep 0.02; done'
	! has_controller pids || config_edit '.linux.resources.pids.limit = 40'
	run_container --detach
	succeeds
	sleep 0.3
	nvcrun delete --force "$CTR"
	no_leftovers
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	run_container --detach
	succeeds
	sleep 0.3
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "cgroup made, entered, removed: hybrid" { # config-linux.md § Cgroups Path
	view hybrid
	made_entered_removed
}

@test "cgroup made, entered, removed: v1" {
	view v1
	made_entered_removed
}

@test "cgroup made, entered, removed: v2" {
	view v2
	made_entered_removed
}

@test "cgroupsPath: made parents are removed, others stay: hybrid" { # config-linux.md § Cgroups Path
	view hybrid
	path_with_parents
}

@test "cgroupsPath: made parents are removed, others stay: v1" {
	view v1
	path_with_parents
}

@test "cgroupsPath: made parents are removed, others stay: v2" {
	view v2
	path_with_parents
}

@test "cgroupsPath: the root, and climbing out, are refused" {
	local path

	for path in / /. /a/../../b ../a; do
		config_edit --arg path "$path" '.linux.cgroupsPath = $path'
		run_container
		fails_with linux.cgroupsPath "\`$path\`"
	done
	no_leftovers
}

@test "/sys/fs/cgroup shows the container's own: hybrid" { # config-linux.md § Default Filesystems
	view hybrid
	own_cgroup_inside
}

@test "/sys/fs/cgroup shows the container's own: v1" {
	view v1
	own_cgroup_inside
}

@test "/sys/fs/cgroup shows the container's own: v2" {
	view v2
	own_cgroup_inside
}

@test "without a cgroup namespace the container runs in its cgroup just the same" {
	config_edit 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	program_args cat /proc/self/cgroup
	run_container
	succeeds
	has "$output" "/nvcrun-$CTR"
	no_leftovers
}

@test "pids limit: hybrid" { # config-linux.md § PIDs
	view hybrid
	pids_are_limited
}

@test "pids limit: v2" {
	view v2
	pids_are_limited
}

@test "memory limit: hybrid" { # config-linux.md § Memory
	view hybrid
	memory_is_limited
}

@test "memory limit: v2" {
	view v2
	memory_is_limited
}

@test "cpu shares and quota: hybrid" { # config-linux.md § CPU
	view hybrid
	cpu_shares_are_written
}

@test "cpu shares and quota: v2" {
	view v2
	cpu_shares_are_written
}

@test "a limit without its controller is an error that names the field; without limits it is fine" {
	local row field

	view v2
	has_controller pids && skip 'needs a v2 without the pids controller'
	for row in 'pids={limit:5}' 'memory={limit:1e7}' 'cpu={quota:50000}' 'cpu={cpus:"0"}'; do
		field=${row%%=*}
		config_edit "del(.linux.resources.pids, .linux.resources.memory, .linux.resources.cpu)
			| .linux.resources.$field = ${row#*=}"
		run_container
		fails_with "linux.resources.$field." 'is not available' /sys/fs/cgroup
	done
	no_leftovers
	config_edit "del(.linux.resources.cpu)"
	run_container
	succeeds
}

@test "a cgroup that others use is refused and left alone: hybrid" { # runc's cgroups.bats
	view hybrid
	in_use_is_refused
}

@test "a cgroup that others use is refused and left alone: v2" {
	view v2
	in_use_is_refused
}

@test "KILL, and kill --all, reach all of a container without a pid namespace: hybrid" { # runc's kill.bats
	view hybrid
	all_are_killed
}

@test "KILL, and kill --all, reach all of a container without a pid namespace: v1" {
	view v1
	all_are_killed
}

@test "KILL, and kill --all, reach all of a container without a pid namespace: v2" {
	view v2
	all_are_killed
}

@test "delete --force ends one that forks all the time: hybrid" {
	view hybrid
	busy_one_is_deleted
}

@test "delete --force ends one that forks all the time: v2" {
	view v2
	busy_one_is_deleted
}

@test "delete removes cgroups that were made inside the container's" {
	config_edit '(.mounts[] | select(.type == "cgroup")).options -= ["ro"]'
	program 'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
			[ ! -e $d/cgroup.procs ] || mkdir -p $d/sub/sub; done; find /sys/fs/cgroup -name sub | wc -l'
	run_container
	is "$status" 0
	[ "$output" -ge 2 ]
	no_leftovers
}
