#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config.md, Linux Process: scheduler, ioPriority, execCPUAffinity, apparmorProfile, selinuxLabel;
# config-linux.md: Personality, Mount Label.
# bats file_tags=process,root
# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
# shellcheck disable=SC2034,SC2154  # helpers/common.bash reads and sets them
load helpers/common

setup() {
	container_setup
	program_args sleep 1000
}

teardown() {
	container_teardown
}

# The scheduling policy, a number, of the container's init: man 5 proc, /proc/pid/stat.
policy() {
	sed 's/.*) //' "/proc/$(pid_of)/stat" | cut -d ' ' -f 39
}

@test "scheduler: SCHED_BATCH with a nice value" {
	config_edit '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}'
	create_container
	succeeds
	is "$(policy)" 3
	is "$(sed 's/.*) //' "/proc/$(pid_of)/stat" | cut -d ' ' -f 17)" 7
	nvcrun start "$CTR"
	is "$(policy)" 3
}

@test "scheduler: SCHED_FIFO with a priority that children do not inherit" {
	# A new cgroup of v1's cpu controller has no real-time budget.
	view v2
	config_edit '.process.scheduler = {policy: "SCHED_FIFO", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	create_container
	succeeds
	is "$(policy)" 1
	is "$(sed 's/.*) //' "/proc/$(pid_of)/stat" | cut -d ' ' -f 38)" 3
}

@test "scheduler: SCHED_DEADLINE" {
	config_edit '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 100000000, period: 100000000}'
	create_container
	succeeds
	is "$(policy)" 6
}

@test "scheduler: what the policy does not have is refused" {
	config_edit '.process.scheduler = {policy: "SCHED_OTHER", nice: 20}'
	create_container
	fails_with 'process.scheduler: invalid scheduler.nice: 20'
	config_edit '.process.scheduler = {policy: "SCHED_OTHER", priority: 1}'
	create_container
	fails_with 'process.scheduler: scheduler.priority can only be specified for SCHED_FIFO or SCHED_RR policy'
	config_edit '.process.scheduler = {policy: "SCHED_FIFO", runtime: 1}'
	create_container
	fails_with 'scheduler runtime/deadline/period can only be specified for SCHED_DEADLINE policy'
	config_edit '.process.scheduler = {policy: "SCHED_ISO"}'
	create_container
	fails_with 'process.scheduler: sched_setattr: invalid argument'
	no_leftovers
}

@test "scheduler: I/O priority" {
	config_edit '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	create_container
	succeeds
	is "$(ionice -p "$(pid_of)")" 'best-effort: prio 6'
}

@test "scheduler: affinity is for exec, and checked at create" {
	config_edit '.process.execCPUAffinity = {initial: "0", final: "0-"}'
	create_container
	fails_with 'process.execCPUAffinity.final: `0-` is no list of CPUs such as 0-3,7'
	config_edit '.process.execCPUAffinity = {initial: "0"}'
	create_container
	succeeds
	is "$(grep Cpus_allowed_list "/proc/$(pid_of)/status")" "$(grep Cpus_allowed_list /proc/self/status)"
}

@test "scheduler: personality" {
	config_edit '.linux.personality = {domain: "LINUX32"}'
	program 'cat /proc/self/personality'
	run_container
	succeeds
	is "$output" 00000008
	config_edit '.linux.personality = {domain: "LINUX", flags: []}'
	run_container
	succeeds
	is "$output" 00000000
	config_edit '.linux.personality = {domain: "LINUX", flags: ["X"]}'
	run_container
	fails_with 'linux.personality.flags: not supported'
}

@test "lsm: an empty profile and empty labels ask for nothing" {
	config_edit '.process.apparmorProfile = "" | .process.selinuxLabel = "" | .linux.mountLabel = ""'
	program 'echo runs'
	run_container
	succeeds
	is "$output" runs
}

@test "lsm: a profile without AppArmor is refused" {
	[ ! -e /sys/module/apparmor/parameters/enabled ] || skip 'needs a kernel without AppArmor'
	config_edit '.process.apparmorProfile = "docker-default"'
	create_container
	fails_with 'process.apparmorProfile: `docker-default` is asked for, but AppArmor is not enabled on this host'
	no_leftovers
}

@test "lsm: labels without SELinux are refused" {
	[ ! -e /sys/fs/selinux/enforce ] || skip 'needs a kernel without SELinux'
	config_edit '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"'
	create_container
	fails_with 'process.selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported'
	config_edit 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
	create_container
	fails_with 'linux.mountLabel: selinux label is specified in config, but selinux is disabled'
	no_leftovers
}

@test "lsm: an unknown AppArmor profile is named" {
	grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null || skip 'needs AppArmor'
	config_edit '.process.apparmorProfile = "nvcrun-no-such-profile"'
	create_container
	fails_with '`/proc/self/attr/apparmor/exec`: apparmor profile "nvcrun-no-such-profile" not found'
	no_leftovers
}

@test "resources: what asks for nothing passes, as the engines write it" {
	# docker 20.10 without options
	config_edit '.linux.resources = {devices: [{allow: false, access: "rwm"}], memory: {disableOOMKiller: false},
		cpu: {shares: 0}, pids: {limit: -1}, blockIO: {weight: 0}}'
	program 'echo runs'
	run_container
	succeeds
	is "$output" runs
	# runc update, and zeros of every kind
	config_edit '.linux.resources = {memory: {limit: 0, reservation: 0, swap: 0, kernel: 0, kernelTCP: 0},
		cpu: {shares: 0, quota: 0, period: 0, burst: 0, realtimeRuntime: 0, realtimePeriod: 0, cpus: "", mems: ""},
		blockIO: {weight: 0, leafWeight: 0, weightDevice: [], throttleReadBpsDevice: null},
		network: {classID: 0, priorities: []}, hugepageLimits: [], rdma: {}, unified: {}}'
	run_container
	succeeds
	is "$output" runs
}

@test "resources: a swappiness of 0 is set, where the hierarchy can" { # config-linux.md § Memory
	config_edit '.linux.resources.memory.swappiness = 0'
	program 'cat /sys/fs/cgroup/memory/memory.swappiness'
	view v1
	run_container
	succeeds
	is "$output" 0
}
