#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What cannot be done: one line that names it, exit code 1, nothing left behind.
# bats file_tags=badinput,root
# shellcheck disable=SC2016,SC2034,SC2154  # $ is for jq and for shells in containers; the rest: common.bash
load helpers/common

setup() {
	container_setup
	LOG=$BATS_TEST_TMPDIR/log
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/good.json"
}

teardown() {
	container_teardown
}

# refused_by COMMAND PART...: it does not take the bundle, says so in one line on standard error and,
# the same, in the log.
refused_by() {
	rm -f "$LOG"
	capture nvcrun --log "$LOG" --log-format json "$1" --bundle "$BUNDLE" "$CTR" </dev/null
	fails_with "nvcrun: $1: " "${@:2}"
	is "$(jq -r 'select(.level == "error").msg' "$LOG")" "${stderr#nvcrun: }"
	is "$output" ''
}

# refused PART...: by both commands, and nothing is left.
refused() {
	refused_by create "$@"
	refused_by run "$@"
	no_leftovers
}

# refused_config FILTER PART...: the config of `spec`, changed so.
refused_config() {
	cp "$BATS_TEST_TMPDIR/good.json" "$BUNDLE/config.json"
	config_edit "$1"
	refused_by create config.json "${@:2}"
	[ ! -e "$STATE/$CTR" ] || fail 'its state is still there'
}

@test "bundle: missing, a file, without config.json" { # bundle.md
	local file=$BUNDLE/config.json

	BUNDLE=$BATS_TEST_TMPDIR/nosuch refused "$BATS_TEST_TMPDIR/nosuch" 'no such file or directory'
	BUNDLE=$file refused "$file" 'not a directory'
	rm "$BUNDLE/config.json"
	refused config.json 'no such file or directory'
	mkdir "$BUNDLE/config.json"
	refused config.json
}

@test "config.json: broken JSON, with the place" {
	echo '{ "ociVersion": "1.0.2", }' >"$BUNDLE/config.json"
	refused config.json:1:
	head -c 300 "$BATS_TEST_TMPDIR/good.json" >"$BUNDLE/config.json"
	refused config.json:
	: >"$BUNDLE/config.json"
	refused config.json:1
	echo '[]' >"$BUNDLE/config.json"
	refused config.json 'expected an object'
	printf '{"ociVersion":"1.0.2\xff"}' >"$BUNDLE/config.json"
	refused config.json
}

@test "config.json: nested without end, larger than any" {
	head -c 100000 /dev/zero | tr '\0' '[' >"$BUNDLE/config.json"
	refused config.json
	truncate -s 3G "$BUNDLE/config.json"
	refused config.json
}

@test "config.json: required fields" { # config.md
	refused_config 'del(.ociVersion)' ociVersion
	refused_config 'del(.root)' root
	refused_config 'del(.root.path)' root.path
	refused_config 'del(.process.cwd)' process.cwd
	refused_config 'del(.process.args)' process.args
	refused_config '.process.args = []' process.args
	refused_config 'del(.mounts[2].destination)' 'mounts[2].destination'
	refused_config 'del(.process.rlimits[0].hard)' 'process.rlimits[0].hard'
}

@test "config.json: wrong types are named with their field" { # config-schema.json
	refused_config '.process.args = "sh"' process.args
	refused_config '.process.args = ["sh", 7]' 'process.args[1]'
	refused_config '.process.user.uid = "root"' process.user.uid
	refused_config '.process.user.uid = -1' process.user.uid
	refused_config '.process.user.uid = 4294967295' process.user.uid
	refused_config '.process.user.gid = 0.5' process.user.gid
	refused_config '.process.terminal = 1' process.terminal
	refused_config '.mounts = {}' mounts
	refused_config '.mounts[0] = "proc"' 'mounts[0]'
	refused_config '.linux = []' linux
	refused_config '.linux.namespaces[0].type = "nosuch"' 'linux.namespaces[0].type' '`nosuch`'
	refused_config '.process.rlimits[0].type = "RLIMIT_NOSUCH"' 'process.rlimits[0].type' '`RLIMIT_NOSUCH`'
	refused_config '.linux.resources.pids.limit = "many"' linux.resources.pids.limit
}

@test "config.json: values that make no sense" { # config.md, config-linux.md
	refused_config '.ociVersion = "2.0.0"' ociVersion '`2.0.0`'
	refused_config '.ociVersion = "one"' ociVersion '`one`'
	refused_config '.process.cwd = "relative"' process.cwd '`relative`'
	refused_config '.process.env += ["NOVALUE"]' 'process.env[' '`NOVALUE`'
	refused_config '.process.env += ["=x"]' 'process.env['
	refused_config '.process.args = ["sh\u0000-c"]' config.json:10: NUL
	refused_config '.process.rlimits += [.process.rlimits[0]]' 'process.rlimits[1]' RLIMIT_NOFILE
	refused_config '.process.rlimits[0].soft = 2000' 'process.rlimits[0]' RLIMIT_NOFILE
	refused_config '.process.user.umask = 512' process.user.umask
	refused_config '.linux.namespaces += [{ type: "pid" }]' linux.namespaces pid
	refused_config '.linux.maskedPaths += ["relative"]' linux.maskedPaths '`relative`'
	refused_config '.hostname = ("x" * 65)' hostname
	refused_config '.linux.rootfsPropagation = "nosuch"' linux.rootfsPropagation '`nosuch`'
	refused_config '.linux.devices = [{ path: "relative", type: "c", major: 1, minor: 3 }]' 'devices[0].path'
}

