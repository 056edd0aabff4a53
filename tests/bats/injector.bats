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
	config_edit --arg id "$CTR" '.linux.cgroupsPath = "/nvcrun-" + $id + "/parent/" + $id |
		.process.oomScoreAdj = 500 | .process.terminal = false |
		.process.scheduler = {policy: "SCHED_BATCH"} | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} |
		.hooks = ({path: "/bin/true"} as $hook |
			{createRuntime: [$hook], createContainer: [$hook], startContainer: [$hook]})'
	pid_file=$BATS_TEST_TMPDIR/pid
}

teardown() { container_teardown; }

# rows MODE: `NAME SIDE` of the rows that `create`, `run` or `run` with a terminal has.
rows() {
	local name side wanted found=0

	while read -r name side wanted; do
		found=$((found + 1))
		case $1:$wanted in
		run:is_created_only | terminal:is_created_only | create:wants_console | run:wants_console) ;;
		*:wants_lsm) ;; # needs a kernel with AppArmor or SELinux
		*:wants_namespace_paths | *:wants_host_sources | *:wants_id_maps | *:wants_host_limits) ;;
		*:wants_console_socket) ;;
		*) echo "$name $side" ;;
		esac
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
	printf '%s\n' --bundle "$BUNDLE" --gpus all --pid-file "$pid_file" "$CTR"
}

# attempt MODE ROW:ACTION: `create` or `run`, with the row failing or killed.
attempt() {
	local mode=$1 words

	[ "$mode" != terminal ] || mode=run
	mapfile -t words < <(arguments)
	inject "$2" "$mode" "${words[@]}"
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
	[ "$1" = create ] && [[ $2 == @(wait-start|start-hooks|exec) ]]
}

# fails MODE ROW: the error names the row, and undoes what was done.
fails() {
	attempt "$1" "$2:fail"
	fails_with "$2: failed on request"
	nothing_left
}

start_fails() {
	attempt create "$1:fail"
	succeeds
	capture nvcrun start "$CTR"
	# It may be dead already: then there is nobody to report.
	[ "$status" -eq 1 ]
	[[ $stderr == *"$1: failed on request"* || $stderr == *'cannot start a container that has stopped'* ]] || fail
	is "$(status_of)" stopped
	nvcrun delete "$CTR"
	rm "$pid_file"
	nothing_left
}

# killed MODE ROW SIDE: who is about to run the row dies. The other side notices, and delete finds what there is.
killed() {
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
	elif [ "$1" != create ] && [[ $2 == @(report-ready|start-hooks|exec) ]]; then
		# The host waits for the program by now: this one ended by a signal, SIGILL, see step_injector.c.
		is "$status" 132
	else
		fails_with 'container init died before'
		nothing_left
	fi
	capture nvcrun delete --force "$CTR"
	succeeds
	rm -f "$pid_file"
	nothing_left
	capture nvcrun state "$CTR"
	fails_with 'does not exist'
}

# each_row fails|killed MODE
each_row() {
	local list name side

	list=$(rows "$2")
	while read -r name side <&4; do
		echo "row $name"
		if [ "$1" = fails ] && is_after_create "$2" "$name"; then
			start_fails "$name"
		else
			"$1" "$2" "$name" "$side"
		fi
	done 4<<<"$list"
	# Nothing is in the way of the next container.
	attempt "$2" none:fail
	[ "$2" != create ] || nvcrun delete --force "$CTR"
}

terminal() {
	config_edit '.process.terminal = true | .process.args = ["true"]'
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

@test "injector: run with a terminal: every row fails" {
	terminal
	each_row fails terminal
}

@test "injector: run with a terminal: every row is killed" {
	terminal
	each_row killed terminal
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
