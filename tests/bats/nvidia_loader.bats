#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The loader's cache of GPU containers: the driver's libraries are found, whatever the image's cache says, and nothing
# is written without need. Real root file systems: tests/loader/run.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() {
	nvidia_setup
	cache=$BUNDLE/rootfs/etc/ld.so.cache
	program_args nvidia-smi -L --libraries
	config_edit '.root.readonly = false'
}
teardown() { container_teardown; }

# loader_cache WORD: that setting.
loader_cache() {
	sed "s,^\[nvidia\]$,&\nloader-cache = \"$1\"," "$DRIVER/nvcrun.toml" >"$BATS_TEST_TMPDIR/settings.toml"
	NVCRUN_OPTIONS=(--settings "$BATS_TEST_TMPDIR/settings.toml")
}

# stale_cache NAME...: the image has libraries of these names in /opt/stubs, and its cache leads there.
stale_cache() {
	local name

	mkdir -p "$BUNDLE/rootfs/opt/stubs"
	for name; do
		gcc -shared -fPIC -nostdlib -DMARKER='"stub"' "-Wl,-soname,$name" \
			-o "$BUNDLE/rootfs/opt/stubs/$name" "$TREE/tests/fixtures/library.c"
	done
	echo /opt/stubs >"$BUNDLE/rootfs/etc/ld.so.conf"
	PATH=$PATH:/sbin:/usr/sbin ldconfig -r "$BUNDLE/rootfs"
	state=$(file_state)
}

# What a write, even of the same bytes, changes.
file_state() {
	stat -c '%i %s %y %z' "$cache"
}

# listed NAME...: what the cache on the host has for them, as ldconfig reads it.
listed() {
	local name

	for name; do
		/sbin/ldconfig -p -C "$cache" | sed -n "s,^\t$name (.*) => ,$name ,p"
	done
}

@test "nvidia loader: a stub that the image's cache names does not win" {
	stale_cache libcuda.so.1 libother.so.1
	loader_cache none
	run_container --gpus all
	[ "$status" -eq 1 ]
	has "$stderr" libcuda.so.1 stub
	loader_cache auto
	smi_with '0 2' --gpus all
	is "$(listed libcuda.so.1 libother.so.1 libc.so.6)" "$(printf '%s\n' "libcuda.so.1 $libraries/libcuda.so.1" \
		'libother.so.1 /opt/stubs/libother.so.1')$(listed libc.so.6 | sed 's/^/\n/')"
	is "$(stat -c '%a %u:%g' "$cache")" '644 0:0'
	is "$(find "$BUNDLE/rootfs/etc" -name '.nvcrun*')" ''
}

@test "nvidia loader: the order of all other entries stays" {
	stale_cache libcuda.so.1 libnvidia-ml.so.1 libalpha.so.9 libalpha.so.10 libzeta.so.1
	/sbin/ldconfig -p -C "$cache" | sed '/libcuda\|libnvidia/d; 1d; /^Cache generated/d' >"$BATS_TEST_TMPDIR/before"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/before")" -gt 3 ]
	smi_with '0 2' --gpus all
	/sbin/ldconfig -p -C "$cache" | sed '/libcuda\|libnvidia/d; 1d; /^Cache generated/d' >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "nvidia loader: nothing is written where the driver is found without" {
	smi_with '0 2' --gpus all
	[ ! -e "$cache" ]
	stale_cache libother.so.1
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
}

@test "nvidia loader: a second run writes nothing" {
	stale_cache libcuda.so.1
	smi_with '0 2' --gpus all
	[ "$(file_state)" != "$state" ]
	state=$(file_state)
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
	# Other capabilities are others of our names.
	config_edit '.process.env += ["NVIDIA_DRIVER_CAPABILITIES=utility"]'
	program_args nvidia-smi -L --utility
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
}

@test "nvidia loader: a read-only root gets a private copy, and the image is not touched" {
	stale_cache libcuda.so.1
	config_edit '.root.readonly = true'
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
	program 'awk "\$5 == \"/etc/ld.so.cache\" { print \$6 } \$5 == \"/etc\"" /proc/self/mountinfo;
		ls /etc/ld.so.conf; echo x >/etc/ld.so.cache'
	run_container --gpus all
	has "$output" ro,nosuid,nodev,noexec /etc/ld.so.conf
	is "$(wc -l <<<"$output")" 2
	has "$stderr" 'Read-only file system'
	# Also where mounts are made by the old calls.
	program_args nvidia-smi -L --libraries
	capture "$HELPERS/degrade" open_tree,move_mount,fsopen,mount_setattr "$NVCRUN" --root "$STATE" \
		"${NVCRUN_OPTIONS[@]}" run --bundle "$BUNDLE" --gpus all "$CTR"
	succeeds
	is "$(file_state)" "$state"
}

