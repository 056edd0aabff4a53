# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What all suites use. Each test has a bundle, an id and a state directory of its own:
#
#	setup() { container_setup; }
#	teardown() { container_teardown; }
#
#	BUNDLE		the bundle: a copy of $ROOTFS, config.json of `nvcrun spec` without a terminal,
#			and CTR in its environment
#	CTR		an id that no other test has
#	STATE		what --root gets
#	NVCRUN_OPTIONS	array of further global options, as --settings FILE
# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
bats_require_minimum_version 1.5.0

container_setup() {
	TREE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
	HELPERS=${NVCRUN%/*}/tests/helpers
	CTR=bats-$BATS_SUITE_TEST_NUMBER-$$-$RANDOM
	STATE=$BATS_TEST_TMPDIR/state
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	NVCRUN_OPTIONS=()
	VIEW=
	export TREE HELPERS
	bundle_new "$BUNDLE"
}

# Everything of the test goes, whatever it left: containers, then processes, cgroups, mounts.
container_teardown() {
	local id pid

	for id in "$STATE"/*; do
		[ ! -d "$id" ] || nvcrun delete --force "${id##*/}" >/dev/null 2>&1 </dev/null || true
	done
	for pid in $(processes); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait_for remove_cgroups 2>/dev/null || true
	[ -z "$VIEW" ] || kill -KILL "$VIEW" 2>/dev/null || true
}

# bundle_new DIR: make a bundle.
bundle_new() {
	mkdir -p "$1"
	cp -a "$ROOTFS" "$1/rootfs"
	"$NVCRUN" spec --bundle "$1"
	BUNDLE=$1 config_edit --arg id "$CTR" '.process.terminal = false | .process.env += ["NVCRUN_TEST=" + $id]'
}

# config_edit [JQ-OPTION...] FILTER [--args -- WORD...]: change $BUNDLE/config.json.
config_edit() {
	jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# program SCRIPT: the container shall run this, by its shell.
program() {
	config_edit --arg script "$1" '.process.args = ["sh", "-c", $script]'
}

# program_args WORD...: the container shall run this.
program_args() {
	config_edit '.process.args = $ARGS.positional' --args -- "$@"
}

nvcrun() {
	in_view "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" "$@"
}

# capture COMMAND...: its standard output in $output, standard error in $stderr, exit code in
# $status. Unlike bats' run it does not wait for containers that keep the descriptors open.
# The plain bytes are in $BATS_TEST_TMPDIR/stdout and stderr.
capture() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- || status=$?
	output=$(tr -d '\0' <"$BATS_TEST_TMPDIR/stdout")
	stderr=$(tr -d '\0' <"$BATS_TEST_TMPDIR/stderr")
}

# run_container [OPTION...]: `nvcrun run` of $CTR from $BUNDLE, captured, with no input.
run_container() {
	capture nvcrun run --bundle "$BUNDLE" "$@" "$CTR" </dev/null
}

# create_container [OPTION...]: the same for `nvcrun create`.
create_container() {
	capture nvcrun create --bundle "$BUNDLE" "$@" "$CTR" </dev/null
}

# The status word of a container (default: $CTR).
status_of() {
	nvcrun state "${1:-$CTR}" | jq -r .status
}

pid_of() {
	nvcrun state "${1:-$CTR}" | jq -r .pid
}

has_status() {
	[ "$(status_of "${2:-$CTR}")" = "$1" ]
}

# wait_for COMMAND...: until it succeeds, at most 10 seconds.
wait_for() {
	local end=$((SECONDS + 10))

	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "not within 10 seconds: $*"
		sleep 0.02
	done
}

fail() {
	printf '%s\n' "$@" >&2
	show_last
	return 1
}

show_last() {
	printf 'exit code %s, standard output:\n%s\nstandard error:\n%s\n' "${status-}" \
		"${output-}" "${stderr-}" >&2
}

# is ACTUAL EXPECTED
is() {
	[ "$1" = "$2" ] || fail "expected: $2" "but is:   $1"
}

# has ACTUAL PART...: each part, to the letter.
has() {
	local part

	for part in "${@:2}"; do
		[[ $1 == *"$part"* ]] || fail "expected to find: $part" "in: $1"
	done
}

# has_not ACTUAL PART...
has_not() {
	local part

	for part in "${@:2}"; do
		[[ $1 != *"$part"* ]] || fail "expected not to find: $part" "in: $1"
	done
}

# The last capture ended well, and said nothing on standard error.
succeeds() {
	[ "$status" -eq 0 ] || fail "expected success"
	is "$stderr" ''
}

# fails_with PART...: the last capture failed with exit code 1 and exactly one line on standard error,
# which starts with `nvcrun: ` and has each of the parts, to the letter.
fails_with() {
	[ "$status" -eq 1 ] || fail "expected exit code 1"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/stderr")" -eq 1 ] || fail 'expected one line of error'
	is "${stderr%%: *}" nvcrun
	has "$stderr" "$@"
}

# What the test's containers still have on the host, one a line; nothing when all is gone.
leftovers() {
	cgroups | sed 's/^/cgroup /'
	in_view cat /proc/self/mounts | grep -F "$BATS_TEST_TMPDIR" | sed 's/^/mount /'
	find "$STATE" -mindepth 1 2>/dev/null | sed 's/^/state /'
	processes | sed 's/^/process /'
}

no_leftovers() {
	local found

	found=$(leftovers)
	[ -z "$found" ] || fail 'left behind:' "$found"
}

# Cgroup directories named for the test and those below, in all hierarchies.
cgroups() {
	in_view find /sys/fs/cgroup -type d -path "*$CTR*"
}

# Busy for a moment, while those who were killed in them are dying.
remove_cgroups() {
	cgroups | sort -r | in_view xargs -r -d '\n' rmdir
}

# Processes with the id in their arguments or environment: runtimes, containers.
processes() {
	printf '%s' "$CTR" >"$BATS_TEST_TMPDIR/id"
	grep -zlFf "$BATS_TEST_TMPDIR/id" /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
		sed -n 's,^/proc/\([0-9]*\)/.*,\1,p' | sort -un
}

# view hybrid|v1|v2|same: let the runtime see the cgroups of the machine so, in a mount namespace of
# its own; skip where they cannot be shown so. `same`: just in a mount namespace of its own.
view() {
	local mounts=

	case $1:$(stat -f -c %T /sys/fs/cgroup):$(stat -f -c %T /sys/fs/cgroup/unified 2>/dev/null) in
	v1:tmpfs:cgroup2fs) mounts='umount /sys/fs/cgroup/unified' ;;
	v2:tmpfs:*) mounts='umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup' ;;
	hybrid:tmpfs:cgroup2fs | v1:tmpfs:* | v2:cgroup2fs:* | same:*) mounts=true ;;
	*) skip "needs a machine whose cgroups can be shown as $1" ;;
	esac
	rm -f "$BATS_TEST_TMPDIR/view"
	unshare --mount sh -c "$mounts && touch '$BATS_TEST_TMPDIR/view' && exec sleep infinity" \
		</dev/null >/dev/null 3>&- &
	VIEW=$!
	disown
	wait_for test -e "$BATS_TEST_TMPDIR/view"
}

# in_view COMMAND...: run it where `view` said.
in_view() {
	if [ -n "$VIEW" ]; then
		nsenter --target "$VIEW" --mount --wdns="$PWD" "$@"
	else
		"$@"
	fi
}
