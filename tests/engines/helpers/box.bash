# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What all suites use: a box for an engine, and each case with two runtimes.
#
# A box has mount, network, process id, IPC and host name namespaces of its own. Its /run and what
# engines keep below /var/lib are empty, its network is its loopback, and when its first process is
# killed, all that ran or was mounted in it is gone. The cgroups of the containers are below $CGROUP.
#
#	setup_file() { needs dockerd && box_start docker && ... || true; }
#	setup() { engine_setup; }
#	teardown_file() { box_stop; }
#
#	BOX	process id of the first process of the box
#	DIR	a directory of the suite
#	CGROUP	an absolute cgroup path, as /nvcrun-docker-PID
#	USER_ID	of the plain user of the box, if there is one
#	RUNTIME	while a case runs: runc or nvcrun
#	CTR	while a case runs: a name for a container that no other case has
# shellcheck disable=SC2034,SC2154  # for the tests, and by capture

bats_require_minimum_version 1.5.0
load ../bats/helpers/common

# needs PROGRAM...: for setup_file; fails where one is missing, and then engine_setup skips the tests.
needs() {
	local program

	for program; do
		command -v "$program" >/dev/null || MISSING+=" $program"
	done
	export MISSING
	[ -z "${MISSING-}" ]
}

engine_setup() {
	[ -z "${MISSING-}" ] || skip "needs the programs$MISSING"
}

# box_start ENGINE [user] [v2]: make the box, as box.sh says.
box_start() {
	DIR=$(mktemp -d "${TMPDIR:-/tmp}/nvcrun-$1.XXXXXX")
	CGROUP=/nvcrun-$1-$$
	chmod 0711 "$DIR"
	mkdir "$DIR/lib"
	export DIR CGROUP USER_ID=54321
	# Dies with the suite, and with it the box.
	setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --uts --fork --kill-child \
		tini -- sh "$BATS_TEST_DIRNAME/helpers/box.sh" "${@:2}" </dev/null >"$DIR/box.log" 2>&1 3>&- &
	BOX=$!
	disown
	export BOX
	wait_for test -e "$DIR/ready" || {
		cat "$DIR/box.log" >&2
		return 1
	}
	BOX=$(cat "/proc/$BOX/task/$BOX/children")
	BOX=${BOX% }
}

box_stop() {
	[ -n "${BOX-}" ] || return 0
	kill -KILL "$BOX"
	wait_for box_is_removed
}

box_is_removed() {
	find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*$CGROUP*" -exec rmdir {} + 2>/dev/null
	! find /sys/fs/cgroup -type d -path "/sys/fs/cgroup*$CGROUP" 2>/dev/null | grep -q . &&
		rm -rf --one-file-system "$DIR"
}

# in_box COMMAND...: run it in the box.
in_box() {
	nsenter --target "$BOX" --mount --net --pid --ipc --uts --wdns=/ "$@"
}

# in_box_daemon NAME COMMAND...: run it in the box, in the background, with its words in $DIR/NAME.log.
in_box_daemon() {
	in_box "${@:2}" </dev/null >"$DIR/$1.log" 2>&1 3>&- &
	disown
}

# as_user COMMAND...: the same, as the plain user.
as_user() {
	in_box setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups env --ignore-environment \
		--chdir="$DIR/home" PATH="$PATH" HOME="$DIR/home" XDG_RUNTIME_DIR="/run/user/$USER_ID" "$@"
}

# both COMMAND...: a case, first with runc: what works with it must work with nvcrun.
both() {
	for RUNTIME in runc nvcrun; do
		echo "with $RUNTIME:"
		CTR=$RUNTIME-$BATS_TEST_NUMBER
		"$@"
	done
}

# on_terminal COMMAND...: run it in the box on a terminal of its own, where nothing is typed. In $output
# the carriage returns are ^M.
on_terminal() {
	local keys=$BATS_TEST_TMPDIR/keys line

	# Quoted for bash, so bash reads it: script(1) would take the user's shell, or sh.
	printf -v line '%q ' "$@"
	# Opened for both, so that it never ends: script(1) would type the end, and podman then stops showing.
	[ -p "$keys" ] || mkfifo "$keys"
	SHELL=/bin/bash capture in_box timeout 30 script -qec "$line" /dev/null <>"$keys"
	output=$(tr -d '\0' <"$BATS_TEST_TMPDIR/stdout" | sed 's/\^@//g; s/\r/^M/g')
}

# exits CODE COMMAND...
exits() {
	capture "${@:2}"
	[ "$status" -eq "$1" ] || fail "expected exit code $1: ${*:2}"
}
