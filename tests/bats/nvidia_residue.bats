#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers leave nothing in their root file system, however they end: no mount points, no links.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() {
	nvidia_setup
	tree=$BUNDLE/rootfs
}

teardown() { container_teardown; }

# Everything in the root file system: type, mode, owner, size of files, target of links.
tree_now() {
	(cd "$tree" && find . -printf '%p %y %m %U:%G %l ' \( -type f -printf '%s\n' -o -printf '\n' \)) | sort
}

tree_note() {
	tree_now >"$BATS_TEST_TMPDIR/tree"
}

tree_same() {
	tree_now | diff -u "$BATS_TEST_TMPDIR/tree" - || fail 'the root file system has changed'
}

# What is there while the container is, so that there is something to remove.
tree_has_driver() {
	has "$(tree_now)" ".$libraries/libcuda.so.$version f" ".$libraries/libcuda.so.1 l" './usr/bin/nvidia-smi f'
}

# A root file system without the directories that the driver's files go to.
bare_tree() {
	rm -rf "$tree"
	mkdir -p "$tree"/{dev,proc,sys}
	cp "$ROOTFS/bin/busybox" "$tree"
	libraries=/usr/lib64
}

# each_tree COMMAND...: in a usual root file system, and in one without directories.
each_tree() {
	tree_note
	"$@"
	bare_tree
	program_args /busybox true
	tree_note
	"$@"
}

runs() {
	run_container --gpus all
	succeeds
	tree_same
}

@test "nvidia residue: run" {
	program_args nvidia-smi -L --libraries
	each_tree runs
	no_leftovers
}

is_created_started_and_deleted() {
	create_container --gpus all
	succeeds
	tree_has_driver
	nvcrun start "$CTR"
	wait_for has_status stopped
	tree_has_driver
	nvcrun delete "$CTR"
	tree_same
}

@test "nvidia residue: create, start and delete" {
	program_args true
	each_tree is_created_started_and_deleted
	no_leftovers
}

is_created_and_deleted() {
	create_container --gpus all
	succeeds
	tree_has_driver
	nvcrun delete "$CTR"
	tree_same
}

@test "nvidia residue: create and delete without start" {
	each_tree is_created_and_deleted
	no_leftovers
}

@test "nvidia residue: delete --force of one that runs, run --keep" {
	tree_note
	program_args sleep 100
	create_container --gpus all
	nvcrun start "$CTR"
	tree_has_driver
	nvcrun delete --force "$CTR"
	tree_same
	program_args true
	run_container --gpus all --keep
	tree_has_driver
	nvcrun delete "$CTR"
	tree_same
	no_leftovers
}

# attempt COMMAND ROW:ACTION: with the step injector.
attempt() {
	local NVCRUN_INJECT=$2 NVCRUN=$HELPERS/nvcrun-inject

	export NVCRUN_INJECT
	capture nvcrun "$1" --bundle "$BUNDLE" --gpus all "$CTR" </dev/null
}

# The rows from the one that looks at the image on, without those that a test would have to make wanted.
rows() {
	sed -n 's/^\t{ "\([a-z-]*\)", [A-Z]*, \([A-Za-z_]*\),.*/\1 \2/p' "$TREE/src/runtime/create.c" |
		sed -n '/^note-residue /,/^record /{ s/ \(NULL\|wants_nvidia\)$//p }'
}

@test "nvidia residue: a create that fails, or is killed, at any row" {
	local row

	tree_note
	[ "$(rows | wc -l)" -ge 10 ]
	has "$(rows | xargs)" note-residue mount-rootfs pivot record
	program_args true
	for row in $(rows); do
		attempt create "$row:fail"
		fails_with "$row: failed on request"
		tree_same
		attempt run "$row:fail"
		fails_with "$row: failed on request"
		tree_same
		attempt create "$row:kill"
		[ "$status" -ne 0 ]
		nvcrun delete --force "$CTR"
		tree_same
	done
	no_leftovers
}

@test "nvidia residue: what a killed runtime leaves is there until delete" {
	tree_note
	# The host, when all has been made.
	attempt create record:kill
	is "$status" 137
	tree_has_driver
	nvcrun delete --force "$CTR"
	tree_same
	no_leftovers
}

@test "nvidia residue: an error of the configuration" {
	tree_note
	program_args /no/such/program
	run_container --gpus all
	fails_with no/such/program
	tree_same
	config_edit '.mounts += [{destination: "/x", source: "/no/such/source", options: ["bind"]}]'
	run_container --gpus all
	fails_with no/such/source
	tree_same
}

