# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the suites of GPU containers share, on top of common.bash. The fake driver of setup_suite has two usable GPUs
# (index 0 is minor 0, index 1 is minor 2) and an excluded one (minor 1). Its nvidia-smi fails unless nodes, rules and
# libraries are right. An opened node answers ENXIO where the device rules allow it, because there is no driver, and
# EPERM where they do not.
# shellcheck disable=SC2016  # the dollars in single quotes are for jq
# shellcheck disable=SC2034,SC2154  # set and read by the suites and common.bash
# shellcheck source=tests/bats/helpers/common.bash
. "$BATS_TEST_DIRNAME/helpers/common.bash"

#	version, triplet	the fake driver's version; Debian's name of the architecture
#	libraries		where the driver's libraries are in a container
#	driver_libraries	and on the host
nvidia_setup() {
	container_setup
	NVCRUN_OPTIONS=(--settings "$DRIVER/nvcrun.toml")
	version=$(cat "$DRIVER/sys/module/nvidia/version")
	triplet=$(gcc -print-multiarch)
	libraries=/usr/lib/$triplet
	[ -e "$ROOTFS$libraries" ] || libraries=/usr/lib64
	driver_libraries=$(find "$DRIVER/usr" -name "libcuda.so.$version" ! -path '*/i386-linux-gnu/*' -printf %h)
}

# uuid_of MINOR: what the driver says in procfs.
uuid_of() {
	grep -l "^Device Minor:[[:space:]]*$1\$" "$DRIVER"/proc/driver/nvidia/gpus/*/information |
		xargs sed -n 's/^GPU UUID:[[:space:]]*//p'
}

# What nvidia-smi -L prints for the GPUs of these minors, in this order.
listing() {
	local index=0 minor

	for minor; do
		echo "GPU $((index++)): NVIDIA H200 (UUID: $(uuid_of "$minor"))"
	done
}

env_add() {
	config_edit '.process.env += $ARGS.positional' --args -- "$@"
}

capability_add() {
	config_edit --arg name "$1" '.process.capabilities |= map_values(. + [$name])'
}

# smi_with MINORS RUN-OPTION...: the container lists exactly these GPUs.
smi_with() {
	local minors=$1

	run_container "${@:2}"
	succeeds
	# shellcheck disable=SC2086  # a list of words
	is "$output" "$(listing $minors)"
}

# A driver of the test's own, to break.
own_driver() {
	cp -a "$DRIVER" "$BATS_TEST_TMPDIR/driver"
	sed -i "s,$DRIVER,$BATS_TEST_TMPDIR/driver,g" "$BATS_TEST_TMPDIR/driver/nvcrun.toml"
	driver_libraries=$BATS_TEST_TMPDIR/driver${driver_libraries#"$DRIVER"}
	DRIVER=$BATS_TEST_TMPDIR/driver
	NVCRUN_OPTIONS=(--settings "$DRIVER/nvcrun.toml")
}

# settings TEXT: use a settings file of this text.
settings() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/settings.toml"
	NVCRUN_OPTIONS=(--settings "$BATS_TEST_TMPDIR/settings.toml")
}
