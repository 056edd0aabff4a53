#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Every row of the create table fails, and is killed, in turn: nothing may stay behind. The rows are read from the
# source, so a new one is tested without a word here. NVCRUN_INJECT: tests/helpers/step_injector.c.
# bats file_tags=lifecycle,root

# shellcheck disable=SC2016  # the dollars in single quotes are for jq
# shellcheck disable=SC2034,SC2154  # helpers/common.bash reads and sets them

load helpers/common

setup() {
	container_setup
	NVCRUN_OPTIONS=(--settings "$DRIVER/nvcrun.toml")
	program_args sleep 100
	# Parents of the cgroup that are made for it must go too, and every row must have something to do.
	config_edit --arg id "$CTR" '.linux.cgroupsPath = "/nvcrun-" + $id + "/parent-" + $id + "/" + $id |
		.process.oomScoreAdj = 500 | .process.terminal = false |
		.process.scheduler = {policy: "SCHED_BATCH"} | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} |
		.hooks = ({path: "/bin/true"} as $hook |
			{createRuntime: [$hook], createContainer: [$hook], startContainer: [$hook]}) |
		(.linux.namespaces[] | select(.type == "uts")).path = "/proc/self/ns/uts" | del(.hostname)'
	pid_file=$BATS_TEST_TMPDIR/pid
	listener=
}

teardown() {
	[ -z "$listener" ] || kill "$listener" 2>/dev/null || true
	container_teardown
}

# --- modes: create, run, and three more for rows that these have not

# wanting CONDITION: the modes whose containers want the rows of this condition.
wanting() {
	case $1 in
	is_created_only) echo create user socket ;;
	wants_console) echo terminal socket ;;
	wants_console_socket) echo socket ;;
	wants_id_maps | wants_host_sources | wants_host_limits) echo user ;;
	wants_lsm) ;; # a kernel with AppArmor or SELinux
	NULL | wants_nvidia | wants_seccomp | wants_namespace_paths | wants_*_hooks | wants_oom_score | wants_schedule)
		echo create run user terminal socket
		;;
	*) fail "which container wants a row with the condition $1?" ;;
	esac
}

# `run` with a terminal.
make_terminal() {
	config_edit '.process.terminal = true | .process.args = ["true"]'
}

# `create` with a terminal that is sent to somebody who listens, but takes his time.
make_socket() {
	make_terminal
	perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) && listen(S, 4096) ||
		die $!; sleep 600' "$BATS_TEST_TMPDIR/console" >/dev/null 2>&1 3>&- &
	listener=$!
	disown
	wait_for test -S "$BATS_TEST_TMPDIR/console"
}

# `create` with a user namespace.
make_user() {
	config_edit '.linux += {uidMappings: [{containerID: 0, hostID: 0, size: 65536}],
		gidMappings: [{containerID: 0, hostID: 0, size: 65536}]} | .linux.namespaces += [{type: "user"}]'
}

command_of() {
	case $1 in
	create | user | socket) echo create ;;
	run | terminal) echo run ;;
	esac
}

# rows MODE: `NAME SIDE` of the rows that containers of this mode want.
rows() {
	local name side wanted modes found=0

	while read -r name side wanted; do
		found=$((found + 1))
		modes=$(wanting "$wanted")
		[[ " $modes " != *" $1 "* ]] || echo "$name $side"
	done < <(sed -n 's/^\t{ "\([a-z-]*\)", \(HOST\|INIT\), \([A-Za-z_]*\),.*/\1 \2 \3/p' \
		"$TREE/src/runtime/create.c")
	# As many as the table has entries, lest one that is written otherwise be left out.
	[ "$found" -eq "$(grep -c '\bstep_[a-z_]*,' "$TREE/src/runtime/create.c")" ]
	[ "$found" -ge 20 ]
}

# inject ROW:ACTION COMMAND...: nvcrun with the step injector, captured.
inject() {
	local NVCRUN_INJECT=$1 NVCRUN=$HELPERS/nvcrun-inject

	export NVCRUN_INJECT
	capture nvcrun "${@:2}" </dev/null
}

# What `create` and `run` are given.
arguments() {
	[ -z "$listener" ] || printf '%s\n' --console-socket "$BATS_TEST_TMPDIR/console"
	printf '%s\n' --bundle "$BUNDLE" --gpus all --pid-file "$pid_file" "$CTR"
}

# attempt MODE ROW:ACTION: `create` or `run`, with the row failing or killed.
attempt() {
	local words

	mapfile -t words < <(arguments)
	inject "$2" "$(command_of "$1")" "${words[@]}"
}

nobody_left() {
	[ -z "$(processes)" ]
}

nothing_left() {
	wait_for nobody_left
	no_leftovers
	[ ! -e "$pid_file" ] || fail "the pid file stays"
}

