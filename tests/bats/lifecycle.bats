#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# runtime.md: create, start, state, kill, delete, list, run.
# bats file_tags=lifecycle,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# A program that stays, and that TERM ends with exit code 3.
program_staying() {
	program 'trap "exit 3" TERM; echo ready; while :; do sleep 1 & wait $!; done'
}

# Run $CTR in the background as one in the foreground of its caller; its pid is then in $run.
run_in_background() {
	"$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" >"$BATS_TEST_TMPDIR/run.out" \
		2>"$BATS_TEST_TMPDIR/run.err" </dev/null 3>&- &
	run=$!
	wait_for grep -qs ready "$BATS_TEST_TMPDIR/run.out"
}

# wins N PID...: so many of these commands end with exit code 0.
wins() {
	local pid winners=0

	for pid in "${@:2}"; do
		! wait "$pid" || winners=$((winners + 1))
	done
	is "$winners" "$1"
}

@test "run: output, error output and exit code 0 are the program's" { # runtime.md § Lifecycle
	program 'echo hello; echo complaint >&2'
	run_container
	is "$status" 0
	is "$output" hello
	is "$stderr" complaint
	no_leftovers
}

@test "run: exit code 7 is passed on" {
	program 'exit 7'
	run_container
	is "$status" 7
	is "$stderr" ''
	no_leftovers
}

@test "run: a program ended by signal n gives 128 + n" {
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	program 'kill -TERM $$'
	run_container
	is "$status" 143
	no_leftovers
	program 'kill -KILL $$'
	run_container
	is "$status" 137
	no_leftovers
}

@test "run: TERM to the runtime reaches the program, whose exit code is passed on" {
	program_staying
	run_in_background
	has_status running
	kill -TERM "$run"
	status=0
	wait "$run" || status=$?
	is "$status" 3
	no_leftovers
}

@test "run: kill KILL from another process gives 137" {
	program_staying
	run_in_background
	nvcrun kill "$CTR" KILL
	status=0
	wait "$run" || status=$?
	is "$status" 137
	no_leftovers
}

