#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# MIG devices: exactly the nodes and procfs files of the chosen instances. The fake driver's second GPU (minor 2) is
# partitioned: 1:0 is gi1/ci0, 1:1 is gi1/ci1, 1:2 is gi2/ci0. The minors of their nodes:
#
#	gi1 282, gi1/ci0 283, gi1/ci1 284, gi2 291, gi2/ci0 292
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup_file() {
	"$BATS_TEST_DIRNAME/../fixtures/make-driver-root" "$BATS_FILE_TMPDIR/driver" --gpus 2 --mig
	# For nobody, as whom NVML runs.
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR"
}

setup() {
	DRIVER=$BATS_FILE_TMPDIR/driver
	nvidia_setup
}

teardown() { container_teardown; }

caps='stat -c "%n %t:%T %a" /dev/nvidia-caps/*'

# gets NODES RUN-OPTION...: the GPUs' and the capabilities' nodes in the container.
gets() {
	local expected=$1

	program 'cd /dev; for node in nvidia[0-9]* nvidia-caps/*; do [ ! -e $node ] || echo ${node##*/nvidia-}; done'
	run_container "${@:2}"
	succeeds
	is "$(xargs <<<"$output")" "$expected"
}

@test "nvidia mig: a device is the GPU's node and those of its instances, no other" {
	gets 'nvidia2 cap282 cap283' --gpus 1:0
	gets 'nvidia2 cap282 cap284' --gpus 1:1
	gets 'nvidia2 cap291 cap292' --gpus 1:2
	gets 'nvidia2 cap282 cap283 cap291 cap292' --gpus 1:2,1:0,1:2
	gets 'nvidia0 nvidia2 cap282 cap284' --gpus 0,1:1
	gets 'nvidia2 cap291 cap292' --gpus "MIG-$(uuid_of 2)/2/0"
	env_add NVIDIA_VISIBLE_DEVICES=1:1
	gets 'nvidia2 cap282 cap284'
	program "$caps"
	run_container
	is "$output" "$(printf '%s\n' '/dev/nvidia-caps/nvidia-cap282 1fe:11a 444' \
		'/dev/nvidia-caps/nvidia-cap284 1fe:11c 444')"
	no_leftovers
}

# mig_uuid GI CI: what the fake NVML says.
mig_uuid() {
	awk -v gi="$1" -v ci="$2" '$2 == gi && $3 == ci { print $4 }' "$DRIVER/mig-uuids"
}

# nvml_that STATEMENTS: a driver of the test's own, whose NVML does this when it is initialised.
nvml_that() {
	[ "$DRIVER" = "$BATS_TEST_TMPDIR/driver" ] || own_driver
	chmod 0711 "$BATS_TEST_TMPDIR"
	sed -i '/^nvml-timeout/d; s/^driver-root/nvml-timeout = 1\n&/' "$DRIVER/nvcrun.toml"
	echo '#define FIXTURE_NVML { 0, 0, 0, 0, 0 }' >"$BATS_TEST_TMPDIR/nvml_fixture.h"
	gcc -shared -fPIC -include unistd.h -include stdlib.h "-DNVML_INIT=$1" -I "$BATS_TEST_TMPDIR" \
		-o "$driver_libraries/libnvidia-ml.so.$version" "$BATS_TEST_DIRNAME/../fixtures/nvml.c"
}

# Run a container of a MIG device by UUID; sets probe: the process of nvml-probe, still at work. `nvcrun_ended` waits.
start_asking() {
	# Reads nothing and writes to files: bats waits for its own descriptors.
	nvcrun run --bundle "$BUNDLE" --gpus "$(mig_uuid 1 0)" "$CTR" \
		</dev/null >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	asking=$!
	wait_for pgrep -f "/nvml-probe $DRIVER/" >/dev/null
	probe=$(pgrep -f "/nvml-probe $DRIVER/")
	wait_for grep -q libnvidia-ml "/proc/$probe/maps"
}

nvcrun_ended() {
	status=0
	wait "$asking" || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/stderr") output=$(cat "$BATS_TEST_TMPDIR/stdout")
}

@test "nvidia mig: a device by its UUID, or the beginning of it" {
	gets 'nvidia2 cap282 cap283' --gpus "$(mig_uuid 1 0)"
	gets 'nvidia2 cap282 cap284' --gpus "$(mig_uuid 1 1)"
	gets 'nvidia2 cap291 cap292' --gpus "$(mig_uuid 2 0 | cut -c1-8)"
	gets 'nvidia0 nvidia2 cap282 cap283 cap291 cap292' --gpus "0,$(mig_uuid 2 0),$(mig_uuid 1 0),1:2"
	gets 'nvidia2 cap282 cap284' --gpus "MIG-$(mig_uuid 1 1 | cut -c5- | tr a-f A-F)"
	# As Kubernetes' device plugin asks.
	env_add "NVIDIA_VISIBLE_DEVICES=$(mig_uuid 1 1)"
	gets 'nvidia2 cap282 cap284'
	no_leftovers
}

