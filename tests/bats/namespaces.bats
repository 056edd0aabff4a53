#!/usr/bin/env bats
# bats file_tags=namespaces,root
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load helpers/common.bash

setup() {
	container_setup
}

teardown() {
	container_teardown
	[ -z "${other-}" ] || kill -KILL "$other" 2>/dev/null || true
}

# A process in new namespaces of its own, of which containers join some; its pid in $other.
other_process() {
	unshare "$@" sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	other=$!
	wait_for grep -q sleep "/proc/$other/comm"
}

namespaces_of() {
	local type

	for type in "${@:2}"; do
		readlink "/proc/$1/ns/$type"
	done
}

@test "namespaces: network, ipc and uts by path" { # config-linux.md § Namespaces
	other_process --net --ipc --uts
	config_edit --arg p "/proc/$other/ns" 'del(.hostname) | .linux.namespaces |= map(
		if .type == "network" then .path = $p + "/net"
		elif .type == "ipc" or .type == "uts" then .path = $p + "/" + .type else . end)'
	program 'for n in net ipc uts; do readlink /proc/self/ns/$n; done'
	run_container
	succeeds
	is "$output" "$(namespaces_of "$other" net ipc uts)"
}

@test "namespaces: pid by path; delete kills only what is in the cgroup" {
	program 'while :; do sleep 0.05; done'
	capture nvcrun run --bundle "$BUNDLE" --detach "$CTR" </dev/null
	succeeds
	local first=$CTR init
	init=$(pid_of)
	bundle_new "$BATS_TEST_TMPDIR/second"
	BUNDLE=$BATS_TEST_TMPDIR/second
	config_edit --arg p "/proc/$init/ns/pid" '.linux.namespaces |= map(
		if .type == "pid" then .path = $p else . end)'
	program 'sleep 1000 & ps; sleep 1000'
	capture nvcrun run --bundle "$BUNDLE" --detach "$CTR-2" </dev/null
	succeeds
	wait_for has "$(nvcrun exec "$first" ps 2>&1)" 'sleep 1000'
	capture nvcrun delete --force "$CTR-2"
	succeeds
	has_not "$(nvcrun exec "$first" ps)" 'sleep 1000'
	is "$(status_of "$first")" running
}

@test "namespaces: a path of another type is refused" {
	config_edit '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	run_container
	is "$status" 1
	has "$stderr" 'linux.namespaces: network' 'is not a network namespace'
	config_edit '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	run_container
	is "$status" 1
	has "$stderr" '/etc/passwd is not a network namespace'
}

@test "namespaces: time with offsets" { # config-linux.md § Offset for Time Namespace
	config_edit '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"boottime": {"secs": 1000000, "nanosecs": 5}}'
	program 'cat /proc/uptime'
	run_container
	succeeds
	[ "${output%%.*}" -gt 1000000 ] || fail 'the offset is not there'
}

user_namespace() {
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'
	chown -R 100000:200000 "$BUNDLE/rootfs"
}

@test "user namespace: maps, root inside, devices, cgroup, mounts" { # config-linux.md § User namespace mappings
	user_namespace
	chmod 700 "$BATS_TEST_TMPDIR"
	mkdir -m 700 "$BATS_TEST_TMPDIR/secret"
	echo found >"$BATS_TEST_TMPDIR/secret/file"
	chmod 644 "$BATS_TEST_TMPDIR/secret/file"
	config_edit --arg f "$BATS_TEST_TMPDIR/secret/file" '.mounts += [{"destination": "/mnt",
		"type": "none", "source": $f, "options": ["bind", "ro"]}] | .root.readonly = false'
	rmdir "$BUNDLE/rootfs/mnt" 2>/dev/null || true
	program 'id -u; id -g; cat /proc/self/uid_map /mnt; echo x >/dev/null && echo y >/file; stat -c %u /file
		! echo z 2>/dev/null >/mnt; hostname'
	run_container
	succeeds
	has "$output" $'0\n0\n' '100000' found nvcrun
	is "$(stat -c %u:%g "$BUNDLE/rootfs/file")" 100000:200000
}

@test "user namespace: exec joins it" {
	user_namespace
	program 'while :; do sleep 0.05; done'
	create_container
	succeeds
	nvcrun start "$CTR"
	capture nvcrun exec "$CTR" sh -c 'id -u; [ "$(readlink /proc/self/ns/user)" = "$(readlink /proc/1/ns/user)" ] && echo same'
	succeeds
	is "$output" $'0\nsame'
}

@test "user namespace: a user that is not mapped is named" {
	user_namespace
	config_edit '.process.user.uid = 70000'
	run_container
	is "$status" 1
	has "$stderr" 'process.user.uid: cannot set uid to unmapped user 70000 in user namespace'
}

@test "user namespace: mappings and namespace belong together" {
	config_edit '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]'
	run_container
	is "$status" 1
	has "$stderr" 'uidMappings need a user namespace'
	config_edit 'del(.linux.uidMappings) | .linux.namespaces += [{"type": "user"}]'
	run_container
	is "$status" 1
	has "$stderr" 'a new user namespace needs mappings'
}

@test "no pivot: --no-pivot hides the host, and no full procfs is left" { # oci-behaviour § 3.7
	program 'ls /; cat /proc/self/mountinfo'
	run_container --no-pivot
	succeeds
	has "$output" bin
	has_not "$output" "$BATS_TEST_TMPDIR/state"
	# Of the host's kernel views only the container's own are left.
	is "$(grep -cE ' - (proc|sysfs) ' <<<"$output")" "$(grep -cE ' /(proc|sys)[ /].* - (proc|sysfs) ' <<<"$output")"
}
