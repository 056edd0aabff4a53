#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config.md § Process, terminal and consoleSize: a container in the foreground of a terminal.
# bats file_tags=tty,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load helpers/common

setup() {
	container_setup
	config_edit '.process.terminal = true'
	RUN="'$NVCRUN' --root '$STATE' run --bundle '$BUNDLE' '$CTR'"
	KEYS=$BATS_TEST_TMPDIR/keys
	SCREEN=$BATS_TEST_TMPDIR/screen
}

teardown() {
	[ -z "${typist-}" ] || kill -KILL "$typist" 2>/dev/null || true
	container_teardown
}

# start_on_terminal COMMAND: run it by sh (script(1) would take the user's shell) on a terminal of its own,
# in the background. What is written to descriptor 9 is typed there, what the terminal shows is in $SCREEN.
start_on_terminal() {
	command -v script >/dev/null || skip 'needs script(1)'
	[ -p "$KEYS" ] || mkfifo "$KEYS"
	SHELL=/bin/sh script -qec "$1" /dev/null >"$SCREEN" 2>&1 <"$KEYS" 3>&- &
	typist=$!
	# Opened for both, so that it never ends: script(1) would type the end.
	exec 9<>"$KEYS"
}

# Its exit code is then in $status, what it has shown in $output.
end_of_terminal() {
	status=0
	wait "$typist" || status=$?
	exec 9>&-
	typist=
	output=$(tr -d '\r' <"$SCREEN")
}

on_terminal() {
	start_on_terminal "$1"
	end_of_terminal
}

shows() {
	grep -q "$1" "$SCREEN"
}

@test "tty: the program has a terminal, its controlling one, on 0, 1, 2 and /dev/console" {
	program 'tty; for fd in 0 1 2; do test -t $fd && stat -L -c "%t:%T" /proc/self/fd/$fd; done | uniq | wc -l
		stat -c "%F %a" /dev/console; ls /dev/pts; echo reached >/dev/tty'
	on_terminal "$RUN"
	is "$status" 0
	is "$output" '/dev/pts/0
1
character special file 620
0     ptmx
reached'
	no_leftovers
}

@test "tty: the exit code, and that of a signal" {
	program 'exit 7'
	on_terminal "$RUN"
	is "$status" 7
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	program 'kill -TERM $$'
	on_terminal "$RUN"
	is "$status" 143
	no_leftovers
}

@test "tty: the size is that of the user's terminal" {
	program 'stty size'
	on_terminal "stty rows 31 cols 97; $RUN"
	is "$status" 0
	is "$output" '31 97'
}

@test "tty: the size of the config, where the user has no terminal" { # config.md § Process, consoleSize
	config_edit '.process.consoleSize = { height: 12, width: 34 }'
	program 'stty size'
	run_container
	is "$status" 0
	is "$output" '12 34'
}

@test "tty: a change of size is passed on" {
	program 'trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done'
	start_on_terminal "stty rows 20 cols 50; tty=\$(tty); (sleep 1; stty rows 21 cols 51) <\"\$tty\" & $RUN"
	wait_for shows ready
	wait_for shows '21 51'
	nvcrun kill "$CTR" KILL
	end_of_terminal
	is "$status" 137
}

@test "tty: no stairs, no doubled returns" {
	program 'echo one; printf "two\nthree\n"'
	on_terminal "$RUN"
	is "$(od -An -c "$SCREEN" | tr -s ' \n' ' ')" ' o n e \r \n t w o \r \n t h r e e \r \n '
}

@test "tty: typed text reaches the program, and is shown once" {
	program 'echo ready; read -r line; echo "got $line"'
	start_on_terminal "$RUN"
	wait_for shows ready
	printf 'hello\r' >&9
	end_of_terminal
	is "$status" 0
	is "$output" 'ready
hello
got hello'
}