@test "nvidia mig: UUIDs that mean no device, or more than one" {
	run_container --gpus MIG-0a1b2c3d
	fails_with '--gpus MIG-0a1b2c3d: no such MIG device' "1:2 = gi2/ci0 = $(mig_uuid 2 0))"
	own_driver
	chmod 0711 "$BATS_TEST_TMPDIR"
	cp "$driver_libraries/libnvidia-ml.so.$version" "$BATS_TEST_TMPDIR/library"
	# The second one starts like the first.
	sed -i "s/$(mig_uuid 1 1)/$(mig_uuid 1 0 | cut -c1-8)$(mig_uuid 1 1 | cut -c9-)/" "$driver_libraries/libnvidia-ml.so.$version"
	run_container --gpus "$(mig_uuid 1 0 | cut -c1-8)"
	fails_with 'more than one MIG device starts so' "1:0 = gi1/ci0 = $(mig_uuid 1 0)"
	gets 'nvidia2 cap282 cap283' --gpus "$(mig_uuid 1 0)"
	# An instance that NVML does not show, and one that only NVML shows.
	cp "$BATS_TEST_TMPDIR/library" "$driver_libraries/libnvidia-ml.so.$version"
	mv "$DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi2" "$DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi3"
	run_container --gpus "$(mig_uuid 2 0)"
	fails_with 'no such MIG device' '1:2 = gi3/ci0)'
	rm -r "$DRIVER/proc/driver/nvidia/capabilities"
	run_container --gpus "$(mig_uuid 1 0)"
	fails_with 'no such MIG device (have none)'
	no_leftovers
}

@test "nvidia mig: NVML that is missing or fails is an error; who needs no UUID does not notice" {
	nvml_that 'return 3'
	run_container --gpus "$(mig_uuid 1 0)"
	fails_with "--gpus $(mig_uuid 1 0): " /nvml-probe 'nvmlInit_v2: Not Supported'
	gets 'nvidia2 cap282 cap283' --gpus 1:0
	nvml_that 'abort()'
	run_container --gpus "$(mig_uuid 1 0)"
	fails_with '/nvml-probe: killed by signal 6'
	cp "$driver_libraries/libnvidia-cfg.so.$version" "$driver_libraries/libnvidia-ml.so.$version"
	run_container --gpus "$(mig_uuid 1 0)"
	fails_with 'undefined symbol: nvmlInit_v2'
	rm "$driver_libraries/libnvidia-ml.so.$version"
	run_container --gpus "$(mig_uuid 1 0)"
	fails_with "the driver has no libnvidia-ml.so.$version"
	no_leftovers
}

@test "nvidia mig: NVML has no rights, no environment and no descriptors, and is given up when it hangs" {
	nvml_that 'for (;;) pause()'
	CANARY=1 start_asking
	is "$(sed -n 's/^Uid:\t//p; s/^Gid:\t//p; s/^CapEff:\t//p; s/^CapPrm:\t//p; s/^NoNewPrivs:\t//p' "/proc/$probe/status" |
		xargs)" '65534 65534 65534 65534 65534 65534 65534 65534 0000000000000000 0000000000000000 1'
	is "$(tr '\0' '\n' <"/proc/$probe/environ")" ''
	is "$(find "/proc/$probe/fd" -type l -printf "%f\n" | sort | xargs)" '0 1 2'
	is "$(readlink "/proc/$probe/cwd" "/proc/$probe/fd/0" | xargs)" '/ /dev/null'
	[ "$(readlink "/proc/$probe/ns/net")" != "$(readlink /proc/self/ns/net)" ]
	nvcrun_ended
	fails_with "--gpus $(mig_uuid 1 0): NVML hangs" nvidia-smi nvml-timeout 'did not answer within 1000 ms'
	[ ! -e "/proc/$probe" ]
	# Nobody else waits for it.
	gets 'nvidia2 cap282 cap283' --gpus 1:0
	sed -i 's/^nvml-timeout = .*/nvml-timeout = 0/' "$DRIVER/nvcrun.toml"
	run_container --gpus 1:0
	fails_with nvcrun.toml:3: nvidia.nvml-timeout 'out of range (1 to 3600)'
	no_leftovers
}

thaw() {
	in_view sh -c "echo THAWED >$freezer/freezer.state"
	wait_for test ! -e "/proc/$probe"
}

