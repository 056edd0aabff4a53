#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers from hostile images: the container works or is refused in one line, and the host stays as it is.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for eval and jq
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() { nvidia_setup; }
teardown() { container_teardown; }

# canary: a directory of the host that nothing may change; its state for canary_unchanged.
canary() {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir "$canary"
	echo host >"$canary/file"
	chmod 0600 "$canary/file"
	# What a tool might take for its own, and remove: a mount point and a link.
	: >"$canary/libcuda.so.$version"
	ln -s "libcuda.so.$version" "$canary/libcuda.so.1"
	canary_state >"$BATS_TEST_TMPDIR/canary.state"
}

canary_state() {
	find "$canary" -printf '%p %y %l %m %U:%G %s %i %T@ %C@\n' | sort
	find "$canary" -type f -exec cksum {} + | sort
}

canary_unchanged() {
	is "$(canary_state)" "$(cat "$BATS_TEST_TMPDIR/canary.state")" && has_not "$(cat /proc/self/mounts)" "$canary"
}

@test "nvidia: the canary of these tests tells of every change" {
	local change

	for change in 'echo x >$canary/file' 'touch $canary/file' 'chmod 0644 $canary/file' 'touch $canary/new' \
		'ln -s x $canary/new' 'mkdir $canary/new' 'rm $canary/libcuda.so.1' 'ln -sf x $canary/libcuda.so.1' \
		'rm $canary/libcuda.so.$version' 'chown 1 $canary' 'mount -t tmpfs x $canary'; do
		canary
		canary_unchanged
		eval "$change"
		! canary_unchanged || fail "not seen: $change"
		umount "$canary" 2>/dev/null || true
		rm -r "$canary"
	done
}

# An image of nothing but directories and the program /true.
bare_image() {
	rm -rf "$BUNDLE/rootfs"
	mkdir -p "$BUNDLE/rootfs"/{dev,proc,sys,etc,usr/bin,"usr/lib/$triplet",usr/lib64}
	cp "$ROOTFS/bin/busybox" "$BUNDLE/rootfs/true"
	program_args /true
}

# works_or_is_refused [PART]: the container runs, or is refused in one line.
works_or_is_refused() {
	run_container --gpus all
	[ "$status" -eq 0 ] || fails_with "${1-nvidia}"
	canary_unchanged
}

# make_hostile PATH TARGET: in the image, a link to TARGET; loop: to itself; file, fifo: that.
make_hostile() {
	local path=$BUNDLE/rootfs/$1

	rm -rf "$path"
	mkdir -p "${path%/*}"
	case $2 in
	loop) ln -s "${path##*/}" "$path" ;;
	file) echo >"$path" ;;
	fifo) mkfifo "$path" ;;
	*) ln -s "$2" "$path" ;;
	esac
}

@test "nvidia: a directory of the image that leads out of it stays inside" { # CVE-2024-0132, -0136
	local path target

	canary
	for path in "usr/lib/$triplet" usr/lib64 usr/lib usr/bin usr lib; do
		for target in "$canary" "../../../../../../../../../../..$canary" / /proc/self/root /proc/1/root \
			/proc/1/cwd loop file; do
			bare_image
			make_hostile "$path" "$target"
			works_or_is_refused
		done
	done
	no_leftovers
}

@test "nvidia: directories that other tools write to may be anything" { # CVE-2024-0133, -0134, CVE-2025-23267
	local path target

	canary
	for path in lib/firmware lib/firmware/nvidia etc etc/ld.so.conf.d etc/ld.so.cache etc/nvidia etc/vulkan \
		usr/share run var/run tmp dev proc usr/local/cuda; do
		for target in "$canary" "../../../../../../../../../../..$canary" loop file fifo; do
			bare_image
			make_hostile "$path" "$target"
			works_or_is_refused ''
		done
	done
	no_leftovers
}

@test "nvidia: an image's CUDA compatibility libraries are not looked at" { # CVE-2024-0132, CVE-2025-23359
	local compat=$BUNDLE/rootfs/usr/local/cuda/compat target

	canary
	bare_image
	mkdir -p "${compat%/*}"
	for target in / ../../../../../.. "$canary" loop fifo; do
		make_hostile usr/local/cuda/compat "$target"
		run_container --gpus all
		succeeds
		canary_unchanged
	done
	rm "$compat"
	mkdir "$compat"
	ln -s /etc/passwd "$compat/libcuda.so.999"
	ln -s "$canary/file" "$compat/libcuda.so.999.1"
	mkfifo "$compat/libcuda.so.999.1.0"
	mkdir "$compat/libcuda.so.999.1.1"
	program_args /true
	run_container --gpus all
	succeeds
	canary_unchanged
	no_leftovers
}

