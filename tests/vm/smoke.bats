#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What needs a whole machine: real limits on cgroup v2, systemd as cgroup manager, AppArmor, and a process
# with all capabilities.
# bats file_tags=vm,root,systemd
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load ../bats/helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# manager cgroupfs|systemd: who makes the cgroups of this test.
manager() {
	NVCRUN_OPTIONS+=(--cgroup-manager "$1")
}

# start_container [OPTION...]: one that stays.
start_container() {
	program_args sleep 1000
	run_container --detach "$@"
	succeeds
	DIR=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")
}

# delete_container: nothing of it may be left.
delete_container() {
	capture nvcrun delete --force "$CTR"
	succeeds
	nothing_left
}

nothing_left() {
	no_leftovers
	is "$(systemctl list-units --all --plain --no-legend "*$CTR*")" ''
}

# files_are FILE=TEXT...: of the container's cgroup.
files_are() {
	local pair

	for pair; do
		is "${pair%%=*}=$(cat "$DIR/${pair%%=*}")" "$pair"
	done
}

# properties_are NAME=TEXT...: of the container's unit.
properties_are() {
	local pair

	for pair; do
		is "$(systemctl show "${DIR##*/}" --property "${pair%%=*}")" "$pair"
	done
}

set_limits() {
	config_edit '.linux.resources += {
		memory: { limit: 67108864, swap: 67108864, reservation: 33554432 }, pids: { limit: 30 },
		cpu: { quota: 50000, period: 100000, shares: 512, cpus: "0" } }'
}

limits_are_set() {
	files_are memory.max=67108864 memory.swap.max=0 memory.low=33554432 pids.max=30 \
		'cpu.max=50000 100000' cpu.weight=59 cpuset.cpus.effective=0
}

update_some() {
	nvcrun update --memory 96M --memory-swap 96M --pids-limit 40 --cpu-quota 20000 "$CTR"
}

some_are_updated() {
	files_are memory.max=100663296 memory.swap.max=0 memory.low=33554432 pids.max=40 \
		'cpu.max=20000 100000' cpu.weight=59 cpuset.cpus.effective=0
}

program_over_its_memory() {
	config_edit '.linux.resources.memory = { limit: 16777216 }'
	program 'echo small; exec dd if=/dev/zero of=/dev/null bs=64M count=1'
	run_container
	is "$status" 137
	is "$output" small
	nothing_left
}

program_over_its_pids() {
	config_edit '.linux.resources.pids.limit = 6'
	program 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; echo all'
	run_container
	[ "$status" -ne 0 ] || fail 'nine processes where five are allowed'
	has "$stderr" "can't fork"
	nothing_left
}

# A device without a driver says ENXIO when the rules let it pass, EPERM when they do not.
rules_decide() {
	capture nvcrun exec "$CTR" sh -c 'cat /dev/gpu; cat /dev/other'
	is "$(awk -F ': ' '{ print $NF }' <<<"$stderr")" 'No such device or address
Operation not permitted'
}

one_of_two_devices() {
	config_edit '.linux.devices += [{ path: "/dev/gpu", type: "c", major: 195, minor: 0 },
			{ path: "/dev/other", type: "c", major: 195, minor: 1 }]
		| .linux.resources.devices += [{ allow: true, type: "c", major: 195, minor: 0, access: "rw" }]'
	start_container
	rules_decide
}

from_create_to_delete() {
	program 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done'
	nvcrun create --bundle "$BUNDLE" "$CTR" </dev/null >"$BATS_TEST_TMPDIR/said" 2>&1 3>&-
	has_status created
	is "$(cat "$BATS_TEST_TMPDIR/said")" ''
	nvcrun start "$CTR"
	wait_for grep -qx started "$BATS_TEST_TMPDIR/said"
	has_status running
	capture nvcrun exec "$CTR" sh -c 'cat /proc/1/comm; exit 5' </dev/null
	is "$status $output" '5 sh'
	nvcrun kill "$CTR" TERM
	wait_for has_status stopped
	nvcrun delete "$CTR"
	nothing_left
}

@test "limits are in the files: cgroupfs" {
	manager cgroupfs
	set_limits
	start_container
	limits_are_set
	delete_container
}

@test "limits are in the files and properties: systemd" {
	manager systemd
	set_limits
	start_container
	is "${DIR#/sys/fs/cgroup}" "/system.slice/nvcrun-$CTR.scope"
	limits_are_set
	properties_are ActiveState=active Slice=system.slice MemoryMax=67108864 MemorySwapMax=0 \
		MemoryLow=33554432 TasksMax=30 CPUQuotaPerSecUSec=500ms CPUWeight=59 AllowedCPUs=0
	systemctl daemon-reload
	limits_are_set
	delete_container
}