@test "nvidia mig: an NVML that cannot even be killed is given up, too" {
	# As in a call of the driver that does not return: v1's freezer keeps a process from dying.
	view v1
	freezer=/sys/fs/cgroup/freezer/$CTR
	nvml_that 'for (;;) pause()'
	in_view mkdir "$freezer"
	start_asking
	in_view sh -c "echo $probe >$freezer/cgroup.procs && echo FROZEN >$freezer/freezer.state"
	nvcrun_ended
	thaw
	in_view rmdir "$freezer"
	fails_with 'NVML hangs' 'did not answer within 1000 ms' "process $probe, which hangs in the kernel, cannot be killed"
	no_leftovers
}

@test "nvidia mig: all is every GPU and every MIG device; a GPU alone is none of them" {
	gets 'nvidia0 nvidia2 cap282 cap283 cap284 cap291 cap292' --gpus all
	gets 'nvidia0 nvidia2' --gpus 0,1
	gets 'nvidia2' --gpus 1
	gets 'nvidia0 nvidia2' --gpus count=2
	gets '' --gpus none
}

@test "nvidia mig: DRM nodes are those of whole GPUs" {
	env_add NVIDIA_DRIVER_CAPABILITIES=graphics
	program 'cd /dev/dri && echo *'
	run_container --gpus 0,1:0
	succeeds
	is "$output" 'by-path card0 renderD128'
}

# In the view of cgroups $1.
only_the_chosen_opens() {
	view "$1"
	config_edit '.mounts |= map(select(.type != "cgroup"))'
	capability_add CAP_MKNOD
	program 'cd /dev && mknod other c 510 284 && mknod config c 510 1 &&
		for node in nvidia-caps/nvidia-cap282 nvidia-caps/nvidia-cap283 nvidia2 other config; do (: <$node) done'
	run_container --gpus 1:0
	has "$stderr" "can't open nvidia-caps/nvidia-cap282: No such device or address" \
		"can't open nvidia-caps/nvidia-cap283: No such device or address" \
		"can't open nvidia2: No such device or address" \
		"can't open other: Operation not permitted" \
		"can't open config: Operation not permitted"
	no_leftovers
}

@test "nvidia mig: cgroup v1: another instance's node can be made, but not opened" { only_the_chosen_opens v1; }

@test "nvidia mig: cgroup v2: another instance's node can be made, but not opened" { only_the_chosen_opens v2; }

@test "nvidia mig: procfs shows the chosen instances only" {
	covered() {
		capture "$HELPERS/cover_proc" "$DRIVER/nvcrun.toml" "$1" /proc/tty sh -c "cd /proc/tty; $2"
		is "$status" 0
	}

	covered 1:1 'find capabilities gpus -type f | sort'
	is "$(grep capabilities <<<"$output")" "$(printf 'capabilities/gpu2/mig/gi1/%s\n' access ci1/access)"
	has_not "$output" '0000:06:00.0'
	covered 1:1 'cat capabilities/gpu2/mig/gi1/ci1/access; stat -c %a capabilities/gpu2/mig/gi1/ci1/access'
	is "$output" "$(cat "$DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi1/ci1/access"; echo 444)"
	covered 1:1 'for file in new capabilities/new capabilities/gpu2/mig/gi1/access; do echo x >$file; done; true'
	is "$(grep -c 'Read-only file system' <<<"$stderr")" 3
	covered 1 'ls'
	has_not "$output" capabilities
	# The same where the mount calls of newer kernels are missing.
	capture "$HELPERS/degrade" fsopen,open_tree,move_mount,mount_setattr,openat2 "$HELPERS/cover_proc" \
		"$DRIVER/nvcrun.toml" 1:2 /proc/tty find /proc/tty/capabilities -type f
	is "$(sort <<<"$output")" "$(printf '/proc/tty/capabilities/gpu2/mig/gi2/%s\n' access ci0/access)"
}

@test "nvidia mig: nodes that the host lacks are made; wrong ones are refused" {
	own_driver
	rm "$DRIVER/dev/nvidia-caps/nvidia-cap283"
	program "$caps"
	run_container --gpus 1:0
	succeeds
	has "$output" '/dev/nvidia-caps/nvidia-cap283 1fe:11b 444'
	mknod "$DRIVER/dev/nvidia-caps/nvidia-cap283" c 510 284
	run_container --gpus 1:0
	fails_with '--gpus 1:0' "$DRIVER/dev/nvidia-caps/nvidia-cap283: expected device 510:283, found 510:284" \
		'`nvidia-modprobe -f '
	rm -r "$DRIVER/dev/nvidia-caps"
	run_container --gpus 1:0
	succeeds
	sed -i /nvidia-caps$/d "$DRIVER/proc/devices"
	run_container --gpus 1:0
	fails_with 'no character device `nvidia-caps`' "$DRIVER/proc/devices"
	no_leftovers
}

