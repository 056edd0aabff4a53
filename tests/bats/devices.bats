#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config-linux.md § Devices, § Default Devices, § Allowed Device list; runtime-linux.md § Dev symbolic links.
# bats file_tags=devices,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# device_add PATH TYPE MAJOR MINOR
device_add() {
	config_edit --arg path "$1" --arg type "$2" --argjson major "$3" --argjson minor "$4" \
		'.linux.devices += [{ path: $path, type: $type, major: $major, minor: $minor }]'
}

without_dev_mounts() {
	config_edit 'del(.mounts[] | select(.destination | startswith("/dev")))'
}

# A device number without a driver says ENXIO when the rules let it pass, EPERM when they do not.
# 120 to 127: local and experimental use (Documentation/admin-guide/devices.txt).
rules_decide() {
	device_add /dev/a c 120 0
	device_add /dev/b c 120 1
	device_add /dev/c b 120 0
	program 'for d in a b c; do cat /dev/$d; done 2>&1; (echo >/dev/b) 2>&1; true'
	run_container
	succeeds
	is "$(grep -c 'Operation not permitted' <<<"$output")" 4
	config_edit '.linux.resources.devices += [
		{ allow: true, type: "c", major: 120, minor: 0, access: "rw" },
		{ allow: true, type: "c", major: 120, minor: 1, access: "r" }]'
	program 'for d in a b c; do cat /dev/$d; done 2>&1; (echo >/dev/b) 2>&1; (echo >/dev/a) 2>&1; true'
	run_container
	succeeds
	is "$(awk -F ': ' '{ print $NF }' <<<"$output")" 'No such device or address
No such device or address
Operation not permitted
Operation not permitted
No such device or address'
	no_leftovers
}

# Without device rules, and without resources: the same as deny all.
no_rules_deny() {
	local filter

	config_edit '.process.capabilities[] = ["CAP_MKNOD", "CAP_SYS_RAWIO"]'
	program 'mknod /dev/mem c 1 1 && cat /dev/mem 2>&1; true'
	for filter in 'del(.linux.resources.devices)' 'del(.linux.resources)'; do
		config_edit "$filter"
		run_container
		succeeds
		has "$output" 'Operation not permitted'
	done
	no_leftovers
}

@test "default devices: nodes, modes and links" { # config-linux.md § Default Devices, runtime-linux.md
	program 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" null zero full random urandom tty
		for l in fd stdin stdout stderr ptmx; do echo $l $(readlink $l); done
		[ ! -e console ] || echo console'
	run_container
	succeeds
	is "$output" 'null character special file 1:3 666 0:0
zero character special file 1:5 666 0:0
full character special file 1:7 666 0:0
random character special file 1:8 666 0:0
urandom character special file 1:9 666 0:0
tty character special file 5:0 666 0:0
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx'
}

@test "default devices can be used, as any user" {
	config_edit '.process.user = { uid: 1000, gid: 1000 }'
	program 'cd /dev; echo x >null; cat null; head -c 4 zero | wc -c; head -c 4 random | wc -c
		head -c 4 urandom | wc -c; (echo x >full); (: <tty); : <>ptmx && echo pty'
	run_container
	is "$output" '4
4
4
pty'
	has "$stderr" 'No space left on device'
	has_not "$stderr" 'Operation not permitted' 'Permission denied'
}

@test "linux.devices: number, mode, owner; directories are made" { # config-linux.md § Devices
	config_edit '.linux.devices = [
		{ path: "/dev/mine", type: "c", major: 1, minor: 7, fileMode: 416, uid: 5, gid: 6 },
		{ path: "/dev/sub/dir/u", type: "u", major: 1, minor: 5 },
		{ path: "/dev/block", type: "b", major: 7, minor: 200, fileMode: 384 },
		{ path: "/dev/fifo", type: "p", fileMode: 438 },
		{ path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 420 }]'
	program 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" mine sub/dir/u block fifo null; stat -c %a sub'
	run_container
	succeeds
	is "$output" 'mine character special file 1:7 640 5:6
sub/dir/u character special file 1:5 666 0:0
block block special file 7:c8 600 0:0
fifo fifo 0:0 666 0:0
null character special file 1:3 644 0:0
755'
}

@test "linux.devices: a node that exists and is the same is kept, any other thing is an error" { # config-linux.md § Devices
	without_dev_mounts
	device_add /dev/mine c 1 7
	mknod -m 0600 "$BUNDLE/rootfs/dev/mine" c 1 7
	run_container
	succeeds
	is "$(stat -c '%t:%T %a' "$BUNDLE/rootfs/dev/mine")" '1:7 600'
	rm "$BUNDLE/rootfs/dev/mine"
	mknod "$BUNDLE/rootfs/dev/mine" c 1 5
	run_container
	fails_with 'devices[0]' /dev/mine 'not the device c 1:7'
	rm "$BUNDLE/rootfs/dev/mine"
	touch "$BUNDLE/rootfs/dev/mine"
	run_container
	fails_with 'devices[0]' /dev/mine 'not the device c 1:7'
	no_leftovers
}

@test "linux.devices: a path through a link stays inside" { # CVE-2026-41579
	without_dev_mounts
	mkdir "$BATS_TEST_TMPDIR/canary"
	ln -s "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/dev/link"
	device_add /dev/link/mine c 1 7
	run_container
	is "$(find "$BATS_TEST_TMPDIR/canary" -mindepth 1)" ''
}

@test "/dev of the user's own is left as it is" { # runc's and crun's behaviour
	local dev=$BATS_TEST_TMPDIR/dev

	mkdir "$dev"
	mknod -m 0666 "$dev/null" c 1 3
	without_dev_mounts
	config_edit --arg dev "$dev" '.mounts += [
		{ destination: "/dev", type: "none", source: $dev, options: ["rbind"] }]'
	device_add /dev/mine c 1 7
	program_args ls /dev
	run_container
	succeeds
	is "$output" null
	is "$(ls "$dev")" null
}

@test "a read-only /dev has its nodes" {
	config_edit '(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
	program 'ls /dev/null /dev/ptmx; touch /dev/new'
	run_container
	is "$status" 1
	is "$output" '/dev/null
/dev/ptmx'
	has "$stderr" 'Read-only file system'
}

@test "mknod is allowed by the rules, opening is not" { # config-linux.md § Allowed Device list
	config_edit '.process.capabilities[] = ["CAP_MKNOD"]'
	program 'mknod /dev/new c 120 0 && cat /dev/new 2>&1; true'
	run_container
	succeeds
	has "$output" 'Operation not permitted'
}

@test "device rules decide: cgroups hybrid" { # config-linux.md § Allowed Device list
	view hybrid
	rules_decide
}

@test "device rules decide: cgroups v1" {
	view v1
	rules_decide
}

@test "device rules decide: cgroups v2" {
	view v2
	rules_decide
}

@test "no device rules deny all but the default devices: cgroups hybrid" { # GHSA-g54h-m393-cpwq
	view hybrid
	no_rules_deny
}

@test "no device rules deny all but the default devices: cgroups v1" { # GHSA-g54h-m393-cpwq
	view v1
	no_rules_deny
}

@test "no device rules deny all but the default devices: cgroups v2" { # GHSA-g54h-m393-cpwq
	view v2
	no_rules_deny
}