# What an image on a read-only file system must have.
bring_mount_points() {
	local source path

	nvcrun nvidia plan --bundle "$BUNDLE" --gpus all >"$BATS_TEST_TMPDIR/plan"
	jq -r '.mounts[] | .source + " " + .destination' "$BATS_TEST_TMPDIR/plan" | while read -r source path; do
		mkdir -p "$BUNDLE/rootfs${path%/*}"
		if [ -d "$source" ]; then mkdir "$BUNDLE/rootfs$path"; else touch "$BUNDLE/rootfs$path"; fi
	done
	jq -r '.links[] | .target + " " + .path' "$BATS_TEST_TMPDIR/plan" | while read -r source path; do
		mkdir -p "$BUNDLE/rootfs${path%/*}"
		ln -s "$source" "$BUNDLE/rootfs$path"
	done
}

@test "nvidia loader: a root file system that cannot be written to" {
	stale_cache libcuda.so.1
	bring_mount_points
	view same
	in_view mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	in_view mount -o remount,bind,ro "$BUNDLE/rootfs"
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
}

@test "nvidia loader: a cache on a volume is what counts" {
	stale_cache libcuda.so.1
	cp "$cache" "$BATS_TEST_TMPDIR/volume"
	rm "$cache"
	state=$(stat -c '%i %s %y' "$BATS_TEST_TMPDIR/volume")
	config_edit --arg file "$BATS_TEST_TMPDIR/volume" \
		'.mounts += [{destination: "/etc/ld.so.cache", source: $file, options: ["bind"]}]'
	smi_with '0 2' --gpus all
	is "$(stat -c '%i %s %y' "$BATS_TEST_TMPDIR/volume")" "$state"
}

@test "nvidia loader: nor is a file in a volume changed" {
	local volume=$BATS_TEST_TMPDIR/volume

	stale_cache libcuda.so.1
	mv "$BUNDLE/rootfs/etc" "$volume"
	mkdir "$BUNDLE/rootfs/etc"
	state=$(stat -c '%i %s %y %z' "$volume/ld.so.cache")
	config_edit --arg dir "$volume" '.mounts += [{destination: "/etc", source: $dir, options: ["bind", "rw"]}]'
	smi_with '0 2' --gpus all
	is "$(stat -c '%i %s %y %z' "$volume/ld.so.cache")" "$state"
}

@test "nvidia loader: merge has all of them in the cache" {
	loader_cache merge
	smi_with '0 2' --gpus all
	is "$(listed libcuda.so libcuda.so.1 libnvidia-ml.so.1)" "libcuda.so $libraries/libcuda.so
libcuda.so.1 $libraries/libcuda.so.1
libnvidia-ml.so.1 $libraries/libnvidia-ml.so.1"
	state=$(file_state)
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
}

@test "nvidia loader: a directory that the loader does not search" {
	# Debian's mark, but the C library is elsewhere: as /usr/lib/TRIPLET is then no directory of the loader.
	mkdir -p "$BUNDLE/rootfs/opt/libc"
	for file in "$BUNDLE/rootfs$libraries"/lib{c,m,dl,pthread,rt}.so.*; do
		mv "$file" "$BUNDLE/rootfs/opt/libc/"
	done
	echo /opt/libc >"$BUNDLE/rootfs/etc/ld.so.conf"
	/sbin/ldconfig -r "$BUNDLE/rootfs"
	has "$(listed libc.so.6)" /opt/libc
	has_not "$(listed libcuda.so.1)" libcuda
	smi_with '0 2' --gpus all
	has "$(listed libcuda.so.1)" "$libraries/libcuda.so.1"
	has "$(listed libc.so.6)" /opt/libc
}

# bytes OFFSET ESCAPES: change the cache.
bytes() {
	printf '%b' "$2" | dd of="$cache" bs=1 seek="$1" conv=notrunc status=none
}

# The container starts, with a warning that has the text, and the cache is as it was.
left_alone() {
	local before

	before=$(stat -c '%F %i %s %y %z' "$cache")
	run_container --gpus all
	[ "$status" -eq 0 ] || fail 'the container did not start'
	is "$output" alive
	is "$(wc -l <"$BATS_TEST_TMPDIR/stderr")" 1
	has "$stderr" 'nvidia loader cache' 'run ldconfig in the image' "$1"
	is "$(stat -c '%F %i %s %y %z' "$cache")" "$before"
}

