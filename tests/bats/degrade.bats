#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Older kernels: each newer system call is refused in turn (tests/helpers/degrade.c), as a kernel without it does
# (ENOSYS) and as the filter of an outer container does (EPERM). The container must come out the same.
# bats file_tags=kernel,root

# shellcheck disable=SC2016  # the dollars in single quotes are for awk and shells in containers
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # helpers/common.bash reads and sets them

load helpers/common

setup() {
	container_setup
	NVCRUN_OPTIONS=(--settings "$DRIVER/nvcrun.toml")
	# memfd_create is no new call, but the way out where others are missing (protected_exe.bats).
	calls=$(grep -o '{ "[a-z0-9_]*", SYS_' "$TREE/tests/helpers/degrade.c" | cut -d '"' -f 2 | grep -vx memfd_create |
		xargs)
	# An EPERM of these has other meanings, so it is not taken for a missing call.
	only_enosys=(mount_setattr move_mount)
}

teardown() { container_teardown; }

# without CALLS COMMAND...: nvcrun on a kernel that lacks them, captured.
without() {
	capture in_view "$HELPERS/degrade" "$1" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" "${@:2}" </dev/null
}

# The container's mounts without numbers: a parent is named by where it is mounted.
mounts() {
	awk '{
		at[$1] = $5
		parent = $2 in at ? at[$2] : "outside"
		$1 = $2 = $3 = ""
		print "on", parent, $0
	}' <<<"$output"
}

every_refusal() {
	local call

	for call in $calls; do
		echo "$call"
		[[ " ${only_enosys[*]} " == *" $call "* ]] || echo "$call=EPERM"
	done
	tr ' ' , <<<"$calls"
	tr ' ' '\n' <<<"$calls" | sed "/$(printf '%s\\|' "${only_enosys[@]}")^\$/!s/\$/=EPERM/" | paste -sd ,
}

# same_mounts OPTION...: whatever is refused, `run` makes the same mounts.
same_mounts() {
	local refusal

	program 'cat /proc/self/mountinfo'
	run_container "$@"
	succeeds
	mounts >"$BATS_TEST_TMPDIR/expected"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/expected")" -gt 15 ]
	while read -r refusal <&4; do
		echo "without $refusal"
		without "$refusal" run --bundle "$BUNDLE" "$@" "$CTR"
		succeeds
		diff "$BATS_TEST_TMPDIR/expected" <(mounts)
	done 4< <(every_refusal)
	no_leftovers
}

traced() {
	strace -f -qq -e "trace=${calls// /,}" -e signal=none -o "$BATS_TEST_TMPDIR/trace.$1" \
		"$NVCRUN" --root "$STATE" "$@" >/dev/null 3>&- </dev/null
}

@test "degrade: the calls in question are those that nvcrun makes" {
	local call

	[ "$(wc -w <<<"$calls")" -ge 8 ]
	program_args sleep 100
	# It follows init, and so stays until delete.
	traced create --bundle "$BUNDLE" "$CTR" &
	wait_for has_status created 2>/dev/null
	traced start "$CTR"
	traced kill "$CTR"
	traced delete --force "$CTR"
	wait
	for call in $calls; do
		grep -q "^[0-9]* *$call(" "$BATS_TEST_TMPDIR"/trace.* || fail "$call is never made"
	done
}

@test "degrade: a program that is refused a call sees that" {
	run -1 "$HELPERS/degrade" openat2=EPERM cat /nonexistent
	run -2 "$HELPERS/degrade" nosuch true
	run -2 "$HELPERS/degrade" openat2
}

@test "degrade: the default container has the same mounts" { same_mounts; }

@test "degrade: a GPU container has the same mounts" { same_mounts --gpus all; }

@test "degrade: cgroup v2: the default container has the same mounts" {
	view v2
	same_mounts
}

@test "degrade: bind mounts have the same flags and propagation" {
	# A tmpfs takes the mode of a directory that is there already: be it there at the first time, too.
	mkdir -p "$BATS_TEST_TMPDIR"/{a,b} "$BUNDLE/rootfs"/{new,old,sync}
	config_edit --arg dir "$BATS_TEST_TMPDIR" '.mounts += [
		{destination: "/ro", source: ($dir + "/a"), options: ["bind", "ro", "noexec", "nosuid", "nodev"]},
		{destination: "/noatime", source: ($dir + "/a"), options: ["rbind", "noatime", "nodiratime"]},
		{destination: "/strictatime", source: ($dir + "/a"), options: ["rbind", "strictatime"]},
		{destination: "/plain", source: ($dir + "/b"), options: ["rbind"]},
		{destination: "/shared", source: ($dir + "/b"), options: ["rbind", "rshared"]},
		{destination: "/unbindable", source: ($dir + "/b"), options: ["rbind", "unbindable"]},
		{destination: "/new", type: "tmpfs", source: "new", options: ["ro", "noexec", "size=4m", "mode=0700"]},
		{destination: "/old", type: "tmpfs", source: "old", options: ["relatime", "shared", "size=4m"]},
		{destination: "/sync", type: "tmpfs", source: "sync", options: ["sync", "strictatime"]}]'
	# The number of a peer group is as arbitrary as that of a mount.
	mounts() {
		awk '{
			at[$1] = $5
			parent = $2 in at ? at[$2] : "outside"
			$1 = $2 = $3 = ""
			sub(/ shared:[0-9]+/, " shared")
			print "on", parent, $0
		}' <<<"$output"
	}
	same_mounts
}

