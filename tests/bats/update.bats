#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# update: limits of a container that runs.
# bats file_tags=update,cgroups,root
# shellcheck disable=SC2016,SC2154  # backquotes are of messages; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# Tests that need the limits of v1: that is how the machine of the project has them.
run_limited() {
	local controller

	view "$1"
	for controller in memory cpu cpuset pids; do
		in_view test -e "/sys/fs/cgroup/$controller/cgroup.procs" || skip "needs v1 cgroup controller $controller"
	done
	config_edit '.linux.resources += {
		memory: { limit: 33554432, reservation: 16777216, swap: 67108864 },
		cpu: { shares: 512, quota: 20000, period: 100000, cpus: "0" },
		pids: { limit: 20 } }'
	program_args sleep 1000
	run_container --detach
	succeeds
}

file_of() {
	in_view cat "/sys/fs/cgroup/${1%%.*}/nvcrun-$CTR/$1"
}

# limits MEMORY MEMORY+SWAP RESERVATION SHARES QUOTA PERIOD CPUS PIDS
limits() {
	local file files=(memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes
		cpu.shares cpu.cfs_quota_us cpu.cfs_period_us cpuset.cpus pids.max)

	for file in "${files[@]}"; do
		is "$file: $(file_of "$file")" "$file: $1"
		shift
	done
}

update() {
	capture nvcrun update "$@" "$CTR" </dev/null
}

changed_one_by_one() {
	run_limited "$1"
	limits 33554432 67108864 16777216 512 20000 100000 0 20
	update --pids-limit 30
	succeeds
	is "$output" ''
	limits 33554432 67108864 16777216 512 20000 100000 0 30
	update --memory-reservation 8M
	succeeds
	limits 33554432 67108864 8388608 512 20000 100000 0 30
	update --cpu-share 256
	succeeds
	limits 33554432 67108864 8388608 256 20000 100000 0 30
	update --cpu-quota 40000
	succeeds
	limits 33554432 67108864 8388608 256 40000 100000 0 30
	update --cpu-period 50000
	succeeds
	limits 33554432 67108864 8388608 256 40000 50000 0 30
	update --cpu-quota -1 --pids-limit -1
	succeeds
	limits 33554432 67108864 8388608 256 -1 50000 0 max
	update --cpuset-cpus 0 --cpuset-mems 0
	succeeds
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "update: each option changes its limit and no other: hybrid" {
	changed_one_by_one hybrid
}

@test "update: each option changes its limit and no other: v1" {
	changed_one_by_one v1
}

@test "update: burst, idle, realtime and disk weight" {
	local rows=(
		'--cpu-burst 10000 cpu.cfs_burst_us' '--cpu-rt-period 900000 cpu.rt_period_us'
		'--cpu-rt-runtime 1000 cpu.rt_runtime_us' '--blkio-weight 300 blkio.bfq.weight' '--cpu-idle 1 cpu.idle'
	) option value file tried=0

	run_limited hybrid
	for row in "${rows[@]}"; do
		read -r option value file <<<"$row"
		in_view test -e "/sys/fs/cgroup/${file%%.*}/nvcrun-$CTR/$file" || continue
		# Its share of the machine's: a cgroup that has none cannot give any.
		[ "$option" != --cpu-rt-runtime ] || [ "$(in_view cat "/sys/fs/cgroup/cpu/$file")" != 0 ] || continue
		[ "$(file_of "$file")" != "$value" ]
		update "$option" "$value"
		succeeds
		is "$file: $(file_of "$file")" "$file: $value"
		tried=$((tried + 1))
	done
	# Kernels are built with some of them, or all.
	[ "$tried" -ge 1 ]
	update --cpu-idle 2
	fails_with 'option `--cpu-idle` takes 0 or 1, not `2`'
	update --blkio-weight many
	fails_with 'option `--blkio-weight` takes a number, not `many`'
	nvcrun delete --force "$CTR"
	no_leftovers
}

@test "update: memory and swap grow and shrink together" {
	run_limited hybrid
	update --memory 128M --memory-swap 256M
	succeeds
	is "$(file_of memory.limit_in_bytes) $(file_of memory.memsw.limit_in_bytes)" '134217728 268435456'
	update --memory 16M --memory-swap 24m
	succeeds
	is "$(file_of memory.limit_in_bytes) $(file_of memory.memsw.limit_in_bytes)" '16777216 25165824'
	update --memory-swap 1g
	succeeds
	is "$(file_of memory.limit_in_bytes) $(file_of memory.memsw.limit_in_bytes)" '16777216 1073741824'
	update --memory 65536k
	succeeds
	is "$(file_of memory.limit_in_bytes) $(file_of memory.memsw.limit_in_bytes)" '67108864 1073741824'
	update --memory -1
	succeeds
	[ "$(file_of memory.limit_in_bytes)" -gt 1000000000000 ]
	[ "$(file_of memory.memsw.limit_in_bytes)" -gt 1000000000000 ]
}

@test "update: resources as JSON from a file and from standard input" {
	run_limited hybrid
	# What docker sends: everything, zero where it is not meant.
	echo '{"blockIO": {"weight": 0}, "cpu": {"shares": 0, "cpus": "", "mems": ""},
		"memory": {"limit": 50331648, "reservation": 0, "swap": 100663296, "kernel": 0},
		"pids": {"limit": 44}}' >"$BATS_TEST_TMPDIR/resources"
	update --resources "$BATS_TEST_TMPDIR/resources" --pids-limit 9
	succeeds
	limits 50331648 100663296 16777216 512 20000 100000 0 44
	capture nvcrun update -r - "$CTR" <<<'{"cpu": {"quota": 30000}}'
	succeeds
	limits 50331648 100663296 16777216 512 30000 100000 0 44
}