# In `create` the last rows run when create has succeeded already: `start` tells of them, or finds a dead container.
is_after_create() {
	[ "$(command_of "$1")" = create ] && [[ $2 == @(wait-start|start-hooks|exec) ]]
}

# fails MODE ROW: the error names the row, and undoes what was done.
fails() {
	attempt "$1" "$2:fail"
	fails_with "$2: failed on request"
	nothing_left
}

start_fails() {
	attempt "$1" "$2:fail"
	succeeds
	capture nvcrun start "$CTR"
	# It may be dead already: then there is nobody to report.
	[ "$status" -eq 1 ]
	[[ $stderr == *"$2: failed on request"* || $stderr == *'cannot start a container that has stopped'* ]] || fail
	is "$(status_of)" stopped
	nvcrun delete "$CTR"
	rm "$pid_file"
	nothing_left
}

# killed MODE ROW SIDE: who is about to run the row dies. The other side notices, and delete finds what there is.
killed() {
	local clean=

	attempt "$1" "$2:kill"
	if is_after_create "$1" "$2" && [ "$2" = wait-start ]; then
		is "$status" 0
	elif is_after_create "$1" "$2"; then
		is "$status" 0
		capture nvcrun start "$CTR"
		wait_for has_status stopped
	elif [ "$3" = HOST ]; then
		is "$status" 137
		wait_for nobody_left
	else
		# The host did it all; there is nothing for delete to find.
		fails_with 'container init died before'
		nothing_left
		clean=yes
	fi
	capture nvcrun delete --force "$CTR"
	succeeds
	rm -f "$pid_file"
	[ -n "$clean" ] || nothing_left
	capture nvcrun state "$CTR"
	fails_with 'does not exist'
}

# each_row fails|killed MODE [FIRST]: from the row FIRST on.
each_row() {
	local list name side

	list=$(rows "$2" | sed -n "/^${3-read-config} /,\$p")
	[ -n "$list" ]
	while read -r name side <&4; do
		echo "row $name"
		if [ "$1" = fails ] && is_after_create "$2" "$name"; then
			start_fails "$2" "$name"
		else
			"$1" "$2" "$name" "$side"
		fi
	done 4<<<"$list"
	# Nothing is in the way of the next container.
	attempt "$2" none:fail
	[ "$status" -eq 0 ] || fail
}

@test "injector: a container is made where nothing is injected" {
	attempt create none:kill
	succeeds
	is "$(status_of)" created
	is "$(cat "$pid_file")" "$(pid_of)"
	has "$(leftovers)" "cgroup /" "state $STATE/$CTR/state.json" "process $(pid_of)"
	nvcrun delete "$CTR"
	rm "$pid_file"
	nothing_left
}

@test "injector: init dies with the runtime in the midst of a row" {
	printf '#!/bin/sh\ntouch "%s"\nexec sleep 100\n' "$BATS_TEST_TMPDIR/hook-runs" >"$BATS_TEST_TMPDIR/hook"
	chmod 0755 "$BATS_TEST_TMPDIR/hook"
	config_edit --arg hook "$BATS_TEST_TMPDIR/hook" '.hooks = {createContainer: [{path: $hook}]}'
	"$NVCRUN" --root "$STATE" create --bundle "$BUNDLE" "$CTR" >/dev/null 2>&1 3>&- </dev/null &
	wait_for test -e "$BATS_TEST_TMPDIR/hook-runs"
	kill -KILL $!
	wait_for nobody_left
	capture nvcrun delete --force "$CTR"
	succeeds
	nothing_left
}

@test "injector: create: every row fails" { each_row fails create; }

@test "injector: create: every row is killed" { each_row killed create; }

@test "injector: run: every row fails" {
	program_args true
	each_row fails run
}

@test "injector: run: every row is killed" {
	program_args true
	each_row killed run
}

@test "injector: run with a terminal: every row from the console on fails" {
	make_terminal
	each_row fails terminal console
}

@test "injector: run with a terminal: every row from the console on is killed" {
	make_terminal
	each_row killed terminal console
}

@test "injector: create with a console socket: every row from the console on fails" {
	make_socket
	each_row fails socket console
}

@test "injector: create with a console socket: every row from the console on is killed" {
	make_socket
	each_row killed socket console
}

@test "injector: create with a user namespace: every row fails" {
	make_user
	each_row fails user
}

@test "injector: create with a user namespace: every row is killed" {
	make_user
	each_row killed user
}

@test "injector: cgroup v1: create: every row fails" {
	view v1
	each_row fails create
}

@test "injector: cgroup v1: create: every row is killed" {
	view v1
	each_row killed create
}

@test "injector: cgroup v2: create: every row fails" {
	view v2
	each_row fails create
}

@test "injector: cgroup v2: create: every row is killed" {
	view v2
	each_row killed create
}
