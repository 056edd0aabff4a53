#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config.md, POSIX-platform Hooks; runtime.md, Lifecycle.
# bats file_tags=hooks,root
# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
# shellcheck disable=SC2034,SC2154  # helpers/common.bash reads and sets them
load helpers/common

KINDS='prestart createRuntime createContainer startContainer poststart poststop'

setup() {
	container_setup
	OUT=$BATS_TEST_TMPDIR/out
	mkdir "$OUT" "$BUNDLE/rootfs/out"
	chmod 777 "$OUT"
	config_edit --arg out "$OUT" '.mounts += [{destination: "/out", type: "bind", source: $out, options: ["rbind"]}]'
}

teardown() {
	container_teardown
}

# hook KIND SCRIPT [MEMBERS]: append a hook that is a shell with this script. In it $OUT is a directory of
# the test, wherever it runs.
hook() {
	local out=$OUT

	[ "$1" != startContainer ] || out=/out
	config_edit --arg kind "$1" --arg script "OUT=$out; $2" --argjson more "${3:-{\}}" \
		'.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script]} + $more]'
}

# hook_environ KIND [MEMBERS]: a hook that keeps its environment; no shell, which would add to it.
hook_environ() {
	local out=$OUT

	[ "$1" != startContainer ] || out=/out
	config_edit --arg kind "$1" --arg to "$out/$1.env" --argjson more "${2:-{\}}" \
		'.hooks[$kind] += [{path: "/bin/cp", args: ["cp", "/proc/self/environ", $to]} + $more]'
}

# One hook of each kind that notes its name, in order, and keeps its state.
hook_each() {
	local kind

	for kind in $KINDS; do
		hook "$kind" "PATH=/bin:/usr/bin; echo $kind >>\$OUT/order; cat >\$OUT/$kind.json"
	done
}

# state_of KIND FILTER
state_of() {
	jq -r "$2" "$OUT/$1.json"
}

# gone PID: there is no such process.
gone() {
	! kill -0 "$1" 2>/dev/null
}

order() {
	tr '\n' ' ' <"$OUT/order"
}

program_noting() {
	program 'echo program >>/out/order; sleep 1000'
}

@test "hooks: create, start and delete run them in the order of the specification" { # runtime.md § Lifecycle
	hook_each
	hook createRuntime 'echo second >>$OUT/order'
	program_noting
	create_container
	succeeds
	is "$(order)" 'prestart createRuntime second createContainer '
	capture nvcrun start "$CTR"
	succeeds
	wait_for grep -q program "$OUT/order"
	grep -q '^poststart$' "$OUT/order"
	has "$(order)" 'createContainer startContainer p'
	nvcrun kill "$CTR" KILL
	wait_for has_status stopped
	[ ! -e "$OUT/poststop.json" ]
	capture nvcrun delete "$CTR"
	succeeds
	is "$(tail -n 1 "$OUT/order")" poststop
	no_leftovers
}

@test "hooks: run has the same order, and poststop at its end" {
	hook_each
	program 'echo program >>/out/order'
	run_container
	succeeds
	has "$(order)" 'prestart createRuntime createContainer startContainer p'
	is "$(sort "$OUT/order" | tr '\n' ' ')" \
		'createContainer createRuntime poststart poststop prestart program startContainer '
	is "$(tail -n 1 "$OUT/order")" poststop
	no_leftovers
}

@test "hooks: the state on stdin is that of the moment" { # runtime.md § State
	local kind pid

	hook_each
	config_edit '.annotations = {a: "b \"c\" ü"}'
	program_noting
	create_container
	succeeds
	pid=$(pid_of)
	nvcrun start "$CTR"
	nvcrun delete --force "$CTR"
	for kind in $KINDS; do
		is "$(state_of "$kind" .id)" "$CTR"
		is "$(state_of "$kind" .bundle)" "$BUNDLE"
		is "$(state_of "$kind" .annotations.a)" 'b "c" ü'
		is "$(state_of "$kind" .ociVersion)" "$(jq -r .ociVersion "$BUNDLE/config.json")"
	done
	is "$(state_of prestart '"\(.status) \(.pid)"')" "creating $pid"
	is "$(state_of createRuntime '"\(.status) \(.pid)"')" "creating $pid"
	is "$(state_of createContainer '"\(.status) \(.pid)"')" 'creating 1'
	is "$(state_of startContainer '"\(.status) \(.pid)"')" 'created 1'
	is "$(state_of poststart '"\(.status) \(.pid)"')" "running $pid"
	is "$(state_of poststop '"\(.status) \(.pid)"')" 'stopped 0'
}