# GPU plug-ins that changed devices by themselves are not undone.
@test "update: devices in the JSON are left alone" {
	run_limited hybrid
	file_of devices.list >"$BATS_TEST_TMPDIR/devices"
	capture nvcrun update -r - "$CTR" <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
	succeeds
	is "$(file_of devices.list)" "$(<"$BATS_TEST_TMPDIR/devices")"
}

@test "update: after a failure the old limits are there again" {
	run_limited hybrid
	update --memory 128M --memory-swap 256M --cpu-share 99 --cpu-quota 50000 --pids-limit 30 --cpuset-cpus 4000
	fails_with linux.resources.cpu.cpus 4000 /sys/fs/cgroup/cpuset/
	limits 33554432 67108864 16777216 512 20000 100000 0 20
	update --memory 128M --memory-swap 64M
	fails_with 'memory+swap limit should be >= memory limit'
	limits 33554432 67108864 16777216 512 20000 100000 0 20
}

@test "update: values and documents that make no sense" {
	run_limited hybrid
	update --memory lots
	fails_with "option \`--memory\`" '512M' "\`lots\`"
	update --cpu-quota 1s
	fails_with "option \`--cpu-quota\`" "\`1s\`"
	update --pids-limit -2
	fails_with "option \`--pids-limit\`" "\`-2\`"
	update --resources "$BATS_TEST_TMPDIR/none"
	fails_with "--resources: read $BATS_TEST_TMPDIR/none: no such file or directory"
	capture nvcrun update --resources - "$CTR" <<<'{"memory": {"limit": "1M"}}'
	fails_with 'standard input:1: memory.limit: expected an integer, got a string'
	capture nvcrun update --resources - "$CTR" <<<'{'
	fails_with 'standard input:'
	limits 33554432 67108864 16777216 512 20000 100000 0 20
}

@test "update: checkBeforeUpdate refuses a limit below the usage" { # config-linux.md § Memory
	run_limited hybrid
	capture nvcrun update -r - "$CTR" <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	fails_with 'rejecting memory limit 4096 <= usage'
	capture nvcrun update -r - "$CTR" <<<'{"memory": {"swap": 33554432, "checkBeforeUpdate": true}}'
	succeeds
	nvcrun delete --force "$CTR"
	config_edit '.linux.resources.memory.checkBeforeUpdate = true'
	run_container --detach
	succeeds
	update --memory 4k
	fails_with 'rejecting memory limit 4096 <= usage'
	is "$(file_of memory.limit_in_bytes)" 33554432
}

@test "update: containers in the wrong state" {
	capture nvcrun update --pids-limit 5 "$CTR"
	fails_with "container does not exist: $CTR"
	program_args true
	create_container
	succeeds
	nvcrun start "$CTR"
	wait_for has_status stopped
	capture nvcrun update --pids-limit 5 "$CTR"
	fails_with 'container not running'
}

@test "update: a controller that the host lacks is named" {
	view v2
	! in_view grep -qw pids /sys/fs/cgroup/cgroup.controllers || skip 'needs a v2 hierarchy without controllers'
	program_args sleep 1000
	run_container --detach
	succeeds
	update --pids-limit 5
	fails_with linux.resources.pids.limit 'cgroup controller pids is not available' /sys/fs/cgroup/cgroup.controllers
	update --pids-limit -1
	succeeds
}