@test "nvidia residue: what the image has of its own stays" {
	local dir=$tree$libraries

	# A whole driver of another version, mount points that another tool has left, links that lead elsewhere.
	cp "$driver_libraries/libcuda.so.$version" "$dir/libcuda.so.$version"
	echo another >"$dir/libcuda.so.1.2.3"
	: >"$dir/libnvidia-ml.so.1.2.3"
	: >"$dir/libnvidia-ml.so.$version"
	ln -s libcuda.so.1.2.3 "$dir/libcuda.so.1"
	ln -s libcuda.so.1 "$dir/libcuda.so"
	ln -s libnvidia-ml.so.1.2.3 "$dir/libnvidia-ml.so.1"
	ln -s /nowhere "$dir/libnvidia-ml.so"
	echo a file >"$dir/libnvidia-nvvm.so.4"
	: >"$dir/libnvidia-opencl.so.1"
	chmod 0600 "$dir/libnvidia-nvvm.so.4"
	tree_note
	program_args nvidia-smi -L --libraries
	smi_with '0 2' --gpus all
	tree_same
	is_created_and_deleted
	attempt create record:kill
	tree_now | grep -q 'libcuda.so.1 l .* libcuda.so.580'
	nvcrun delete --force "$CTR"
	tree_same
	is "$(cat "$dir/libcuda.so.1.2.3" "$dir/libnvidia-nvvm.so.4")" $'another\na file'
	no_leftovers
}

# Before the first run: what is in it afterwards and was not before, by type.
new_in_tree() {
	tree_now | diff "$BATS_TEST_TMPDIR/tree" - | sed -n 's/^> \.\([^ ]*\) \(.\) .*/\1 \2/p'
}

@test "nvidia residue: what the program wrote stays" {
	config_edit '.root.readonly = false'
	tree_note
	# Over the link, which it may replace; the library itself is a mount.
	program "cd $libraries && rm libcuda.so libnvidia-opencl.so.1 && echo mine >libcuda.so &&
		ln -s mine libnvidia-opencl.so.1 && echo mine >/usr/bin/mine"
	run_container --gpus all
	succeeds
	is "$(new_in_tree)" "$(printf '%s\n' /usr/bin/mine\ f "$libraries/libcuda.so f" \
		"$libraries/libnvidia-opencl.so.1 l" | sort)"

	bare_tree
	tree_note
	program_args /busybox sh -c 'echo mine >/usr/lib64/mine'
	run_container --gpus all
	succeeds
	is "$(new_in_tree)" "$(printf '%s\n' '/usr d' '/usr/lib64 d' '/usr/lib64/mine f')"
}

@test "nvidia residue: a read-only root" {
	config_edit '.root.readonly = true'
	program_args nvidia-smi -L
	each_tree runs
	no_leftovers
}

# own_mount SCRIPT: run it in a mount namespace of its own, where $1 is the root file system and the rest runs a container.
own_mount() {
	unshare --mount sh -ec "$1" sh "$tree" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" run --gpus all \
		--bundle "$BUNDLE" "$CTR" \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- </dev/null ||
		fail "$(cat "$BATS_TEST_TMPDIR/stdout" "$BATS_TEST_TMPDIR/stderr")"
}

@test "nvidia residue: a file system that has mount points and cannot be written to" {
	create_container --gpus all
	nvcrun kill "$CTR" KILL
	# As an image that was made for it.
	cp -a "$tree" "$BATS_TEST_TMPDIR/copy"
	nvcrun delete --force "$CTR"
	rm -r "$tree"
	mv "$BATS_TEST_TMPDIR/copy" "$tree"
	tree_note
	has "$(cat "$BATS_TEST_TMPDIR/tree")" "libcuda.so.$version"
	program_args nvidia-smi -L
	own_mount 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; "$@"'
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" "$(listing 0 2)"
	tree_same
	# Where it can be written to they stay as well: they are the image's.
	smi_with '0 2' --gpus all
	tree_same
	no_leftovers
}

@test "nvidia residue: the upper layer of an overlay keeps what the program wrote, and no more" {
	config_edit '.root.readonly = false'
	program 'nvidia-smi -L && echo mine >/usr/bin/mine'
	tree_note
	own_mount 'mount -t tmpfs tmpfs /mnt; mkdir /mnt/upper /mnt/work
		mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay "$1"; shift
		"$@"; find /mnt/upper ! -type d -printf "%P %y\n"
		find /mnt/upper -type d -name "*nv*"'
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" "$(listing 0 2; echo usr/bin/mine f)"
	tree_same
	no_leftovers
}

@test "nvidia residue: a user namespace" {
	config_edit '.linux += {uidMappings: [{containerID: 0, hostID: 100000, size: 65536}],
		gidMappings: [{containerID: 0, hostID: 100000, size: 65536}]} | .linux.namespaces += [{type: "user"}]'
	chmod 0755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR" "$BUNDLE"
	chown -R 100000:100000 "$tree"
	ln -sf libcuda.so.1.2.3 "$tree$libraries/libcuda.so.1"
	chown -h 100000:100000 "$tree$libraries/libcuda.so.1"
	tree_note
	program_args true
	runs
	is_created_and_deleted
	attempt create record:kill
	tree_has_driver
	nvcrun delete --force "$CTR"
	tree_same
	no_leftovers
}