@test "config.json: fields that are known and not supported are refused, not passed over" { # runtime.md § Create
	refused_config '.linux.intelRdt = { closID: "a" }' linux.intelRdt
	refused_config '.linux.resources.unified = { "memory.high": "1" }' linux.resources.unified
	refused_config '.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 1 }]' \
		linux.resources.hugepageLimits
	refused_config '.linux.memoryPolicy = { mode: "MPOL_BIND" }' linux.memoryPolicy
}

@test "config.json: unknown fields are passed over" { # config.md § Extensibility
	config_edit '.nosuch = 1 | .process.nosuch = {} | .linux.nosuch = []'
	program 'echo hello'
	run_container
	succeeds
	is "$output" hello
}

@test "root file system missing, or the host's own" { # config.md § Root
	mv "$BUNDLE/rootfs" "$BUNDLE/other"
	refused root.path "$BUNDLE/rootfs" 'no such file or directory'
	refused_config '.root.path = "/"' root.path
}

@test "command line: what is unknown, missing or too much is named" {
	capture nvcrun nosuch
	fails_with '`nosuch`'
	capture nvcrun --nosuch list
	fails_with --nosuch
	capture nvcrun run --nosuch "$CTR"
	fails_with 'run: ' --nosuch
	capture nvcrun run
	fails_with 'run: ' ID
	capture nvcrun run --bundle "$BUNDLE" "$CTR" more
	fails_with 'run: ' '`more`'
	capture nvcrun run "$CTR" --bundle
	fails_with 'run: ' --bundle
	capture nvcrun list --format nosuch
	fails_with 'list: ' '`nosuch`'
	capture nvcrun --log-format nosuch list
	fails_with log-format '`nosuch`'
	no_leftovers
}

@test "--root: not a directory, / itself" {
	touch "$BATS_TEST_TMPDIR/file"
	capture "$NVCRUN" --root "$BATS_TEST_TMPDIR/file" run --bundle "$BUNDLE" "$CTR"
	fails_with "$BATS_TEST_TMPDIR/file" 'not a directory'
	capture "$NVCRUN" --root / run --bundle "$BUNDLE" "$CTR"
	fails_with --root
}

@test "a state file that is damaged is named; the others are still listed" {
	create_container
	succeeds
	nvcrun create --bundle "$BUNDLE" "$CTR-b" >/dev/null </dev/null 3>&-
	cp "$STATE/$CTR/state.json" "$BATS_TEST_TMPDIR/state.json"
	echo '{' >"$STATE/$CTR/state.json"
	capture nvcrun state "$CTR"
	fails_with "$CTR" state.json
	capture nvcrun list --quiet
	is "$status" 0
	is "$output" "$CTR-b"
	has "$stderr" 'nvcrun: warning: ' state.json
	cp "$BATS_TEST_TMPDIR/state.json" "$STATE/$CTR/state.json"
	nvcrun delete "$CTR"
	nvcrun delete "$CTR-b"
	no_leftovers
}

@test "--pid-file in a directory that does not exist" {
	capture nvcrun run --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/nosuch/pid" "$CTR"
	fails_with --pid-file "$BATS_TEST_TMPDIR/nosuch/pid" 'no such file or directory'
	no_leftovers
}

@test "names with control characters make no second line and no escape" {
	config_edit '.root.path = "a\nnvcrun: all is well\u001b[2J"'
	capture nvcrun --log "$LOG" run --bundle "$BUNDLE" "$CTR" </dev/null
	fails_with 'all is well'
	has_not "$stderr" $'\e'
	is "$(wc -l <"$LOG")" 1
}

@test "--log: json lines and text lines, appended; errors are on stderr too" { # the engines' contract
	capture nvcrun --log "$LOG" --log-format json state "$CTR"
	fails_with "container does not exist: $CTR"
	capture nvcrun --log "$LOG" --log-format json state "$CTR\"\\"
	fails_with 'invalid container ID'
	is "$(jq -c 'keys' "$LOG" | uniq)" '["level","msg","time"]'
	is "$(jq -r .level "$LOG" | uniq)" error
	is "$(jq -r .msg "$LOG" | sed 's/^/nvcrun: /' | tail -n 1)" "$stderr"
	[[ $(jq -r .time "$LOG" | head -n 1) =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]
	is "$(stat -c %a "$LOG")" 600
	capture nvcrun --log "$LOG.text" state "$CTR\"\\"
	fails_with 'invalid container ID'
	[[ $(cat "$LOG.text") =~ ^'time="'[0-9TZ:-]+'" level=error msg="state: invalid container ID format: `'.*'\"\\`: '.*'"'$ ]]
}

@test "--log: cannot be opened" {
	capture nvcrun --log "$BATS_TEST_TMPDIR/nosuch/log" list
	fails_with --log "$BATS_TEST_TMPDIR/nosuch/log" 'no such file or directory'
}

@test "--log: warnings go there and not to stderr; with json and no file to stderr" {
	config_edit '.process.capabilities.bounding += ["CAP_NOSUCH"]'
	program 'echo hello'
	NVCRUN_OPTIONS=(--log "$LOG" --log-format json)
	run_container
	succeeds
	is "$output" hello
	is "$(jq -r .level "$LOG")" warning
	has "$(jq -r .msg "$LOG")" CAP_NOSUCH
	NVCRUN_OPTIONS=(--log-format json)
	run_container
	is "$status" 0
	is "$(jq -r .level <<<"$stderr")" warning
	NVCRUN_OPTIONS=(--log-level error)
	run_container
	succeeds
}

@test "--debug tells each step" {
	program true
	NVCRUN_OPTIONS=(--debug --log "$LOG" --log-format json)
	run_container
	succeeds
	has "$(jq -r 'select(.level == "debug").msg' "$LOG")" 'host: read-config' 'host: clone' 'init: pivot' 'init: exec'
}