@test "hooks: each kind sees the root and the namespaces that it should" {
	local kind

	for kind in $KINDS; do
		hook "$kind" "cd / && { readlink /proc/self/ns/pid; readlink /proc/self/ns/mnt; ls -d /out 2>&1; } >\$OUT/$kind.view; true" \
			'{"env": ["PATH=/bin:/usr/bin"]}'
	done
	program '{ readlink /proc/self/ns/pid; readlink /proc/self/ns/mnt; } >/out/program'
	run_container
	succeeds
	for kind in prestart createRuntime poststart poststop; do
		is "$(sed 2q "$OUT/$kind.view")" "$(readlink /proc/self/ns/pid /proc/self/ns/mnt)"
	done
	for kind in createContainer startContainer; do
		is "$(sed 2q "$OUT/$kind.view")" "$(cat "$OUT/program")"
	done
	# /out is in the container's root directory only.
	has "$(sed -n 3p "$OUT/createContainer.view")" 'No such file'
	is "$(sed -n 3p "$OUT/startContainer.view")" /out
}

@test "hooks: prestart finds the container's mounts made" {
	hook prestart 'cut -d " " -f 2 /proc/$(jq .pid)/mounts >$OUT/mounts' "{\"env\": [\"PATH=$PATH\"]}"
	run_container
	succeeds
	grep -qxF "$BUNDLE/rootfs/proc" "$OUT/mounts"
}

@test "hooks: arguments and environment are exactly those given" {
	local kind

	for kind in $KINDS; do
		hook "$kind" "printf '%s|' \"\$0\" \"\$@\" >\$OUT/$kind.args"
		config_edit --arg kind "$kind" '.hooks[$kind][0].args += ["first", "two words", ""]'
		hook_environ "$kind" '{"env": ["A=1", "B=x y"]}'
	done
	NOT_FOR_HOOKS=1 run_container
	succeeds
	for kind in $KINDS; do
		is "$(cat "$OUT/$kind.args")" 'first|two words||'
		is "$(tr '\0' '|' <"$OUT/$kind.env")" 'A=1|B=x y|'
	done
}

@test "hooks: without env it is empty, but the program's for startContainer" {
	hook_environ createRuntime
	hook_environ createContainer
	hook_environ startContainer
	config_edit '.process.env += ["OF_THE_PROGRAM=yes"]'
	run_container
	succeeds
	is "$(tr '\0' '|' <"$OUT/createRuntime.env")" ''
	is "$(tr '\0' '|' <"$OUT/createContainer.env")" ''
	has "$(tr '\0' '|' <"$OUT/startContainer.env")" '|OF_THE_PROGRAM=yes|'
}

@test "hooks: without args the path is argv[0]" {
	printf '#!/bin/sh\ntr "\\0" "|" </proc/$$/cmdline >%s/args\n' "$OUT" >"$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	config_edit --arg path "$BATS_TEST_TMPDIR/hook" '.hooks.prestart = [{path: $path, env: ["PATH=/bin:/usr/bin"]}]'
	run_container
	succeeds
	is "$(cat "$OUT/args")" "/bin/sh|$BATS_TEST_TMPDIR/hook|"
}

@test "hooks: only descriptors 0 to 2, standard signals, umask 022" {
	local kind

	for kind in $KINDS; do
		hook "$kind" "umask >\$OUT/$kind.umask; /bin/grep -E '^Sig' /proc/self/status >\$OUT/$kind.status; exec /bin/ls /proc/self/fd >\$OUT/$kind.fds"
	done
	(
		trap '' USR1 PIPE
		exec 9</dev/null
		nvcrun run --bundle "$BUNDLE" "$CTR" </dev/null 3>&-
	)
	for kind in $KINDS; do
		# 3 is the directory that ls reads.
		is "$(tr '\n' ' ' <"$OUT/$kind.fds")" '0 1 2 3 '
		is "$(cat "$OUT/$kind.umask")" 0022
		has "$(tr '\t\n' '  ' <"$OUT/$kind.status")" 'SigBlk: 0000000000000000' 'SigIgn: 0000000000000000'
	done
}