@test "nvidia loader: a malformed cache is left alone, with a warning" { # T7
	program 'echo alive'
	stale_cache libcuda.so.1
	cp "$cache" "$BATS_TEST_TMPDIR/good"
	truncate -s 47 "$cache"
	left_alone 'truncated header'
	cp "$BATS_TEST_TMPDIR/good" "$cache"
	truncate -s 80 "$cache"
	left_alone 'truncated'
	cp "$BATS_TEST_TMPDIR/good" "$cache"
	bytes 20 '\0377\0377\0377\0377'
	left_alone '4294967295 entries'
	cp "$BATS_TEST_TMPDIR/good" "$cache"
	bytes 52 '\0360\0377\0377\0377'
	left_alone 'points outside'
	cp "$BATS_TEST_TMPDIR/good" "$cache"
	bytes 32 '\0360\0377\0377\0017'
	left_alone 'malformed extensions'
	head -c 48 "$BATS_TEST_TMPDIR/good" >"$cache"
	bytes 20 '\0001\0000\0000\0000'
	printf '\003\003\0\0\110\0\0\0\110\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0unterminated' >>"$cache"
	left_alone 'points outside'
	echo garbage >"$cache"
	left_alone neither
	truncate -s 1G "$cache"
	left_alone 'larger than'
}

@test "nvidia loader: what is no file is left alone, with a warning" { # T7
	program 'echo alive'
	mkfifo "$cache"
	left_alone 'no regular file'
	rm "$cache"
	mkdir "$cache"
	left_alone 'no regular file'
	rmdir "$cache"
	ln -s ld.so.cache "$cache"
	left_alone 'too many levels of symbolic links'
	rm "$cache"
	mknod "$cache" c 1 3
	left_alone 'no regular file'
	rm "$cache"
	# To read it takes messages away from the host.
	ln -s /proc/kmsg "$cache"
	left_alone 'leads to a file of procfs'
}

@test "nvidia loader: an empty cache is none" { # T7
	: >"$cache"
	state=$(file_state)
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
	loader_cache merge
	config_edit '.root.readonly = true'
	rm "$cache"
	smi_with '0 2' --gpus all
	smi_with '0 2' --gpus all
}

@test "nvidia loader: links out of the image do not lead there" { # CVE-2025-23267
	local canary=$BATS_TEST_TMPDIR/canary target

	stale_cache libcuda.so.1
	mkdir "$canary"
	cp "$cache" "$canary/ld.so.cache"
	state=$(stat -c '%n %i %s %y %z' "$canary" "$canary/ld.so.cache")
	for target in "$canary/ld.so.cache" "../../../../../../../../../../..$canary/ld.so.cache" \
		"/proc/1/root$canary/ld.so.cache"; do
		ln -sf "$target" "$cache"
		run_container --gpus all
		is "$output" "$(listing 0 2)"
		is "$(stat -c '%n %i %s %y %z' "$canary" "$canary/ld.so.cache")" "$state"
	done
	for target in "$canary" "../../../../../../../../../../..$canary"; do
		rm -rf "${BUNDLE:?}/rootfs/etc"
		ln -s "$target" "$BUNDLE/rootfs/etc"
		loader_cache merge
		run_container --gpus all
		is "$(stat -c '%n %i %s %y %z' "$canary" "$canary/ld.so.cache")" "$state"
	done
}

@test "nvidia loader: the setting" {
	loader_cache run
	run_container --gpus all
	fails_with 'loader-cache' '`run` is not supported' merge
	loader_cache never
	run_container --gpus all
	fails_with never 'auto' 'merge' 'none'
}

@test "nvidia loader: in a user namespace" {
	stale_cache libcuda.so.1
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}] | .root.readonly = true'
	chown -R 100000:200000 "$BUNDLE/rootfs"
	# Nodes are bound there, by a user who must get to them.
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	state=$(file_state)
	smi_with '0 2' --gpus all
	is "$(file_state)" "$state"
	config_edit '.root.readonly = false'
	smi_with '0 2' --gpus all
	is "$(stat -c '%a %u:%g' "$cache")" '644 100000:200000'
	is "$(listed libcuda.so.1)" "libcuda.so.1 $libraries/libcuda.so.1"
}
