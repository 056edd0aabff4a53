#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A new user's first command, in a fresh copy of the tree.
# bats file_tags=vm,root
# shellcheck disable=SC2154  # $stderr: capture
load ../bats/helpers/common

@test "systemd is pid 1 and has started all; cgroup v2 has the controllers" {
	local controllers name

	is "$(cat /proc/1/comm)" systemd
	is "$(systemctl is-system-running)" running
	is "$(stat -f -c %T /sys/fs/cgroup)" cgroup2fs
	controllers=$(cat /sys/fs/cgroup/cgroup.controllers)
	for name in cpuset cpu io memory pids; do
		has " $controllers " " $name "
	done
}

@test "contrib/quickstart" {
	local begin=$SECONDS

	capture "$BATS_TEST_DIRNAME/../../contrib/quickstart" </dev/null
	echo "# it took $((SECONDS - begin)) s and said:" >&3
	sed 's/^/#   /' "$BATS_TEST_TMPDIR/stdout" >&3
	succeeds
	has "$output" 'without --gpus there is no nvidia-smi' 'with --gpus all, nvidia-smi -L says' 'GPU 0: NVIDIA H200'
}
