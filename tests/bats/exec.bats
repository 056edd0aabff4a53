#!/usr/bin/env bats
# bats file_tags=exec,root
# shellcheck disable=SC2016,SC2154

load helpers/common.bash

setup() {
	container_setup
	program 'trap "exit 0" TERM; while :; do sleep 0.05; done'
}

teardown() {
	container_teardown
}

started() {
	create_container
	succeeds
	capture nvcrun start "$CTR"
	succeeds
}

@test "exec: output, exit codes, signals" { # oci-behaviour § 2.3
	started
	capture nvcrun exec "$CTR" echo hello world
	succeeds
	is "$output" 'hello world'
	capture nvcrun exec "$CTR" sh -c 'exit 7'
	is "$status" 7
	capture nvcrun exec "$CTR" sh -c 'kill -9 $$'
	is "$status" 137
}

@test "exec: a failure of nvcrun itself is 255" {
	started
	capture nvcrun exec "$CTR" nosuch
	is "$status" 255
	has "$stderr" 'exec: "nosuch": executable file not found in $PATH'
	capture nvcrun exec no-such-container true
	is "$status" 255
	has "$stderr" 'container does not exist'
	capture nvcrun exec "$CTR"
	is "$status" 255
	has "$stderr" 'exec args cannot be empty'
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	capture nvcrun exec "$CTR" true
	is "$status" 255
	has "$stderr" 'cannot exec in a stopped container'
}

@test "exec: is in all namespaces and cgroups of init" {
	started
	capture nvcrun exec "$CTR" sh -c 'for n in cgroup ipc mnt net pid uts user; do
		[ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo "$n"; done
		cmp /proc/1/cgroup /proc/self/cgroup; readlink /proc/self/cwd'
	succeeds
	is "$output" /
}

@test "exec: options of the program are not nvcrun's" {
	started
	capture nvcrun exec "$CTR" ls -d -- /
	succeeds
	is "$output" /
	capture nvcrun exec --env A=1 --env B=2 -e A=3 "$CTR" sh -c 'echo $A$B'
	is "$output" 32
}

@test "exec: user, groups, directory, environment, capabilities" {
	started
	capture nvcrun exec --user 5:6 -g 7 -g 8 --cwd /tmp --env X=y "$CTR" \
		sh -c 'id -u; id -g; id -G; pwd; echo $X'
	succeeds
	is "$output" $'5\n6\n6 7 8\n/tmp\ny'
	capture nvcrun exec --cap CAP_SYS_ADMIN "$CTR" grep -E 'CapEff|CapInh' /proc/self/status
	has "$output" '0000000020200420' $'CapInh:\t0000000000000000'
	capture nvcrun exec --cap CAP_NONE "$CTR" true
	is "$status" 255
	has "$stderr" '`CAP_NONE`'
}

@test "exec: --user is read strictly" { # CVE-2026-30892
	started
	for user in 1000x ' 1000' 4294967296 4294967295 -1 1000: :5 ''; do
		capture nvcrun exec --user="$user" "$CTR" true
		is "$status" 255
		has "$stderr" '--user'
	done
}

@test "exec: a process object" {
	started
	jq '.process | .args = ["sh", "-c", "id -u; echo $ONLY; exit 3"] | .env += ["ONLY=this"]
		| .user.uid = 9' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process.json"
	capture nvcrun exec --process "$BATS_TEST_TMPDIR/process.json" "$CTR"
	is "$status" 3
	is "$output" $'9\nthis'
	echo '{"args":["true"],"cwd":"relative"}' >"$BATS_TEST_TMPDIR/process.json"
	capture nvcrun exec --process "$BATS_TEST_TMPDIR/process.json" "$CTR"
	is "$status" 255
	has "$stderr" 'process.json' 'process.cwd' '`relative`'
}

@test "exec --detach: pid file, and the process goes on" {
	started
	capture nvcrun exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$CTR" sleep 100
	succeeds
	is "$output" ''
	grep -qxE '[0-9]+' "$BATS_TEST_TMPDIR/pid"
	is "$(tr '\0' ' ' <"/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cmdline")" 'sleep 100 '
	nvcrun delete --force "$CTR"
	wait_for test ! -e "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/exe"
}

@test "exec --tty: a terminal of the container's own devpts" {
	started
	SHELL=/bin/sh capture script -qec \
		"'$NVCRUN' --root '$STATE' exec -t '$CTR' sh -c 'tty; test -t 0 && test -t 1'" /dev/null
	succeeds
	has "$output" /dev/pts/
}

@test "exec --preserve-fds: exactly those" {
	started
	export FILE=$BUNDLE/config.json
	capture nvcrun exec --preserve-fds 1 "$CTR" true
	is "$status" 255
	has "$stderr" 'unable to stat preserved-fd 3 (of 1)'
	# capture has no descriptor 3
	capture sh -c 'exec "$@" 3</dev/null 4<"$FILE"' sh env FILE= "$NVCRUN" --root "$STATE" \
		exec --preserve-fds 2 "$CTR" sh -c 'head -c1 <&4; ls /proc/$$/fd; :'
	succeeds
	is "$output" $'{0\n1\n2\n3\n4'
}

@test "exec: config.json changed after create changes nothing" { # runtime-spec § 1.1
	started
	config_edit '.process.env = ["PATH=/nowhere"]'
	capture nvcrun exec "$CTR" sh -c 'echo $NVCRUN_TEST'
	succeeds
	is "$output" "$CTR"
}

@test "exec: a low RLIMIT_NOFILE" {
	config_edit '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 3, "hard": 3}]'
	started
	capture nvcrun exec "$CTR" true
	succeeds
}
