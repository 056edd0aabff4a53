#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers: the ways in which images, engines and the host's settings ask for GPUs, as with NVIDIA's own tools.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() { nvidia_setup; }
teardown() { container_teardown; }

# bus_id_of MINOR: domain:bus:device.function, as in procfs.
bus_id_of() {
	basename "$(dirname "$(grep -l "^Device Minor:[[:space:]]*$1\$" "$DRIVER"/proc/driver/nvidia/gpus/*/information)")"
}

@test "nvidia requests: by PCI bus id, and by the beginning of a UUID" {
	program_args nvidia-smi -L
	smi_with 2 --gpus "$(bus_id_of 2)"
	smi_with 2 --gpus "0000$(bus_id_of 2)"
	smi_with 2 --gpus "$(bus_id_of 2 | cut -d: -f2-)"
	smi_with '0 2' --gpus "$(bus_id_of 2),0,$(bus_id_of 0)"
	env_add "NVIDIA_VISIBLE_DEVICES=$(uuid_of 2 | cut -c-12)"
	smi_with 2
	run_container --gpus "$(bus_id_of 1)"
	fails_with "--gpus $(bus_id_of 1): no such GPU"
}
