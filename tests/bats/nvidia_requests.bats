#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers: the ways in which images, engines and the host's settings ask for GPUs, as with NVIDIA's own tools.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154  # each test is a subshell, with what setup and capture set

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

# own_settings LINE...: these keys for the table [nvidia].
own_settings() {
	own_driver
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/keys"
	sed -i "/^\[nvidia\]/r $BATS_TEST_TMPDIR/keys" "$DRIVER/nvcrun.toml"
}

# ask_by_mount ID...: as kubelets and engines do that do not trust variables.
ask_by_mount() {
	config_edit '.mounts += [$ARGS.positional[] | { source: "/dev/null", type: "bind", options: ["bind"],
		destination: ("/var/run/nvidia-container-devices/" + .) }]' --args -- "$@"
}

@test "nvidia requests: old CUDA images ask for all GPUs" {
	program_args nvidia-smi -L
	env_add CUDA_VERSION=8.0.61
	smi_with '0 2'
	smi_with 2 --gpus 1
	env_add NVIDIA_VISIBLE_DEVICES=0
	smi_with 0
}

@test "nvidia requests: new CUDA images without NVIDIA_VISIBLE_DEVICES ask for nothing" {
	program_args nvidia-smi -L
	env_add CUDA_VERSION=12.4.0 'NVIDIA_REQUIRE_CUDA=cuda>=12.4'
	run_container
	fails_with 'executable file not found'
}

@test "nvidia requests: mounts ask where the settings accept them, and are not mounted" {
	own_settings 'accept-nvidia-visible-devices-as-volume-mounts = true'
	program 'nvidia-smi -L; ! ls /var/run/nvidia-container-devices 2>/dev/null'
	ask_by_mount 1 "$(uuid_of 2)"
	env_add NVIDIA_VISIBLE_DEVICES=all
	smi_with 2
	ask_by_mount cdi/nvidia.com/gpu/0
	run_container
	fails_with 'cdi/nvidia.com/gpu/0: CDI names are not supported by this version'
}

@test "nvidia requests: without that setting such mounts are mounts" {
	program 'nvidia-smi -L; ls /var/run/nvidia-container-devices'
	ask_by_mount 1
	env_add NVIDIA_VISIBLE_DEVICES=0
	run_container
	succeeds
	is "$output" "$(listing 0; echo 1)"
}

@test "nvidia requests: variables of unprivileged containers may be ignored" {
	own_settings 'accept-nvidia-visible-devices-envvar-when-unprivileged = false'
	program 'ls /dev'
	env_add NVIDIA_VISIBLE_DEVICES=all
	run_container
	is "$status" 0
	has_not "$output" nvidia
	has "$stderr" 'NVIDIA_VISIBLE_DEVICES=all ignored: the container is not privileged'
	program_args nvidia-smi -L
	smi_with 0 --gpus 0
	capability_add CAP_SYS_ADMIN
	smi_with '0 2'
}

@test "nvidia requests: the settings of NVIDIA's tools count, ours win" {
	local nvidia=$BATS_TEST_TMPDIR/nvidia.toml

	cat >"$nvidia" <<-'END'
		disable-require = false
		swarm-resource = "DOCKER_RESOURCE_GPU"
		supported-driver-capabilities = "utility,compute"

		[nvidia-container-cli]
		environment = []
		load-kmods = true
	END
	own_settings "nvidia-config = \"$nvidia\""
	program_args nvidia-smi -L
	env_add NVIDIA_VISIBLE_DEVICES=all DOCKER_RESOURCE_GPU=1
	smi_with 2
	env_add NVIDIA_DRIVER_CAPABILITIES=utility,compute,ngx
	run_container
	fails_with 'unsupported capabilities found: ngx (supported-driver-capabilities: compute,utility)'

	sed -i '/^\[nvidia\]/a supported-driver-capabilities = "all"\nswarm-resource = ""' "$DRIVER/nvcrun.toml"
	run_container
	is "$output" "$(listing 0 2)"
}

@test "nvidia requests: NVIDIA's own hooks are not run, others are" {
	local hooks=$BATS_TEST_TMPDIR/hooks name

	mkdir "$hooks"
	for name in nvidia-container-runtime-hook nvidia-container-toolkit nvidia-cdi-hook other; do
		printf '#!/bin/sh\necho %s >>%s\n' "$name" "$hooks/ran" >"$hooks/$name"
		chmod +x "$hooks/$name"
	done
	printf 'exit 1\n' | tee -a "$hooks/nvidia-container-runtime-hook" >>"$hooks/nvidia-container-toolkit"
	config_edit --arg dir "$hooks" '.hooks = {
		prestart: [{ path: ($dir + "/nvidia-container-runtime-hook"), args: ["nvidia-container-runtime-hook", "prestart"] },
			{ path: ($dir + "/nvidia-container-toolkit") }, { path: ($dir + "/other") }],
		createContainer: [{ path: ($dir + "/nvidia-cdi-hook"), args: ["nvidia-cdi-hook", "update-ldcache"] }] }'
	program_args nvidia-smi -L
	env_add NVIDIA_VISIBLE_DEVICES=1
	smi_with 2
	is "$(cat "$hooks/ran")" "$(printf 'other\nnvidia-cdi-hook')"

	# `docker --gpus` with a count of 0.
	rm "$hooks/ran"
	program_args true
	env_add NVIDIA_VISIBLE_DEVICES=void
	run_container
	succeeds
	is "$(cat "$hooks/ran")" "$(printf 'other\nnvidia-cdi-hook')"
}

@test "nvidia requests: settings are read only for containers that may ask" {
	NVCRUN_OPTIONS=(--settings "$BATS_TEST_TMPDIR/absent.toml")
	program_args true
	env_add NVIDIA_DRIVER_CAPABILITIES=all
	run_container
	succeeds
	for variable in NVIDIA_VISIBLE_DEVICES=0 DOCKER_RESOURCE_GPU=0 CUDA_VERSION=8.0; do
		config_edit --arg old "$variable" '.process.env += [$old]'
		run_container
		fails_with 'open settings' absent.toml
		config_edit '.process.env |= .[:-1]'
	done
	ask_by_mount 0
	run_container
	fails_with 'open settings' absent.toml
}