@test "update changes what it is told to, and nothing else: cgroupfs" {
	manager cgroupfs
	set_limits
	start_container
	update_some
	some_are_updated
	delete_container
}

@test "update changes files and properties, also for the time after daemon-reload: systemd" {
	manager systemd
	set_limits
	start_container
	update_some
	some_are_updated
	properties_are MemoryMax=100663296 TasksMax=40 CPUQuotaPerSecUSec=200ms
	systemctl daemon-reload
	some_are_updated
	delete_container
}

@test "more memory than the limit is killed: cgroupfs" {
	manager cgroupfs
	program_over_its_memory
}

@test "more memory than the limit is killed: systemd" {
	manager systemd
	program_over_its_memory
}

@test "more processes than the limit are refused: cgroupfs" {
	manager cgroupfs
	program_over_its_pids
}

@test "more processes than the limit are refused: systemd" {
	manager systemd
	program_over_its_pids
}

@test "a device is allowed, its neighbour is not: cgroupfs" {
	manager cgroupfs
	one_of_two_devices
	delete_container
}

@test "a device is allowed, its neighbour is not, also after daemon-reload: systemd" {
	manager systemd
	one_of_two_devices
	systemctl daemon-reload
	rules_decide
	systemctl set-property --runtime "${DIR##*/}" TasksMax=100
	rules_decide
	delete_container
}

@test "the GPU is there after daemon-reload: systemd" {
	manager systemd
	"$TREE/tests/fixtures/make-driver-root" "$BATS_TEST_TMPDIR/driver"
	NVCRUN_OPTIONS+=(--settings "$BATS_TEST_TMPDIR/driver/nvcrun.toml")
	start_container --gpus all
	capture nvcrun exec "$CTR" nvidia-smi -L
	succeeds
	has "$output" 'GPU 0: NVIDIA H200'
	systemctl daemon-reload
	capture nvcrun exec "$CTR" nvidia-smi -L
	succeeds
	has "$output" 'GPU 0: NVIDIA H200'
	delete_container
}

@test "create, start, exec, kill, delete: cgroupfs" {
	manager cgroupfs
	from_create_to_delete
}

@test "create, start, exec, kill, delete: systemd" {
	manager systemd
	from_create_to_delete
}

@test "masked directories are empty and read-only, masked files too" { # kernels before 6.15 copy no detached mount
	local paths

	mapfile -t paths < <(jq -r '.linux.maskedPaths[]' "$BUNDLE/config.json")
	config_edit '.process.args = ["sh", "-c", $ARGS.positional[0], "-"] + $ARGS.positional[1:]' --args -- '
		for path; do
			if [ -d $path ]; then
				echo directory: $(ls -A $path)
				! mkdir $path/new 2>/dev/null || echo "wrote to $path"
			elif [ -e $path ]; then
				echo file: $(cat $path)
			fi
		done' "${paths[@]}"
	run_container
	succeeds
	is "$(sort -u <<<"$output")" 'directory:
file:'
	[ "$(grep -c directory <<<"$output")" -ge 2 ] || fail 'only a second directory shows a wrong copy' "$output"
	nothing_left
}

@test "a limit of the process above that of the runtime" { # config.md § POSIX process: rlimits
	[ "$(ulimit -Hn)" -lt 600000 ] || fail "too many to start with: $(ulimit -Hn)"
	config_edit '.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 550000, hard: 600000 }]'
	program 'ulimit -Sn; ulimit -Hn'
	run_container
	succeeds
	is "$output" '550000
600000'
	nothing_left
}

apparmor_is() {
	config_edit --arg profile "$1" '.process.apparmorProfile = $profile'
	program 'cat /proc/self/attr/apparmor/current; cat /secret'
	echo readable >"$BUNDLE/rootfs/secret"
	run_container
}

@test "AppArmor: unconfined" { # config.md § Linux Process: apparmorProfile
	apparmor_is unconfined
	succeeds
	is "$output" 'unconfined
readable'
}

@test "AppArmor: a profile confines the program and what it starts" {
	apparmor_parser --replace --skip-cache <<-END
		profile nvcrun-vm flags=(attach_disconnected) {
			file,
			capability,
			deny /secret r,
		}
	END
	apparmor_is nvcrun-vm
	is "$status $output" '1 nvcrun-vm (enforce)'
	has "$stderr" /secret 'Permission denied'
	nothing_left
}

@test "AppArmor: a profile that is not loaded is named" {
	apparmor_is nvcrun-none
	fails_with 'apparmor profile "nvcrun-none" not found'
	nothing_left
}