@test "nvidia: a destination in the image that is a link does not reach its target on the host" {
	local path target

	canary
	bare_image
	for path in "$libraries/libcuda.so.$version" "$libraries/libcuda.so.1" "$libraries/libcuda.so" \
		/usr/bin/nvidia-smi; do
		for target in "$canary/file" "../../../../../../../../../../..$canary/file" "$canary/new" \
			"/proc/1/root$canary/file" "/proc/self/root$canary/file" /proc/self/exe /dev/mem "${path##*/}"; do
			rm -f "$BUNDLE/rootfs$path"
			ln -s "$target" "$BUNDLE/rootfs$path"
			works_or_is_refused
		done
		rm -f "$BUNDLE/rootfs$path"
		mkdir "$BUNDLE/rootfs$path"
		works_or_is_refused
		rmdir "$BUNDLE/rootfs$path"
		mkfifo "$BUNDLE/rootfs$path"
		works_or_is_refused
		rm -f "$BUNDLE/rootfs$path"
	done
	no_leftovers
}

@test "nvidia: a link to a file of the host is a file inside, and the right library is loaded" {
	local dir=$BUNDLE/rootfs$libraries

	canary
	ln -s "$canary/file" "$dir/libcuda.so.$version"
	ln -s "../../../../../../../../..$canary/new" "$BUNDLE/rootfs/usr/bin/nvidia-smi"
	program_args nvidia-smi -L --libraries
	smi_with '0 2' --gpus all
	canary_unchanged
	# Mount points, made where the links lead to inside.
	is "$(stat -c '%n %F' "$BUNDLE/rootfs$canary"/*)" "$BUNDLE/rootfs$canary/file regular empty file
$BUNDLE/rootfs$canary/new regular empty file"
}

# exchange A B: rename each to the other, again and again, until it is killed.
exchange() {
	perl -e 'my $call = `uname -m` =~ /x86_64/ ? 316 : 276; # renameat2, RENAME_EXCHANGE
		syscall($call, -100, $ARGV[0], -100, $ARGV[1], 2) == 0 or die $! while 1' "$1" "$2" >/dev/null 2>&1 3>&- &
	exchanger=$!
	disown
}

@test "nvidia: a directory that is exchanged for a link to the host meanwhile" { # CVE-2024-0132, CVE-2025-23359
	local dir exchanger i works=0

	case $(uname -m) in x86_64 | aarch64) ;; *) skip 'needs to know the number of renameat2(2)' ;; esac
	canary
	bare_image
	for dir in "usr/lib/$triplet" usr/bin; do
		ln -s "$canary" "$BUNDLE/rootfs/$dir.link"
		exchange "$BUNDLE/rootfs/$dir" "$BUNDLE/rootfs/$dir.link"
		for ((i = 0; i < 40; i++)); do
			run_container --gpus all
			[ "$status" -eq 0 ] || fails_with nvidia
			works=$((works + (status == 0)))
		done
		kill "$exchanger"
		canary_unchanged
	done
	[ "$works" -gt 0 ]
	no_leftovers
}

@test "nvidia: the image's environment has no effect on the host" { # CVE-2025-23266
	canary
	cat >"$BATS_TEST_TMPDIR/evil.c" <<-'END'
		#include <fcntl.h>
		#include <stdlib.h>
		unsigned int la_version(unsigned int v) { return v; }
		__attribute__((constructor)) static void touch(void)
		{
			creat(CANARY "/touched", 0666);
		}
	END
	gcc -shared -fPIC -DCANARY="\"$canary\"" -o "$BATS_TEST_TMPDIR/evil.so" "$BATS_TEST_TMPDIR/evil.c"
	# The same path leads to it on the host and in the container.
	mkdir -p "$BUNDLE/rootfs$canary"
	cp "$BATS_TEST_TMPDIR/evil.so" "$BUNDLE/rootfs$BATS_TEST_TMPDIR"
	config_edit '.root.readonly = false'
	program_args nvidia-smi -L
	env_add "GCONV_PATH=$canary" "LD_LIBRARY_PATH=$BATS_TEST_TMPDIR" NVCRUN_CONFIG=/nonexistent \
		"XDG_CONFIG_HOME=$canary" "LD_AUDIT=$BATS_TEST_TMPDIR/evil.so" "PATH=$canary:/usr/bin" \
		"NVIDIA_CTK_CONFIG_FILE_PATH=$canary/file" "NVIDIA_CTK_DEBUG=true" GODEBUG=execerrdot=0 "TMPDIR=$canary" \
		"XDG_RUNTIME_DIR=$canary"
	run_container --gpus all
	is "$output" "$(listing 0 2)"
	canary_unchanged
	env_add "LD_PRELOAD=$BATS_TEST_TMPDIR/evil.so"
	run_container --gpus all
	is "$output" "$(listing 0 2)"
	canary_unchanged
	# It works where it may, in the container, and it would on the host.
	[ -e "$BUNDLE/rootfs$canary/touched" ]
	LD_PRELOAD=$BATS_TEST_TMPDIR/evil.so cat </dev/null
	[ -e "$canary/touched" ]
}

