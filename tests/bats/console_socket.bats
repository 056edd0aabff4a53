#!/usr/bin/env bats
# bats file_tags=tty,root
#
# The caller takes the terminal: --console-socket of create, run and exec. oci-behaviour § 2.5.
# shellcheck disable=SC2016,SC2154

load helpers/common.bash

setup() {
	container_setup
	config_edit '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 44}'
	program 'tty; stty size; ls -l /dev/console; echo ready; while :; do sleep 0.05; done'
	SOCKET=$BATS_TEST_TMPDIR/socket
}

teardown() {
	[ -z "${receiver-}" ] || kill "$receiver" 2>/dev/null || true
	container_teardown
}

receive_at() {
	"$HELPERS/recvtty" "$1" >"$BATS_TEST_TMPDIR/terminal" 2>&1 3>&- &
	receiver=$!
	wait_for test -S "$1"
}

said() {
	grep -q "$1" "$BATS_TEST_TMPDIR/terminal"
}

@test "console socket: create and start" {
	receive_at "$SOCKET"
	create_container --console-socket "$SOCKET"
	succeeds
	is "$output" ''
	nvcrun start "$CTR"
	wait_for said ready
	has "$(cat "$BATS_TEST_TMPDIR/terminal")" 'terminal /dev/ptmx' /dev/pts/0 '33 44' /dev/console
}

@test "console socket: a path longer than a socket address" {
	local deep

	deep=$BATS_TEST_TMPDIR/$(printf 'd%.0s' {1..60})/$(printf 'e%.0s' {1..60})

	mkdir -p "$deep"
	(cd "$deep" && exec "$HELPERS/recvtty" socket >"$BATS_TEST_TMPDIR/terminal" 2>&1 3>&-) &
	receiver=$!
	wait_for test -S "$deep/socket"
	create_container --console-socket "$deep/socket"
	succeeds
	wait_for said 'terminal /dev/ptmx'
}

@test "console socket: exec --detach --tty" {
	receive_at "$SOCKET"
	create_container --console-socket "$SOCKET"
	nvcrun start "$CTR"
	wait_for said ready
	capture nvcrun exec --detach --tty --console-socket "$SOCKET" "$CTR" sh -c 'tty; echo second'
	succeeds
	wait_for said second
	wait_for said /dev/pts/1
}

@test "console socket: who has no terminal, or no socket, is told" {
	create_container
	is "$status" 1
	has "$stderr" 'cannot allocate tty if nvcrun will detach without setting console socket'
	create_container --console-socket "$SOCKET"
	is "$status" 1
	has "$stderr" '--console-socket' "$SOCKET" 'no such file or directory'
	config_edit '.process.terminal = false'
	create_container --console-socket "$SOCKET"
	is "$status" 1
	has "$stderr" 'cannot use console socket if nvcrun will not detach or allocate tty'
	no_leftovers
}