@test "hooks: one that reads no stdin, and an annotation larger than a pipe" {
	config_edit --arg long "$(head -c 100000 /dev/zero | tr '\0' x)" '.annotations.long = $long'
	hook createRuntime ':'
	hook createRuntime '/bin/cat >$OUT/state.json'
	run_container
	succeeds
	is "$(jq -r '.annotations.long | length' "$OUT/state.json")" 100000
}

@test "hooks: 1 MiB of output does not stop one, and is not shown on success" {
	hook createRuntime 'head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2' '{"env": ["PATH=/bin:/usr/bin"]}'
	hook createContainer 'head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2' '{"env": ["PATH=/bin:/usr/bin"]}'
	run_container
	succeeds
	is "$output" ''
}

@test "hooks: of the output of a failing one the end is shown" {
	hook createRuntime 'i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i + 1)); done; echo words >&2; exit 3'
	run_container
	fails_with 'error running createRuntime hook #0: exit status 3, stdout: ' 'line 4999, stderr: words'
	has_not "$stderr" 'line 4000 '
	no_leftovers
}

@test "hooks: a process left behind on purpose is not waited for" {
	hook createRuntime 'sleep 1000 & echo $! >$OUT/pid' '{"env": ["PATH=/bin:/usr/bin", "NVCRUN_HOOK=1"]}'
	SECONDS=0
	run_container
	succeeds
	[ "$SECONDS" -lt 20 ]
	kill "$(cat "$OUT/pid")"
}

@test "hooks: a failure before start undoes everything, and the poststop hooks run" { # § Lifecycle, 3 to 5
	local kind

	for kind in prestart createRuntime createContainer; do
		config_edit 'del(.hooks)'
		: >"$OUT/order"
		hook "$kind" 'exit 0'
		hook "$kind" 'echo reason >&2; exit 7'
		hook "$kind" 'echo never >>$OUT/order'
		hook poststop 'echo poststop >>$OUT/order; /bin/cat >$OUT/poststop.json'
		create_container --pid-file "$BATS_TEST_TMPDIR/pid"
		fails_with "error running $kind hook #1: exit status 7, stdout: , stderr: reason"
		is "$(order)" 'poststop '
		is "$(state_of poststop .status)" stopped
		[ ! -e "$BATS_TEST_TMPDIR/pid" ]
		no_leftovers
		run_container
		fails_with "error running $kind hook #1:"
		no_leftovers
	done
}

@test "hooks: a failure at start undoes everything, and the poststop hooks run" { # § Lifecycle, 7 and 9
	local kind

	for kind in startContainer poststart; do
		config_edit 'del(.hooks)'
		: >"$OUT/order"
		hook "$kind" 'echo reason >&2; exit 7'
		hook poststop 'echo poststop >>$OUT/order'
		program_noting
		create_container
		succeeds
		capture nvcrun start "$CTR"
		fails_with "error running $kind hook #0: exit status 7, stdout: , stderr: reason"
		is "$(tail -n 1 "$OUT/order")" poststop
		no_leftovers
		run_container
		fails_with "error running $kind hook #0:"
		no_leftovers
		run_container --detach
		fails_with "error running $kind hook #0:"
		no_leftovers
	done
}

@test "hooks: the program does not run after a failed startContainer hook" {
	hook startContainer 'exit 1'
	program_noting
	run_container
	fails_with 'error running startContainer hook #0: exit status 1'
	[ ! -e "$OUT/order" ]
}

@test "hooks: a failing poststop hook is a warning, and the others run" { # § Lifecycle, 13
	hook poststop 'echo reason >&2; exit 7'
	hook poststop 'echo second >>$OUT/order'
	program_noting
	create_container
	capture nvcrun delete "$CTR"
	is "$status" 0
	has "$stderr" 'warning: error running poststop hook #0: exit status 7' reason
	is "$(order)" 'second '
	no_leftovers
}

@test "hooks: one that ends by a signal, and one that is not there" {
	hook createRuntime 'kill -TERM $$'
	run_container
	fails_with 'error running createRuntime hook #0: killed by signal 15'
	no_leftovers
	config_edit '.hooks = {createContainer: [{path: "/nosuch"}]}'
	run_container
	fails_with 'error running createContainer hook #0: ' 'exec /nosuch: no such file or directory'
	no_leftovers
}