@test "run: the container outlives a runtime killed by SIGKILL, and can be deleted" {
	program_staying
	run_in_background
	kill -KILL "$run"
	wait "$run" || true
	has_status running
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "run --detach returns while the program runs" {
	program 'echo $$; sleep 1000'
	run_container --detach
	succeeds
	has_status running
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	nvcrun delete "$CTR"
	no_leftovers
}

@test "run --keep leaves a stopped container" {
	program 'exit 7'
	run_container --keep
	is "$status" 7
	has_status stopped
	is "$(pid_of)" 0
	nvcrun delete "$CTR"
	no_leftovers
}

@test "create, start, kill, delete: states, pids, and silence on success" { # runtime.md § Lifecycle
	local pid

	program_args sleep 1000
	create_container
	succeeds
	is "$output" ''
	has_status created
	pid=$(pid_of)
	[ -d "/proc/$pid" ]
	capture nvcrun start "$CTR"
	succeeds
	is "$output" ''
	has_status running
	is "$(pid_of)" "$pid"
	is "$(tr '\0' ' ' <"/proc/$pid/cmdline")" 'sleep 1000 '
	capture nvcrun kill "$CTR" KILL
	succeeds
	is "$output" ''
	wait_for has_status stopped
	is "$(pid_of)" 0
	capture nvcrun delete "$CTR"
	succeeds
	is "$output" ''
	no_leftovers
}

@test "create does not run the program" { # runtime.md § Create
	config_edit '.root.readonly = false'
	program 'echo ran >/ran'
	create_container
	succeeds
	[ ! -e "$BUNDLE/rootfs/ran" ]
	nvcrun start "$CTR"
	wait_for test -s "$BUNDLE/rootfs/ran"
}

@test "state: what the specification wants" { # runtime.md § State
	config_edit '.annotations = {"org.example.key": "value"}'
	create_container
	succeeds
	capture nvcrun state "$CTR"
	succeeds
	is "$(jq -c 'keys' <<<"$output")" \
		'["annotations","bundle","created","id","ociVersion","owner","pid","rootfs","status"]'
	is "$(jq -r .id <<<"$output")" "$CTR"
	is "$(jq -r .bundle <<<"$output")" "$BUNDLE"
	is "$(jq -r .rootfs <<<"$output")" "$BUNDLE/rootfs"
	is "$(jq -r .ociVersion <<<"$output")" "$(jq -r .ociVersion "$BUNDLE/config.json")"
	is "$(jq -c .annotations <<<"$output")" '{"org.example.key":"value"}'
	[[ $(jq -r .created <<<"$output") =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z$ ]]
}

@test "state of an unknown container fails" { # runtime.md § Query State
	capture nvcrun state "$CTR"
	fails_with "container does not exist: $CTR"
}

@test "--pid-file: digits only, the pid of the program" {
	create_container --pid-file "$BATS_TEST_TMPDIR/pid"
	succeeds
	[[ $(od -An -c "$BATS_TEST_TMPDIR/pid" | tr -d ' \n') =~ ^[0-9]+$ ]]
	is "$(cat "$BATS_TEST_TMPDIR/pid")" "$(pid_of)"
}

@test "--pid-file: relative to the caller's directory; removed when create fails" {
	cd "$BATS_TEST_TMPDIR"
	create_container --pid-file pid
	succeeds
	is "$(cat "$BATS_TEST_TMPDIR/pid")" "$(pid_of)"
	nvcrun delete "$CTR"
	rm "$BATS_TEST_TMPDIR/pid"
	program_args /nosuch
	create_container --pid-file pid
	fails_with /nosuch
	[ ! -e "$BATS_TEST_TMPDIR/pid" ]
}

@test "start: a second time fails and changes nothing" { # runtime.md § Start
	program_args sleep 1000
	create_container
	succeeds
	nvcrun start "$CTR"
	capture nvcrun start "$CTR"
	fails_with 'cannot start an already running container'
	has_status running
}

@test "start: an unknown or stopped container fails" { # runtime.md § Start
	capture nvcrun start "$CTR"
	fails_with "container does not exist: $CTR"
	program true
	run_container --keep
	capture nvcrun start "$CTR"
	fails_with 'cannot start a container that has stopped'
	has_status stopped
}

@test "start: eight at once, one wins, the program runs once" {
	local i pids=()

	config_edit '.root.readonly = false'
	program 'echo ran >>/ran; sleep 1000'
	create_container
	succeeds
	for i in 1 2 3 4 5 6 7 8; do
		nvcrun start "$CTR" >/dev/null 2>"$BATS_TEST_TMPDIR/err.$i" </dev/null 3>&- &
		pids+=($!)
	done
	wins 1 "${pids[@]}"
	has_status running
	is "$(grep -lx 'nvcrun: start: cannot start .*' "$BATS_TEST_TMPDIR"/err.* | wc -l)" 7
	wait_for test -s "$BUNDLE/rootfs/ran"
	is "$(cat "$BUNDLE/rootfs/ran")" ran
}

@test "start: tells when the program cannot be executed any more" {
	cp "$ROOTFS/bin/busybox" "$BUNDLE/rootfs/bin/going"
	program_args going
	create_container
	succeeds
	rm "$BUNDLE/rootfs/bin/going"
	capture nvcrun start "$CTR"
	fails_with '/bin/going: no such file or directory'
	has_status stopped
	nvcrun delete "$CTR"
	no_leftovers
}

@test "create: an id that is taken is refused, and its container is left alone" { # runtime.md § Create
	local pid

	create_container
	succeeds
	pid=$(pid_of)
	create_container
	fails_with "container with given ID already exists: $CTR"
	run_container
	fails_with "container with given ID already exists: $CTR"
	has_status created
	is "$(pid_of)" "$pid"
	nvcrun delete "$CTR"
	no_leftovers
}

@test "create: six at once with one id, one wins" {
	local i pids=()

	program_args sleep 1000
	for i in 1 2 3 4 5 6; do
		nvcrun create --bundle "$BUNDLE" "$CTR" \
			>/dev/null 2>"$BATS_TEST_TMPDIR/err.$i" </dev/null 3>&- &
		pids+=($!)
	done
	wins 1 "${pids[@]}"
	is "$(cat "$BATS_TEST_TMPDIR"/err.* | grep -c 'container with given ID already exists')" 5
	has_status created
	nvcrun start "$CTR"
	has_status running
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "create: six at once with ids of their own all win" {
	local i pids=()

	program_args sleep 1000
	for i in 1 2 3 4 5 6; do
		nvcrun create --bundle "$BUNDLE" "$CTR-$i" >/dev/null </dev/null 3>&- &
		pids+=($!)
	done
	wins 6 "${pids[@]}"
	is "$(nvcrun list --quiet | wc -l)" 6
	for i in 1 2 3 4 5 6; do
		nvcrun delete "$CTR-$i"
	done
	no_leftovers
}

@test "create: an id that could be a path is refused" { # runtime.md § Create
	local id

	for id in .. . a/b '' 'a b' $'a\nb' $'a\e[0m'; do
		capture nvcrun create --bundle "$BUNDLE" -- "$id" </dev/null
		fails_with 'invalid container ID format'
	done
	no_leftovers
}

@test "a created container killed by SIGKILL is stopped, cannot be started, can be deleted" {
	create_container
	succeeds
	kill -KILL "$(pid_of)"
	wait_for has_status stopped
	capture nvcrun start "$CTR"
	fails_with 'cannot start a container that has stopped'
	nvcrun delete "$CTR"
	no_leftovers
}

@test "a bundle without a /proc mount can be created and started" {
	config_edit 'del(.mounts[] | select(.destination == "/proc"))'
	program 'echo hello'
	run_container
	succeeds
	is "$output" hello
	create_container
	succeeds
	capture nvcrun start "$CTR"
	succeeds
	wait_for has_status stopped
}

@test "delete: a created container" {
	create_container
	succeeds
	capture nvcrun delete "$CTR"
	succeeds
	no_leftovers
}

@test "delete: a running container is refused, with --force deleted" { # runtime.md § Delete
	program_args sleep 1000
	run_container --detach
	succeeds
	capture nvcrun delete "$CTR"
	fails_with "cannot delete container $CTR that is not stopped: running"
	has_status running
	capture nvcrun delete --force "$CTR"
	succeeds
	no_leftovers
}

@test "delete: an unknown container is refused; with --force there is nothing to do" { # runtime.md § Delete
	capture nvcrun delete "$CTR"
	fails_with "container does not exist: $CTR"
	capture nvcrun delete --force "$CTR"
	succeeds
}

@test "delete: an id can be used again" {
	create_container
	succeeds
	nvcrun delete "$CTR"
	create_container
	succeeds
	has_status created
}

@test "kill: TERM is the default; numbers and names, with or without SIG and a dash" { # runtime.md § Kill
	local word n=0

	config_edit '.root.readonly = false'
	program 'trap "echo got >>/log" USR1; trap "exit 0" TERM; echo ready >/log
		while :; do sleep 1 & wait $!; done'
	run_container --detach
	succeeds
	wait_for grep -qs ready "$BUNDLE/rootfs/log"
	for word in 10 USR1 SIGUSR1 usr1 -10 -USR1; do
		capture nvcrun kill "$CTR" "$word"
		succeeds
		n=$((n + 1))
		wait_for eval '[ "$(grep -c got "$BUNDLE/rootfs/log")" -eq '$n' ]'
	done
	nvcrun kill "$CTR"
	wait_for has_status stopped
}

@test "kill: an unknown signal is refused and named" {
	create_container
	succeeds
	capture nvcrun kill "$CTR" NOSUCH
	fails_with 'unknown signal `NOSUCH`'
	capture nvcrun kill "$CTR" 65
	fails_with 'unknown signal `65`'
	has_status created
}

@test "kill: a stopped or unknown container is refused" { # runtime.md § Kill
	program true
	run_container --keep
	capture nvcrun kill "$CTR" KILL
	fails_with 'container not running'
	capture nvcrun kill "$CTR-other" KILL
	fails_with "container does not exist: $CTR-other"
}

@test "list: table, json, quiet" {
	program_args sleep 1000
	create_container
	succeeds
	nvcrun run --detach --bundle "$BUNDLE" "$CTR-b" >/dev/null </dev/null 3>&-
	capture nvcrun list
	succeeds
	is "$(head -n 1 <<<"$output" | tr -s ' ')" 'ID PID STATUS BUNDLE CREATED OWNER'
	is "$(awk 'NR > 1 { print $1, $2, $3, $4, $6 }' <<<"$output")" \
		"$CTR $(pid_of) created $BUNDLE root
$CTR-b $(pid_of "$CTR-b") running $BUNDLE root"
	capture nvcrun list --format json
	succeeds
	is "$(wc -l <"$BATS_TEST_TMPDIR/stdout")" 1
	is "$(jq -r '.[] | .id + " " + .status + " " + .owner' <<<"$output")" "$CTR created root
$CTR-b running root"
	is "$(jq -c '.[0] | keys_unsorted[:7]' <<<"$output")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created"]'
	capture nvcrun list --quiet
	succeeds
	is "$output" "$CTR
$CTR-b"
}

@test "list: nothing" {
	mkdir "$STATE"
	capture nvcrun list --quiet
	succeeds
	is "$output" ''
	capture nvcrun list --format json
	succeeds
	is "$output" '[]'
}