@test "nvidia mig: in a user namespace the host's nodes are bound, and must be there" {
	own_driver
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_FILE_TMPDIR"
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	gets 'nvidia2 cap291 cap292' --gpus 1:2
	rm "$DRIVER/dev/nvidia-caps/nvidia-cap292"
	run_container --gpus 1:2
	fails_with "mknod is not permitted, and the host has no $DRIVER/dev/nvidia-caps/nvidia-cap292" \
		"\`nvidia-modprobe -f $DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi2/ci0/access\`"
	no_leftovers
}

@test "nvidia mig: what is not there is an error that lists what is" {
	local have='(have 1:0 = gi1/ci0, 1:1 = gi1/ci1, 1:2 = gi2/ci0)'

	run_container --gpus 1:3
	fails_with '--gpus 1:3: no such MIG device' "$have"
	run_container --gpus 0:0
	fails_with '--gpus 0:0: GPU 0 has no MIG devices' "$have"
	run_container --gpus "MIG-$(uuid_of 2)/1/2"
	fails_with 'no such MIG device' "$have"
	# The instance goes away.
	own_driver
	rm -r "$DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi2"
	run_container --gpus 1:2
	fails_with 'no such MIG device (have 1:0 = gi1/ci0, 1:1 = gi1/ci1)'
	rm -r "$DRIVER/proc/driver/nvidia/capabilities"
	run_container --gpus 1:0
	fails_with 'GPU 1 has no MIG devices (have none)'
	no_leftovers
}

@test "nvidia mig: numbers that contradict each other are an error" {
	own_driver
	sed -i 's,^gpu2/gi1/ci1/access .*,gpu2/gi1/ci1/access 7,' "$DRIVER/proc/driver/nvidia-caps/mig-minors"
	run_container --gpus 1:1
	fails_with 'gpu2/mig/gi1/ci1/access says minor 284' "$DRIVER/proc/driver/nvidia-caps/mig-minors 7"
	gets 'nvidia2 cap282 cap283' --gpus 1:0
	rm -r "$DRIVER/proc/driver/nvidia-caps"
	gets 'nvidia2 cap282 cap284' --gpus 1:1
	echo x >"$DRIVER/proc/driver/nvidia/capabilities/gpu2/mig/gi1/access"
	run_container --gpus 1:1
	fails_with 'gpu2/mig/gi1/access: expected lines `DeviceFileMinor:`'
	# Nobody else needs it.
	gets 'nvidia0 nvidia2' --gpus 0,1
}

@test "nvidia mig: plan and info show them" {
	capture nvcrun nvidia plan --bundle "$BUNDLE" --gpus 1:2
	succeeds
	is "$(jq -c '.gpus[].mig' "$BATS_TEST_TMPDIR/stdout")" '[{"id":"1:2","gi":2,"ci":0}]'
	is "$(jq -r '.devices[] | select(.major == 510) | "\(.minor) \(.reason)"' "$BATS_TEST_TMPDIR/stdout")" \
		"$(printf '%s\n' '291 MIG device 1:2' '292 MIG device 1:2')"
	capture nvcrun nvidia plan --text --bundle "$BUNDLE" --gpus 1:2
	has "$output" '1:2' 'gi2/ci0' 'MIG device 1:2'
	# Without any rights: NVML says the same to everybody.
	capture setpriv --reuid 1000 --regid 1000 --clear-groups "$NVCRUN" "${NVCRUN_OPTIONS[@]}" nvidia plan \
		--bundle "$BUNDLE" --gpus "$(mig_uuid 2 0)"
	succeeds
	# And as root of a user namespace that has one user only.
	capture unshare --user --map-root-user "$NVCRUN" "${NVCRUN_OPTIONS[@]}" nvidia plan --bundle "$BUNDLE" \
		--gpus "$(mig_uuid 2 0)"
	succeeds
	is "$(jq -c '.gpus[].mig' "$BATS_TEST_TMPDIR/stdout")" \
		"[{\"id\":\"1:2\",\"gi\":2,\"ci\":0,\"uuid\":\"$(mig_uuid 2 0)\"}]"
	capture nvcrun nvidia info --json
	is "$(jq -c '.gpus[1].mig' "$BATS_TEST_TMPDIR/stdout")" \
		'[{"number":0,"gi":1,"ci":0},{"number":1,"gi":1,"ci":1},{"number":2,"gi":2,"ci":0}]'
	is "$(jq -c '.problems' "$BATS_TEST_TMPDIR/stdout")" '[]'
	capture nvcrun nvidia info
	has "$output" '1:0' '1:1' '1:2' 'gi2/ci0'
}