@test "degrade: a recursive option is refused rather than applied to the top mount alone" { # KEP-3857
	config_edit --arg dir "$BATS_TEST_TMPDIR" \
		'.mounts += [{destination: "/mnt", source: $dir, options: ["rbind", "rro"]}]'
	program 'grep " /mnt ro" /proc/self/mountinfo'
	run_container
	succeeds
	for call in mount_setattr open_tree open_tree=EPERM; do
		without "$call" run --bundle "$BUNDLE" "$CTR"
		fails_with "mounts[$(jq '.mounts | length - 1' "$BUNDLE/config.json")]" rro 'mount_setattr(2)' 'Linux 5.12'
	done
	no_leftovers
}

@test "degrade: masked and read-only paths" {
	program 'cat /proc/keys; ls -A /sys/firmware; echo 1 >/proc/sys/kernel/pid_max; : >/sys/firmware/x'
	while read -r refusal <&4; do
		echo "without $refusal"
		without "$refusal" run --bundle "$BUNDLE" "$CTR"
		is "$output" ''
		has "$stderr" 'pid_max: Read-only file system' '/sys/firmware/x: Read-only file system'
	done 4< <(every_refusal)
}

@test "degrade: hostile links stay inside" {
	mkdir "$BATS_TEST_TMPDIR/canary"
	rm -rf "$BUNDLE/rootfs/usr/lib64" "$BUNDLE/rootfs/lib64"
	mkdir -p "$BUNDLE/rootfs/deep"
	ln -s "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/deep/absolute"
	ln -s "../../../../../../../../../..$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/deep/relative"
	ln -s loop "$BUNDLE/rootfs/loop"
	config_edit --arg dir "$BATS_TEST_TMPDIR" '.mounts += [
		{destination: "/deep/absolute/a/b", type: "tmpfs", source: "x"},
		{destination: "/deep/relative/c", type: "tmpfs", source: "x"}]'
	program_args true
	for refusal in openat2 openat2=EPERM "${calls// /,}"; do
		without "$refusal" run --bundle "$BUNDLE" "$CTR"
		succeeds
		is "$(ls -A "$BATS_TEST_TMPDIR/canary")" ''
		[ -d "$BUNDLE/rootfs$BATS_TEST_TMPDIR/canary/a/b" ]
		[ -d "$BUNDLE/rootfs$BATS_TEST_TMPDIR/canary/c" ]
	done
	config_edit '.mounts += [{destination: "/loop/d", type: "tmpfs", source: "x"}]'
	without openat2 run --bundle "$BUNDLE" "$CTR"
	fails_with /loop/d 'ymbolic links'
	no_leftovers
}

# The whole life of a container, without these calls.
life() {
	program 'trap "exit 3" TERM; echo ready >&2; while :; do sleep 0.05; done'
	"$HELPERS/degrade" "$1" "$NVCRUN" --root "$STATE" create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" \
		"$CTR" >/dev/null 2>"$BATS_TEST_TMPDIR/ready" 3>&- </dev/null
	is "$(status_of)" created
	without "$1" start "$CTR"
	succeeds
	without "$1" state "$CTR"
	is "$(jq -r .status <<<"$output")" running
	without "$1" delete "$CTR"
	fails_with 'not stopped'
	wait_for grep -q ready "$BATS_TEST_TMPDIR/ready"
	without "$1" kill "$CTR" TERM
	succeeds
	wait_for has_status stopped
	without "$1" kill "$CTR" KILL
	fails_with 'container not running'
	without "$1" delete "$CTR"
	succeeds
	no_leftovers

	"$HELPERS/degrade" "$1" "$NVCRUN" --root "$STATE" run --detach --bundle "$BUNDLE" "$CTR" >/dev/null 2>&1 3>&- \
		</dev/null
	without "$1" delete --force "$CTR"
	succeeds
	no_leftovers
	program 'exit 7'
	without "$1" run --bundle "$BUNDLE" "$CTR"
	is "$status" 7
	no_leftovers
}

@test "degrade: create, start, kill and delete" {
	for refusal in pidfd_open pidfd_open=EPERM $(every_refusal | grep ,); do
		echo "without $refusal"
		life "$refusal"
	done
}