@test "hooks: at its timeout one is killed with its children" {
	local kind

	for kind in createRuntime createContainer; do
		config_edit 'del(.hooks)'
		hook "$kind" 'sleep 1000 & echo $! >$OUT/pid; wait' '{"timeout": 1, "env": ["PATH=/bin:/usr/bin"]}'
		SECONDS=0
		run_container
		fails_with "error running $kind hook #0: hook ran past specified timeout of 1.0s"
		# That of createContainer is a number of its pid namespace, which is gone.
		[ "$kind" = createContainer ] || wait_for gone "$(cat "$OUT/pid")"
		[ "$SECONDS" -lt 10 ]
		no_leftovers
	done
}

@test "hooks: a timeout that is not needed changes nothing" {
	hook createRuntime ':' '{"timeout": 100}'
	hook poststart ':' '{"timeout": 1}'
	run_container
	succeeds
}

@test "hooks: without pidfds" {
	hook createRuntime 'sleep 0.2; echo late >$OUT/order' '{"env": ["PATH=/bin:/usr/bin"]}'
	capture "$HELPERS/degrade" pidfd_open "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" </dev/null
	succeeds
	is "$(order)" 'late '
	config_edit 'del(.hooks)'
	hook createRuntime 'sleep 1000' '{"timeout": 1, "env": ["PATH=/bin:/usr/bin"]}'
	capture "$HELPERS/degrade" pidfd_open "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" </dev/null
	fails_with 'hook ran past specified timeout of 1.0s'
	no_leftovers
}

@test "hooks: delete --force ends a create whose hook hangs" {
	local create

	hook createRuntime 'echo $$ >$OUT/pid; exec sleep 1000' '{"env": ["PATH=/bin:/usr/bin"]}'
	hook poststop 'echo poststop >>$OUT/order'
	nvcrun create --bundle "$BUNDLE" "$CTR" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/create.err" 3>&- &
	create=$!
	wait_for test -s "$OUT/pid"
	capture nvcrun delete --force "$CTR"
	succeeds
	status=0
	wait "$create" || status=$?
	is "$status" 1
	has "$(cat "$BATS_TEST_TMPDIR/create.err")" 'error running createRuntime hook #0: container init died'
	gone "$(cat "$OUT/pid")"
	is "$(order)" 'poststop '
	no_leftovers
}

@test "hooks: a runtime killed in one takes it along, and delete --force cleans up" {
	local create

	hook createRuntime 'echo $$ >$OUT/pid; exec sleep 1000' '{"env": ["PATH=/bin:/usr/bin"]}'
	"$NVCRUN" --root "$STATE" create --bundle "$BUNDLE" "$CTR" </dev/null >/dev/null 2>&1 3>&- &
	create=$!
	wait_for test -s "$OUT/pid"
	kill -KILL "$create"
	wait "$create" || true
	wait_for gone "$(cat "$OUT/pid")"
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "hooks: state can be asked for in one" {
	hook createRuntime "'$NVCRUN' --root '$STATE' state $CTR >\$OUT/asked"
	run_container
	succeeds
	is "$(jq -r .status "$OUT/asked")" creating
}

@test "hooks: startContainer is the user, in the working directory, with the program's umask" {
	hook startContainer 'id -u >/out/id; pwd >/out/pwd; umask >/out/umask'
	config_edit '.process.user = {uid: 1000, gid: 1000, umask: 63} | .process.cwd = "/tmp"'
	run_container
	succeeds
	is "$(cat "$OUT/id")" 1000
	is "$(cat "$OUT/pwd")" /tmp
	is "$(cat "$OUT/umask")" 0077
}

@test "hooks: changing config.json after create changes nothing" {
	hook poststop 'echo kept >>$OUT/order'
	program_noting
	create_container
	config_edit '.hooks = {poststart: [{path: "/nosuch"}], poststop: [{path: "/nosuch"}]}'
	capture nvcrun start "$CTR"
	succeeds
	capture nvcrun delete --force "$CTR"
	succeeds
	has "$(order)" kept
}

@test "hooks: what is wrong with one is an error of create" {
	config_edit '.hooks = {prestart: [{path: "sh"}]}'
	create_container
	fails_with 'hooks.prestart[0].path: `sh` is not an absolute path'
	config_edit '.hooks = {poststop: [{path: "/sh", timeout: 0}]}'
	create_container
	fails_with 'hooks.poststop[0].timeout: `0` is out of range'
	no_leftovers
}
