#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config-linux.md, Sysctl.
# bats file_tags=sysctl,root
# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
# shellcheck disable=SC2034,SC2154  # helpers/common.bash reads and sets them
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# sysctl NAME VALUE
sysctl() {
	config_edit --arg name "$1" --arg value "$2" '.linux.sysctl[$name] = $value'
}

@test "sysctl: values of each namespace are the container's, and the host keeps its own" {
	local before

	before=$(cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname)
	sysctl kernel.msgmax 12345
	sysctl kernel.sem '1 2 3 4'
	sysctl fs.mqueue.msg_max 17
	sysctl net.ipv4.ip_forward 1
	sysctl net/ipv4/ip_default_ttl 33
	sysctl kernel.domainname example.org
	program 'cd /proc/sys; cat kernel/msgmax kernel/sem fs/mqueue/msg_max net/ipv4/ip_forward net/ipv4/ip_default_ttl kernel/domainname'
	run_container
	succeeds
	is "$(tr -s '\t\n' '  ' <<<"$output")" '12345 1 2 3 4 17 1 33 example.org '
	is "$(cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/domainname)" "$before"
}

@test "sysctl: both separators, so that a name may have a dot in it" {
	sysctl net.ipv4.conf.lo.rp_filter 2
	sysctl net/ipv4/conf/lo/accept_local 1
	program 'cat /proc/sys/net/ipv4/conf/lo/rp_filter /proc/sys/net/ipv4/conf/lo/accept_local'
	run_container
	succeeds
	is "$(tr '\n' ' ' <<<"$output")" '2 1 '
}

@test "sysctl: they are written before /proc/sys becomes read-only" {
	sysctl kernel.shmmni 1234
	config_edit '.linux.readonlyPaths = ["/proc/sys"]'
	program 'cat /proc/sys/kernel/shmmni; echo 1 >/proc/sys/kernel/shmmni'
	run_container
	[ "$status" -ne 0 ]
	is "$output" 1234
	has "$stderr" 'Read-only file system'
}

@test "sysctl: what is no namespace's is refused" {
	local name

	for name in kernel.core_pattern vm.swappiness fs.file-max kernel/core_pattern kernel.msgmax.x user.max_user_namespaces; do
		config_edit 'del(.linux.sysctl)'
		sysctl "$name" 1
		create_container
		fails_with "sysctl \"$name\" is not in a separate kernel namespace"
	done
	config_edit 'del(.linux.sysctl)'
	sysctl kernel.hostname x
	create_container
	fails_with 'sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field'
	no_leftovers
}

@test "sysctl: a name that leads elsewhere is refused" {
	local name

	for name in net/../kernel/core_pattern net.//.kernel.core_pattern net/./x net//x /net/x net/ .net.x net ''; do
		config_edit 'del(.linux.sysctl)'
		sysctl "$name" 1
		create_container
		fails_with "\`$name\` is no name such as net.ipv4.ip_forward"
	done
	no_leftovers
}

@test "sysctl: those of a namespace that the container shares with the host are refused" {
	sysctl kernel.msgmax 1
	config_edit 'del(.linux.namespaces[] | select(.type == "ipc"))'
	create_container
	fails_with 'sysctl "kernel.msgmax" is not allowed in the hosts ipc namespace'
	config_edit 'del(.linux.sysctl)'
	sysctl net.ipv4.ip_forward 1
	config_edit 'del(.linux.namespaces[] | select(.type == "network"))'
	create_container
	fails_with 'sysctl "net.ipv4.ip_forward" not allowed in host network namespace'
	config_edit '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	create_container
	fails_with 'sysctl "net.ipv4.ip_forward" not allowed in host network namespace'
	no_leftovers
}

@test "sysctl: what the kernel does not take, or does not have, is named" {
	sysctl net.ipv4.ip_forward many
	create_container
	fails_with 'sysctl "net.ipv4.ip_forward": write `many`: invalid argument'
	config_edit 'del(.linux.sysctl)'
	sysctl net.ipv4.nosuch 1
	create_container
	fails_with 'sysctl "net.ipv4.nosuch": open /proc/sys/net/ipv4/nosuch: no such file or directory'
	no_leftovers
}

@test "sysctl: a /proc that is none is not written to" { # CVE-2025-52881
	sysctl net.ipv4.ip_forward 1
	config_edit '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$BUNDLE/rootfs/proc/sys/net/ipv4"
	echo untouched >"$BUNDLE/rootfs/proc/sys/net/ipv4/ip_forward"
	create_container
	fails_with '/proc is not the root of a proc file system'
	is "$(cat "$BUNDLE/rootfs/proc/sys/net/ipv4/ip_forward")" untouched
	no_leftovers
}

@test "sysctl: without openat2" {
	sysctl kernel.msgmax 12345
	program 'cat /proc/sys/kernel/msgmax'
	capture "$HELPERS/degrade" openat2 "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" </dev/null
	succeeds
	is "$output" 12345
}