@test "nvidia residue: a plain user" {
	local user=54321

	chmod 0755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_SUITE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir "$STATE"
	# Cgroups are root's, and so are nodes: those of the host are bound.
	config_edit --argjson id "$user" '.linux += {uidMappings: [{containerID: 0, hostID: $id, size: 1}],
		gidMappings: [{containerID: 0, hostID: $id, size: 1}]} | .linux.namespaces += [{type: "user"}] |
		.mounts |= map(select(.type != "cgroup") | .options |= (. // [] | map(select(startswith("gid=") | not)))) |
		del(.linux.resources)'
	chown -R "$user:$user" "$BUNDLE" "$STATE"
	tree_note
	program_args true
	as_user() {
		capture setpriv --reuid "$user" --regid "$user" --clear-groups "$NVCRUN" --root "$STATE" \
			"${NVCRUN_OPTIONS[@]}" "$@" </dev/null
	}
	as_user run --gpus all --bundle "$BUNDLE" "$CTR"
	[ "$status" -eq 0 ] || fail
	tree_same
	as_user create --gpus all --bundle "$BUNDLE" "$CTR"
	[ "$status" -eq 0 ] || fail
	tree_has_driver
	as_user delete "$CTR"
	succeeds
	tree_same
}

@test "nvidia residue: of containers on one root file system the last one removes it" {
	local other=$CTR-other alias=$BATS_TEST_TMPDIR/alias

	program_args sleep 100
	tree_note
	# By another path.
	mkdir "$alias"
	cp "$BUNDLE/config.json" "$alias/"
	ln -s "$BUNDLE/rootfs" "$alias/rootfs"
	create_container --gpus all
	nvcrun create --bundle "$alias" --gpus all "$other" >/dev/null 2>&1 </dev/null
	nvcrun start "$other"
	# Its mounts would be gone with the mount points.
	nvcrun delete --force "$CTR"
	is "$(nvcrun exec "$other" nvidia-smi -L)" "$(listing 0 2)"
	tree_has_driver
	nvcrun delete --force "$other"
	tree_same
}

@test "nvidia residue: one that stopped may have processes, so it is another container" {
	local other=$CTR-other

	tree_note
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	program 'sleep 100 & exit 0'
	nvcrun create --bundle "$BUNDLE" --gpus all "$other" >/dev/null 2>&1 </dev/null
	nvcrun start "$other"
	wait_for has_status stopped "$other"
	program_args true
	run_container --gpus all
	succeeds
	tree_has_driver
	nvcrun delete --force "$other"
	tree_same
}

@test "nvidia residue: a root file system that is gone, or is another one" {
	create_container --gpus all
	mv "$tree" "$tree.away"
	nvcrun delete "$CTR"
	mv "$tree.away" "$tree"
	no_leftovers

	# Links of it lead to the host's files: those of the same paths inside are meant.
	bare_tree
	program_args /busybox true
	create_container --gpus all
	succeeds
	mkdir -p "$BATS_TEST_TMPDIR/host/lib64"
	: >"$BATS_TEST_TMPDIR/host/lib64/libcuda.so.$version"
	ln -s "libcuda.so.$version" "$BATS_TEST_TMPDIR/host/lib64/libcuda.so.1"
	rm -r "${tree:?}/usr"
	ln -s "$BATS_TEST_TMPDIR/host" "$tree/usr"
	nvcrun delete --force "$CTR"
	is "$(ls "$BATS_TEST_TMPDIR/host/lib64")" "$(printf '%s\n' libcuda.so.1 "libcuda.so.$version")"
	[ -L "$tree/usr" ]
	no_leftovers
}

@test "nvidia residue: the same on older kernels" {
	local dir=$tree$libraries

	ln -s elsewhere "$dir/libcuda.so.1"
	echo a file >"$dir/libcuda.so"
	tree_note
	program_args nvidia-smi -L --libraries
	for calls in openat2 open_tree,move_mount mount_setattr openat2,open_tree,move_mount,mount_setattr,fsopen=EPERM; do
		capture "$HELPERS/degrade" "$calls" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" run --gpus all \
			--bundle "$BUNDLE" "$CTR" </dev/null
		succeeds
		is "$output" "$(listing 0 2)"
		tree_same
	done
	no_leftovers
}

@test "nvidia residue: without a GPU nothing is noted" {
	create_container
	succeeds
	[ ! -e "$STATE/$CTR/residue.json" ]
	nvcrun delete "$CTR"
	create_container --gpus all
	[ -e "$STATE/$CTR/residue.json" ]
	nvcrun delete "$CTR"
	no_leftovers
}