@test "nvidia: hooks of the host do not load the image's libraries" { # CVE-2025-23266
	canary
	printf '__attribute__((constructor)) static void f(void) { __builtin_trap(); }' |
		gcc -shared -fPIC -o "$BATS_TEST_TMPDIR/evil.so" -x c -
	mkdir -p "$BUNDLE/rootfs$BATS_TEST_TMPDIR"
	cp "$BATS_TEST_TMPDIR/evil.so" "$BUNDLE/rootfs$BATS_TEST_TMPDIR"
	program_args nvidia-smi -L
	local preload=LD_PRELOAD=$BATS_TEST_TMPDIR/evil.so kind

	for kind in prestart createRuntime createContainer; do
		config_edit --arg kind "$kind" '.hooks = {($kind): [{path: "/bin/true"}, {path: "/bin/true", env: ["A=1"]}]}'
		smi_with '0 2' --gpus all
		config_edit --arg env "$preload" '.process.env += [$env] | .process.args = ["/busybox", "true"]'
		cp "$ROOTFS/bin/busybox" "$BUNDLE/rootfs"
		run_container --gpus all
		succeeds
		# A hook that is given the variable by the configuration of the host dies of it.
		config_edit --arg kind "$kind" --arg env "$preload" '.hooks[$kind][1].env = [$env]'
		run_container --gpus all
		fails_with "$kind hook #1: killed by signal"
		config_edit --arg env "$preload" '.process.env -= [$env] | .process.args = ["nvidia-smi", "-L"]'
	done
	canary_unchanged
	no_leftovers
}

@test "nvidia: what only looks like a request asks for nothing" {
	own_driver
	sed -i '/^\[nvidia\]/a accept-nvidia-visible-devices-as-volume-mounts = true' "$DRIVER/nvcrun.toml"
	program 'ls /dev'
	env_add NVIDIA_MIG_CONFIG_DEVICES=all NVIDIA_MIG_MONITOR_DEVICES=all NVIDIA_VISIBLE_DEVICESX=all \
		nvidia_visible_devices=all 'NVIDIA_VISIBLE_DEVICES =all' NVIDIA_DRIVER_CAPABILITIES=all
	config_edit '.annotations = {"cdi.k8s.io/gpu": "nvidia.com/gpu=all"} | .mounts +=
		[{destination: "/var/run/nvidia-container-devicesX/0", type: "bind", source: "/dev/null", options: ["bind"]}]'
	run_container
	succeeds
	has_not "$output" nvidia
	# With the right name it is a request.
	config_edit '(.mounts[].destination) |= sub("devicesX"; "devices")'
	run_container
	succeeds
	has "$output" nvidia0
	has_not "$output" nvidia2
}

@test "nvidia: a request may be long, have many parts, or be no text" { # T20
	local value

	program_args nvidia-smi -L
	head -c 1048576 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
	seq -s , 0 9999 >"$BATS_TEST_TMPDIR/many"
	yes 0 | head -n 10000 | xargs | tr ' ' , >"$BATS_TEST_TMPDIR/same"
	printf '0\n1' >"$BATS_TEST_TMPDIR/line"
	printf '0,\033[31m\001' >"$BATS_TEST_TMPDIR/control"
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/config.json"
	for value in long many line control; do
		config_edit --rawfile value "$BATS_TEST_TMPDIR/$value" '.process.env += ["NVIDIA_VISIBLE_DEVICES=" + $value]'
		run_container
		fails_with NVIDIA_VISIBLE_DEVICES=
		[ "${#stderr}" -lt 1024 ] || fail 'too many words'
		has_not "$stderr" $'\033' $'\001'
		# It is replaced, and does not matter.
		smi_with 2 --gpus 1
		cp "$BATS_TEST_TMPDIR/config.json" "$BUNDLE/config.json"
	done
	config_edit '.process.env += ["NVIDIA_VISIBLE_DEVICES=0\u00001"]'
	run_container
	fails_with NUL
	no_leftovers
}

@test "nvidia: a GPU does not make nvcrun execute anything" {
	strace -qq -o "$BATS_TEST_TMPDIR/trace" true || skip 'needs to be allowed to trace: ptrace(2)'
	config_edit '.process.args = ["/busybox", "true"]'
	cp "$ROOTFS/bin/busybox" "$BUNDLE/rootfs"
	# executed COMMAND...: the programs, by the names that they are called by.
	executed() {
		strace -f -qq -s 4096 -e trace=execve,execveat -e signal=none -o "$BATS_TEST_TMPDIR/trace" \
			"$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" "$@" </dev/null >/dev/null 2>&1 3>&-
		sed 's/^[0-9]* *exec[a-z]*([^[]*\["\([^"]*\)".*/\1/' "$BATS_TEST_TMPDIR/trace"
	}
	is "$(executed run --bundle "$BUNDLE" "$CTR")" "$(printf '%s\n' "$NVCRUN" "$NVCRUN" /busybox)"
	is "$(executed run --gpus all --bundle "$BUNDLE" "$CTR")" "$(printf '%s\n' "$NVCRUN" "$NVCRUN" /busybox)"
	# Not create: strace(1) waits for init, and that waits for start.
	create_container --gpus all
	is "$(executed start "$CTR")" "$NVCRUN"
	wait_for has_status stopped
	is "$(executed delete "$CTR")" "$NVCRUN"
	no_leftovers
}