@test "tty: ^C interrupts the program, not the runtime" {
	program 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done'
	start_on_terminal "$RUN"
	wait_for shows ready
	printf '\003' >&9
	end_of_terminal
	is "$status" 5
	has "$output" interrupted
	no_leftovers
}

@test "tty: the user's terminal is as before" {
	program 'stty raw -echo; true'
	on_terminal "stty -ixon; stty -g; $RUN; stty -g"
	is "$status" 0
	is "$(wc -l <<<"$output")" 2
	is "$(head -n 1 <<<"$output")" "$(tail -n 1 <<<"$output")"
	program_args nosuch
	on_terminal "stty -g; $RUN 2>/dev/null; stty -g"
	is "$(head -n 1 <<<"$output")" "$(tail -n 1 <<<"$output")"
}

@test "tty: the user's terminal is as before when the container is killed" {
	program 'echo ready; sleep 1000'
	start_on_terminal "stty -g; $RUN; stty -g"
	wait_for shows ready
	nvcrun kill "$CTR" KILL
	end_of_terminal
	is "$(head -n 1 <<<"$output")" "$(tail -n 1 <<<"$output")"
}

@test "tty: much output arrives whole" {
	program 'seq 1 50000; echo end'
	on_terminal "$RUN"
	is "$status" 0
	cmp <(seq 1 50000; echo end) <(tr -d '\r' <"$SCREEN")
}

@test "tty: stdin that is no terminal is typed, its end is ^D" {
	program 'read -r line; echo "got $line"; cat; echo end'
	capture nvcrun run --bundle "$BUNDLE" "$CTR" < <(printf 'hello\nworld')
	is "$status" 0
	# The terminal of the container echoes what is typed.
	has "$output" 'got hello' world end
	no_leftovers
}

@test "tty: stdin that is empty or closed" {
	program 'cat; test -t 0 && echo terminal'
	run_container
	is "$status" 0
	is "$output" terminal
	capture nvcrun run --bundle "$BUNDLE" "$CTR" <&-
	is "$status" 0
	is "$output" terminal
	no_leftovers
}

@test "tty: create and run --detach need a console socket" { # runc's tty.bats
	create_container
	fails_with 'cannot allocate tty if nvcrun will detach without setting console socket'
	run_container --detach
	fails_with 'cannot allocate tty if nvcrun will detach without setting console socket'
	no_leftovers
}

@test "tty: without devpts an error that tells so" {
	config_edit 'del(.mounts[] | select(.destination == "/dev/pts"))'
	run_container
	fails_with /dev/pts/ptmx devpts
	no_leftovers
}

@test "tty: what an image puts at /dev/pts/ptmx or /dev/console is not used" { # CVE-2025-52565
	local dev=$BATS_TEST_TMPDIR/dev

	mkdir -p "$dev/pts"
	touch "$dev/pts/ptmx" "$BATS_TEST_TMPDIR/canary"
	mknod -m 0666 "$dev/null" c 1 3
	config_edit --arg dev "$dev" 'del(.mounts[] | select(.destination | startswith("/dev")))
		| .mounts += [{ destination: "/dev", type: "none", source: $dev, options: ["rbind"] }]'
	run_container
	fails_with /dev/pts/ptmx
	config_edit '.mounts += [{ destination: "/dev/pts", type: "devpts", source: "devpts",
		options: ["newinstance", "ptmxmode=0666", "mode=0620"] }]'
	ln -s "$BATS_TEST_TMPDIR/canary" "$dev/console"
	run_container
	fails_with /dev/console
	is "$(stat -c '%s %F' "$BATS_TEST_TMPDIR/canary")" '0 regular empty file'
	no_leftovers
}

@test "no tty: descriptors are those of the caller, also when these are terminals" {
	config_edit '.process.terminal = false'
	program 'test -t 0 && test -t 1 && test -t 2; echo $?; [ ! -e /dev/console ] && echo none'
	on_terminal "$RUN"
	is "$output" '0
none'
}
