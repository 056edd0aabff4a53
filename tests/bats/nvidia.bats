#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# GPU containers: what can be asked for, and what the container gets.
# bats file_tags=nvidia,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2153,SC2154  # each test is a subshell, with what setup and capture set

load helpers/nvidia

setup() { nvidia_setup; }
teardown() { container_teardown; }

@test "nvidia: without a request there is no GPU, no driver file, and no permission" {
	program_args nvidia-smi -L
	run_container
	fails_with '"nvidia-smi": executable file not found'

	capability_add CAP_MKNOD
	program 'ls /dev; ls -R /usr /lib; cd /dev; mknod x c 195 0; mknod y c 195 255; : <x; : <y'
	run_container
	has_not "$output" nvidia cuda
	has "$stderr" "can't open x: Operation not permitted"
}

# --- what can be asked for

@test "nvidia: --gpus all, by index, by UUID and by count" {
	program_args nvidia-smi -L --libraries
	smi_with '0 2' --gpus all
	smi_with '0' --gpus 0
	smi_with '2' --gpus 1
	smi_with '0 2' --gpus 0,1
	smi_with '0 2' --gpus 1,0
	smi_with '2' --gpus "$(uuid_of 2)"
	smi_with '2' --gpus "$(uuid_of 2 | tr a-f A-F | sed s/^GPU/GPU/)"
	smi_with '0' --gpus count=1
	smi_with '0 2' --gpus count=2
}

@test "nvidia: a GPU named twice is one GPU" {
	program_args nvidia-smi -L
	smi_with 0 --gpus 0,0
	smi_with 2 --gpus "1,$(uuid_of 2)"
	env_add NVIDIA_VISIBLE_DEVICES=1,1
	smi_with 2
}

@test "nvidia: none gives the driver without a GPU" {
	program_args nvidia-smi -L
	run_container --gpus none
	is "$status" 6
	is "$output" 'No devices found.'

	capability_add CAP_MKNOD
	program 'ls /dev; mknod /dev/x c 195 0; : </dev/x'
	run_container --gpus none
	has "$output" nvidiactl
	has_not "$output" nvidia0 nvidia1 nvidia2
	has "$stderr" "can't open /dev/x: Operation not permitted"
}

@test "nvidia: NVIDIA_VISIBLE_DEVICES of config.json, the last one counts" {
	program_args nvidia-smi -L
	# First, because a mount point of nvidia-smi stays in the image.
	for value in void '' 0,void; do
		env_add "NVIDIA_VISIBLE_DEVICES=$value"
		run_container
		fails_with 'executable file not found'
	done
	env_add NVIDIA_VISIBLE_DEVICES=all
	smi_with '0 2'
	env_add NVIDIA_VISIBLE_DEVICES=1
	smi_with 2
	env_add "NVIDIA_VISIBLE_DEVICES= $(uuid_of 0) , 1,"
	smi_with '0 2'
	env_add NVIDIA_VISIBLE_DEVICES=none
	run_container
	is "$output" 'No devices found.'
}

@test "nvidia: --gpus wins over the environment, and the container is told" {
	program 'nvidia-smi -L; echo $NVIDIA_VISIBLE_DEVICES'
	env_add NVIDIA_VISIBLE_DEVICES=0
	run_container --gpus 1
	succeeds
	is "$output" "$(listing 2; echo 1)"
	env_add NVIDIA_VISIBLE_DEVICES=void
	run_container --gpus count=2
	succeeds
	is "$output" "$(listing 0 2; echo 0,1)"
	# A GPU that does not exist does not matter once it is overruled.
	env_add NVIDIA_VISIBLE_DEVICES=7
	run_container --gpus all
	succeeds
	is "$output" "$(listing 0 2; echo all)"
}

@test "nvidia: a GPU that is not there is an error that lists those that are" {
	local have

	have="have 0: $(uuid_of 0), 1: $(uuid_of 2)"
	run_container --gpus 2
	fails_with '--gpus 2: no such GPU' "$have"
	run_container --gpus count=3
	fails_with '--gpus count=3: not that many GPUs' "$have"
	# The excluded one neither.
	run_container --gpus "$(uuid_of 1)"
	fails_with "--gpus $(uuid_of 1): no such GPU" "$have"
	env_add NVIDIA_VISIBLE_DEVICES=0,5
	run_container
	fails_with 'NVIDIA_VISIBLE_DEVICES=5: no such GPU' "$have"
	no_leftovers
}

@test "nvidia: what is no request says what would be one" {
	for value in first '' '0,' ',0' -1 0-1 count= count=0 count=x GPU- 'nvidia.com/gpu=0' 0:x MIG-x; do
		run_container "--gpus=$value"
		fails_with --gpus "$value"
		[[ $stderr == *'or count=N'* || $stderr == *'use an index or GPU-<uuid>'* || $stderr == *'expected a count'* ]] ||
			fail "no remedy for $value"
	done
	env_add NVIDIA_VISIBLE_DEVICES=none,0
	run_container
	fails_with '`none` and GPUs exclude each other'
	env_add "NVIDIA_VISIBLE_DEVICES=$(seq -s , 10000)"
	run_container
	fails_with 'more than 256 GPUs'
	no_leftovers
}

@test "nvidia: spec --gpus writes a config that asks for them" {
	rm "$BUNDLE/config.json"
	nvcrun spec --gpus 1 --bundle "$BUNDLE"
	config_edit '.process.terminal = false | .process.args = ["nvidia-smi", "-L"]'
	smi_with 2
	rm "$BUNDLE/config.json"
	capture nvcrun spec --gpus first --bundle "$BUNDLE"
	fails_with '`first` is no GPU'
	[ ! -e "$BUNDLE/config.json" ]
}

@test "nvidia: create and start" {
	program_args nvidia-smi -L
	nvcrun create --bundle "$BUNDLE" --gpus 1 "$CTR" >"$BATS_TEST_TMPDIR/listing" 2>&1 </dev/null
	is "$(status_of)" created
	is "$(cat "$BATS_TEST_TMPDIR/listing")" ''
	nvcrun start "$CTR"
	wait_for has_status stopped
	is "$(cat "$BATS_TEST_TMPDIR/listing")" "$(listing 2)"
	nvcrun delete "$CTR"
	no_leftovers
}

# --- capabilities

@test "nvidia: the utility capability alone brings no CUDA and no unified memory" {
	env_add NVIDIA_DRIVER_CAPABILITIES=utility
	program "nvidia-smi -L --utility; ls /dev $libraries"
	run_container --gpus all
	succeeds
	has "$output" "$(listing 0 2)" libnvidia-ml.so.1
	has_not "$output" libcuda uvm
	program_args nvidia-smi -L
	run_container --gpus all
	is "$status" 1
	has "$stderr" libcuda.so.1
}

@test "nvidia: the compute capability alone brings no nvidia-smi" {
	env_add NVIDIA_DRIVER_CAPABILITIES=compute
	program "ls /usr/bin /dev $libraries"
	run_container --gpus all
	succeeds
	has "$output" nvidia-uvm nvidia-uvm-tools libcuda.so.1
	has_not "$output" nvidia-smi libnvidia-ml
}

# files_with CAPABILITIES: sets `files` to what a container of one GPU gets, without directories and versions: its
# mounts and device nodes.
files_with() {
	config_edit '.process.env |= map(select(startswith("NVIDIA_DRIVER_CAPABILITIES") | not))'
	[ -z "$1" ] || env_add "NVIDIA_DRIVER_CAPABILITIES=$1"
	program 'while read -r _ _ _ _ path _; do echo "$path"; done </proc/self/mountinfo
		ls -d /dev/nvidia* /dev/dri/* /dev/dri/by-path/* 2>/dev/null; true'
	run_container --gpus 1
	succeeds
	files=$(grep -E '^/(usr|lib|etc|run|tmp|dev/(nvidia|dri))' <<<"$output" | sed "s,.*/,,; s,\.$version\$,," | sort -u)
}

# got WORD... -- WORD...: all of the first, none of the others.
got() {
	local wanted=1 word

	for word; do
		if [ "$word" = -- ]; then
			wanted=
		elif [ -n "$wanted" ]; then
			grep -qxF -e "$word" <<<"$files" || fail "no $word in: $files"
		elif grep -qxF -e "$word" <<<"$files"; then
			fail "$word in: $files"
		fi
	done
}

@test "nvidia: each capability brings its own files and nodes, and no others" {
	files_with utility
	got libnvidia-ml.so libnvidia-cfg.so libnvidia-nscq.so nvidia-smi nvidia-debugdump nvidia-persistenced nv-fabricmanager \
		nvidiactl nvidia2 gsp_ga10x.bin gsp_tu10x.bin socket -- \
		libcuda.so libnvcuvid.so libnvidia-glcore.so nvidia-uvm nvidia-modeset card2 nvidia-mps nvidia-xconfig

	files_with compute
	got libcuda.so libnvidia-ptxjitcompiler.so libnvidia-nvvm.so libnvidia-nvvm70.so.4 libnvidia-tomorrow.so \
		nvidia-uvm nvidia-uvm-tools nvidia-mps nvidia-cuda-mps-server nvidia.icd gsp_ga10x.bin -- \
		libnvidia-ml.so nvidia-smi libnvcuvid.so libnvidia-encode.so libnvidia-glcore.so socket card2 libc.so libEGL.so

	files_with video
	got libnvcuvid.so libnvidia-encode.so libnvidia-opticalflow.so libvdpau_nvidia.so libcuda.so nvidia-uvm -- \
		libnvidia-ml.so nvidia-smi libnvidia-glcore.so libnvidia-tomorrow.so nvidia-cuda-mps-server card2

	files_with graphics
	got libnvidia-glcore.so libnvidia-eglcore.so libnvidia-tls.so libGLX_nvidia.so libEGL_nvidia.so libGLESv2.so \
		libnvidia-allocator.so libnvidia-egl-gbm.so.1.1.2 libnvidia-egl-wayland.so.1.1.19 nvidia-xconfig \
		10_nvidia.json 15_nvidia_gbm.json nvidia_icd.json nvidia_layers.json nvoptix.bin nvidia_drv.so \
		libglxserver_nvidia.so card2 renderD130 pci-0000:08:00.0-card pci-0000:08:00.0-render -- \
		libEGL.so libcuda.so libnvcuvid.so nvidia-uvm nvidia-modeset card0 card1 renderD128 nvidia-smi

	files_with display
	got libnvidia-glcore.so card2 renderD130 nvidia-modeset -- libcuda.so nvidia-smi nvidia-uvm card0

	files_with ngx
	got libnvidia-ngx.so nvidia2 nvidiactl -- libcuda.so libnvidia-ml.so nvidia-smi nvidia-uvm card2
}

@test "nvidia: links of graphics lead to their files" {
	env_add NVIDIA_DRIVER_CAPABILITIES=graphics
	program "cd $libraries && for link in libGLX_indirect.so.0 gbm/nvidia-drm_gbm.so libEGL_nvidia.so.0 libGLESv2.so.2 \
			libnvidia-egl-gbm.so.1 ../xorg/modules/extensions/libglxserver_nvidia.so; do
			"'[ -e "$link" ] && echo "$link $(readlink "$link")"
		done; [ -e libEGL.so.1 ] && echo bad; cd /dev/dri/by-path && for link in *; do echo "$link $(readlink "$link")"; done'
	run_container --gpus 1
	succeeds
	is "$output" "libGLX_indirect.so.0 libGLX_nvidia.so.$version
gbm/nvidia-drm_gbm.so ../libnvidia-allocator.so.1
libEGL_nvidia.so.0 libEGL_nvidia.so.$version
libGLESv2.so.2 libGLESv2.so.$version
libnvidia-egl-gbm.so.1 libnvidia-egl-gbm.so.1.1.2
../xorg/modules/extensions/libglxserver_nvidia.so libglxserver_nvidia.so.$version
pci-0000:08:00.0-card ../card2
pci-0000:08:00.0-render ../renderD130"
}

@test "nvidia: only the chosen GPU's DRM nodes can be opened" {
	capability_add CAP_MKNOD
	env_add NVIDIA_DRIVER_CAPABILITIES=graphics
	program 'cd /dev && mknod other c 226 0 && for node in dri/card2 dri/renderD130 other; do (: <$node) done'
	run_container --gpus 1
	has "$stderr" "can't open other: Operation not permitted"
	has_not "$stderr" "can't open dri/card2: Operation not permitted" "can't open dri/renderD130: Operation not permitted"
}

@test "nvidia: compat32 brings the 32-bit libraries of the other capabilities" {
	[ -d "$DRIVER/usr/lib/i386-linux-gnu" ] || skip 'needs gcc -m32'
	env_add NVIDIA_DRIVER_CAPABILITIES=compute,compat32
	program 'cd /usr/lib/i386-linux-gnu && ls'
	run_container --gpus all
	succeeds
	is "$output" "libcuda.so
libcuda.so.1
libcuda.so.$version"

	own_driver
	rm -r "$DRIVER/usr/lib/i386-linux-gnu"
	run_container --gpus all
	has "$stderr" 'capability compat32: no 32-bit library' "$DRIVER"
	# Part of `all`: most hosts have none.
	env_add NVIDIA_DRIVER_CAPABILITIES=all
	run_container --gpus all
	has_not "$stderr" compat32
}

@test "nvidia: capabilities = ignore gives everything" {
	settings "$(sed 's/^driver-root/capabilities = "ignore"\n&/' "$DRIVER/nvcrun.toml")"
	files_with utility
	got nvidia-smi libcuda.so libnvcuvid.so libnvidia-glcore.so libnvidia-ngx.so nvidia-modeset card2 --
	# No word of it counts.
	files_with nonsense
	got nvidia-smi libcuda.so libnvcuvid.so --
}

@test "nvidia: sockets can be written to, and an MPS directory is only taken from root" {
	local at='[^ ]* [^ ]* [^ ]* [^ ]*'

	env_add NVIDIA_DRIVER_CAPABILITIES=compute,utility
	program 'grep -E " (/run/nvidia-persistenced/socket|/tmp/nvidia-mps) " /proc/self/mountinfo; : >/tmp/nvidia-mps/x'
	run_container --gpus all
	succeeds
	is "$(grep -cE "^$at [^ ]* rw,nosuid,nodev,noexec" <<<"$output")" 2
	[ -e "$DRIVER/tmp/nvidia-mps/x" ]
	rm "$DRIVER/tmp/nvidia-mps/x"

	own_driver
	chown 1000 "$DRIVER/tmp/nvidia-mps"
	program 'grep nvidia-mps /proc/self/mountinfo'
	run_container --gpus all
	is "$output" ''
	rmdir "$DRIVER/tmp/nvidia-mps"
	ln -s ../etc "$DRIVER/tmp/nvidia-mps"
	run_container --gpus all
	is "$output" ''
}

@test "nvidia: half a driver is a warning that says what is missing and where, or an error with both versions" {
	own_driver
	rm -f "$driver_libraries"/libnvidia-ml.so*
	program true
	env_add NVIDIA_DRIVER_CAPABILITIES=utility
	run_container --gpus all
	has "$stderr" "capability utility: no libnvidia-ml.so.$version" "$driver_libraries"
	env_add NVIDIA_DRIVER_CAPABILITIES=compute
	run_container --gpus all
	has_not "$stderr" libnvidia-ml
	# The rest of an upgrade.
	: >"$driver_libraries/libnvidia-ml.so.999.1"
	ln -s libnvidia-ml.so.999.1 "$driver_libraries/libnvidia-ml.so.1"
	run_container --gpus all
	has_not "$stderr" libnvidia-ml
	env_add NVIDIA_DRIVER_CAPABILITIES=utility
	run_container --gpus all
	fails_with 'driver version mismatch' "$version" "$driver_libraries/libnvidia-ml.so.999.1 is 999.1"
	no_leftovers
}

@test "nvidia: a GPU of unknown UUID is opened once when a UUID is asked for that no other has" {
	local opened=$BATS_TEST_TMPDIR/trace unknown='GPU-????????-????-????-????-????????????'

	own_driver
	sed -i "s/^GPU UUID:.*/GPU UUID: \t $unknown/" "$DRIVER/proc/driver/nvidia/gpus/0000:08:00.0/information"
	program_args nvidia-smi -L
	for gpu in all 1 "$(uuid_of 0)" GPU-12345678 ; do
		strace -f -y -s 4096 -qq -e trace=openat,openat2 -e signal=none -o "$opened" "$NVCRUN" --root "$STATE" \
			"${NVCRUN_OPTIONS[@]}" run --gpus "$gpu" --bundle "$BUNDLE" "$CTR" >"$BATS_TEST_TMPDIR/stdout" \
			2>"$BATS_TEST_TMPDIR/stderr" 3>&- </dev/null || true
		if [ "$gpu" = GPU-12345678 ]; then
			# The container never was: all openings are nvcrun's.
			is "$(grep -c 'proc/self/fd/.*O_RDWR.*O_NONBLOCK' "$opened")" 2
			has "$(cat "$BATS_TEST_TMPDIR/stderr")" 'GPU-12345678: no such GPU' "0: $(uuid_of 0)" \
				'1: 0000:08:00.0 with a UUID not known until it is used once'
		else
			is "$(grep -c 'proc/self/fd/.*O_RDWR.*O_NONBLOCK' "$opened")" 0
		fi
	done
	no_leftovers
}

@test "nvidia: in a user namespace nodes, sockets and files of every capability are bound" {
	chown -R -h 100000:100000 "$BUNDLE/rootfs"
	# As /dev is: init opens the nodes that it binds.
	chmod 0711 "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	files_with all
	got nvidiactl nvidia2 nvidia-uvm nvidia-modeset card2 renderD130 socket nvidia-mps libnvidia-glcore.so libcuda.so \
		nvidia-smi gsp_ga10x.bin -- card0 nvidia0
	no_leftovers
}

@test "nvidia: unknown capabilities are errors" {
	program_args nvidia-smi -L
	env_add NVIDIA_DRIVER_CAPABILITIES=all
	smi_with '0 2' --gpus all
	env_add NVIDIA_DRIVER_CAPABILITIES=utility,cuda
	run_container --gpus all
	fails_with 'unknown capability `cuda`' compute utility
}

# --- files

@test "nvidia: libraries and programs are read-only binds of the driver's own files" {
	config_edit '.root.readonly = false'
	program "cd $libraries"'
		for file in libcuda.so.* libnvidia-ml.so.* /usr/bin/nvidia-smi; do
			(: >>$file) 2>&1 | sed "s/^/write: /"
			[ ! -L $file ] || continue
			stat -c "%d:%i ${file##*/}" $file
			mount -o remount,bind,rw $file 2>&1 | sed "s/^/remount: /"
		done
		grep -c " /usr/bin/nvidia-smi ro,nosuid,nodev" /proc/self/mountinfo
		: >>/usr/bin/ours'
	run_container --gpus all
	is "$status" 0
	(cd "$driver_libraries" && stat -c '%d:%i %n' "libcuda.so.$version" "libnvidia-ml.so.$version" &&
		cd "$DRIVER/usr/bin" && stat -c '%d:%i %n' nvidia-smi) >"$BATS_TEST_TMPDIR/files"
	while read -r line; do
		has "$output" "$line"
	done <"$BATS_TEST_TMPDIR/files"
	# The three files, and libcuda.so.1 and libnvidia-ml.so.1, which lead to two of them.
	is "$(grep -c 'write: .*Read-only file system' <<<"$output")" 5
	is "$(grep -c 'remount: .*ermi' <<<"$output")" 3
	is "$(tail -n 1 <<<"$output")" 1
}

@test "nvidia: SONAME and .so links lead to the libraries" {
	local file soname

	program "cd $libraries"' && for file in libcuda* libnvidia*; do
		[ ! -L $file ] || [ ! -e $file ] || echo "$file -> $(readlink $file)"
	done'
	run_container --gpus all
	succeeds
	for file in "$driver_libraries"/*.so."$version"; do
		# Only those of the default capabilities have it in the fixture.
		[ -L "${file%."$version"}" ] || continue
		file=${file##*/}
		soname=$(readelf -d "$driver_libraries/$file" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
		[ "$soname" = "$file" ] || echo "$soname -> $file"
		echo "${file%."$version"} -> $soname"
	done >"$BATS_TEST_TMPDIR/expected"
	echo "libnvidia-tomorrow.so.1 -> libnvidia-tomorrow.so.$version" >>"$BATS_TEST_TMPDIR/expected"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/expected")" -gt 20 ]
	is "$(sort <<<"$output")" "$(sort "$BATS_TEST_TMPDIR/expected")"
}

@test "nvidia: the container sees no further descriptors" {
	program 'ls /proc/1/fd | xargs'
	run_container --gpus all
	succeeds
	is "$output" '0 1 2'
}

@test "nvidia: an image's own libcuda.so.1 is replaced, be it a file or a link" {
	local dir=$BUNDLE/rootfs$libraries

	program_args nvidia-smi -L --libraries
	gcc -shared -fPIC -nostdlib -DMARKER='"stub"' -Wl,-soname,libcuda.so.1 -o "$dir/libcuda.so.1" \
		"$TREE/tests/fixtures/library.c"
	cp "$dir/libcuda.so.1" "$BATS_TEST_TMPDIR/stub"
	smi_with '0 2' --gpus all

	# Without the runtime the stub is what is loaded.
	rm "$dir/libcuda.so.1"
	cp "$BATS_TEST_TMPDIR/stub" "$dir/libcuda.so.1"
	cp -a "$DRIVER/usr/bin/nvidia-smi" "$BUNDLE/rootfs/usr/bin/smi"
	cp -a "$driver_libraries"/libnvidia-ml.so* "$dir"
	program_args smi -L
	run_container
	has "$stderr" 'wrong copy of libcuda.so.1: `stub`'

	program_args nvidia-smi -L --libraries
	rm "$dir"/libnvidia-ml.so* "$dir/libcuda.so.1"
	cp "$BATS_TEST_TMPDIR/stub" "$dir/libcuda.so.1.stub"
	ln -s libcuda.so.1.stub "$dir/libcuda.so.1"
	ln -sf libcuda.so.1.stub "$dir/libcuda.so"
	smi_with '0 2' --gpus all
	cmp "$BATS_TEST_TMPDIR/stub" "$dir/libcuda.so.1.stub"

	# The very file: covered by the mount, and untouched below it.
	rm -f "$dir/libcuda.so.$version"
	cp "$BATS_TEST_TMPDIR/stub" "$dir/libcuda.so.$version"
	smi_with '0 2' --gpus all
	cmp "$BATS_TEST_TMPDIR/stub" "$dir/libcuda.so.$version"
}

@test "nvidia: the library directory follows the distribution of the image" {
	local rootfs=$BUNDLE/rootfs

	program "ls /usr/lib/$triplet /usr/lib64"
	rm -f "$rootfs/etc/debian_version"
	mkdir -p "$rootfs/usr/lib/$triplet" "$rootfs/usr/lib64"
	run_container --gpus all
	succeeds
	has "${output%%/usr/lib64:*}" libcuda.so.1
	has_not "${output##*/usr/lib64:}" libcuda.so.1

	# No Debian: its C library lies in lib64. Our loader is Debian's and has to be told of it.
	rm -f "$rootfs/usr/lib/$triplet"/lib{cuda,nvidia-}*
	cp -an "$rootfs/usr/lib/$triplet/." "$rootfs/usr/lib64"
	rm -r "${rootfs:?}/usr/lib/$triplet"
	[ ! -d "$rootfs/lib/$triplet" ] || rm -r "${rootfs:?}/lib/$triplet"
	env_add LD_LIBRARY_PATH=/usr/lib64
	program 'nvidia-smi -L --libraries; ls /usr/lib64/libcuda.so.1'
	run_container --gpus all
	succeeds
	is "$output" "$(listing 0 2; echo /usr/lib64/libcuda.so.1)"

	# An image without a distribution, but with Debian's file.
	echo 12 >"$rootfs/etc/debian_version"
	program "ls /usr/lib/$triplet"
	run_container --gpus all
	succeeds
	has "$output" libcuda.so.1
}

@test "nvidia: the image's root is read-only afterwards, and an ordinary user may use the GPU" {
	config_edit '.root.readonly = true | .process.user = {uid: 1000, gid: 1000}'
	program "nvidia-smi -L; : >/usr/bin/ours; : >$libraries/ours"
	run_container --gpus all
	is "$output" "$(listing 0 2)"
	is "$(grep -c 'Read-only file system' <<<"$stderr")" 1
	is "$status" 1
	program ": >$libraries/ours"
	run_container --gpus all
	has "$stderr" 'Read-only file system'
}

@test "nvidia: an image on a read-only file system without mount points is an error that names one" {
	unshare --mount sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' sh \
		"$BUNDLE/rootfs" "$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" run --gpus all --bundle "$BUNDLE" \
		"$CTR" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- </dev/null || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
	fails_with 'nvidia libnvidia-ml.so.1' "$libraries/libnvidia-ml.so.$version" 'ead-only file system'
	no_leftovers
}

# --- devices

# In the view of cgroups $1 only the chosen GPU can be opened, whatever node is made for it.
only_the_chosen_opens() {
	view "$1"
	config_edit '.mounts |= map(select(.type != "cgroup"))'
	capability_add CAP_MKNOD
	program 'cd /dev && mknod other c 195 0 && mknod excluded c 195 1 && mknod chosen c 195 2 &&
		for node in chosen nvidia2 nvidiactl nvidia-uvm other excluded; do (: <$node) done; ls'
	run_container --gpus 1
	has "$stderr" "can't open chosen: No such device or address" \
		"can't open nvidia2: No such device or address" \
		"can't open nvidiactl: No such device or address" \
		"can't open other: Operation not permitted" \
		"can't open excluded: Operation not permitted"
	has_not "$stderr" "can't open nvidia-uvm: Operation not permitted"
	has_not "$output" nvidia0 nvidia1
	no_leftovers
}

@test "nvidia: hybrid cgroups: only the chosen GPU can be opened" { only_the_chosen_opens hybrid; }

@test "nvidia: cgroup v1: only the chosen GPU can be opened" { only_the_chosen_opens v1; }

@test "nvidia: cgroup v2: only the chosen GPU can be opened" { only_the_chosen_opens v2; }

@test "nvidia: nodes may be used, not made" {
	capability_add CAP_MKNOD
	config_edit '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	program 'stat -c "%n %F %t:%T %a %u:%g" /dev/nvidia*'
	run_container --gpus all
	succeeds
	is "$output" "$(cat <<-'END'
		/dev/nvidia-uvm character special file 1ff:0 666 0:0
		/dev/nvidia-uvm-tools character special file 1ff:1 666 0:0
		/dev/nvidia0 character special file c3:0 666 0:0
		/dev/nvidia2 character special file c3:2 666 0:0
		/dev/nvidiactl character special file c3:ff 666 0:0
	END
	)"
}

@test "nvidia: a node of the host that is not the driver's is refused" {
	own_driver
	rm "$DRIVER/dev/nvidia0"
	run_container --gpus all
	fails_with '--gpus all' "no device node $DRIVER/dev/nvidia0" '`nvidia-modprobe -c0`'
	mknod "$DRIVER/dev/nvidia0" c 1 3
	run_container --gpus all
	fails_with "$DRIVER/dev/nvidia0: expected device 195:0, found 1:3"
	rm "$DRIVER/dev/nvidia0"
	ln -s /dev/null "$DRIVER/dev/nvidia0"
	run_container --gpus all
	fails_with "$DRIVER/dev/nvidia0: not a character device"
	rm "$DRIVER/dev/nvidia0"
	mknod "$DRIVER/dev/nvidia0" b 195 0
	run_container --gpus all
	fails_with "$DRIVER/dev/nvidia0: not a character device"
	# The other one is as good as ever.
	program_args nvidia-smi -L
	smi_with 2 --gpus 1
	no_leftovers
}

# --- the host

@test "nvidia: mounts do not reach the host, even where all is shared" {
	config_edit '.linux.rootfsPropagation = "rshared"'
	program_args nvidia-smi -L
	unshare --mount sh -c '
		mount --make-rshared / && cat /proc/self/mountinfo >"$1/before" && "$2" --root "$3" --settings "$4" run \
		--gpus all --bundle "$5" "$6" >"$1/stdout" && cat /proc/self/mountinfo >"$1/after"' sh \
		"$BATS_TEST_TMPDIR" "$NVCRUN" "$STATE" "$DRIVER/nvcrun.toml" "$BUNDLE" "$CTR" 3>&- </dev/null
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" "$(listing 0 2)"
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	no_leftovers
}

@test "nvidia: no program of the driver or the host is executed" {
	program_args nvidia-smi -L
	strace -f -s 4096 -qq -e trace=execve,execveat -e signal=none -o "$BATS_TEST_TMPDIR/trace" \
		"$NVCRUN" --root "$STATE" "${NVCRUN_OPTIONS[@]}" run --gpus all --bundle "$BUNDLE" "$CTR" \
		>"$BATS_TEST_TMPDIR/stdout" 3>&- </dev/null
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" "$(listing 0 2)"
	# nvcrun, once more from a protected copy of its own, and the container's program.
	is "$(sed 's/^[0-9]* *\(exec[a-z]*\)([^[]*\["\([^"]*\)".*/\1 \2/' "$BATS_TEST_TMPDIR/trace")" "execve $NVCRUN
execveat $NVCRUN
execve nvidia-smi"
}

# --- settings and the driver

@test "nvidia: settings that others can write are refused" {
	settings "$(cat "$DRIVER/nvcrun.toml")"
	program_args nvidia-smi -L
	smi_with '0 2' --gpus all
	for mode in 0666 0664 0646; do
		chmod "$mode" "$BATS_TEST_TMPDIR/settings.toml"
		run_container --gpus all
		fails_with "$BATS_TEST_TMPDIR/settings.toml" "mode $mode" 'owned by root'
	done
	chmod 0644 "$BATS_TEST_TMPDIR/settings.toml"
	chown 1000 "$BATS_TEST_TMPDIR/settings.toml"
	run_container --gpus all
	fails_with "$BATS_TEST_TMPDIR/settings.toml" 'uid 1000' 'owned by root'
	no_leftovers
}

@test "nvidia: an error in the settings names file, line and key" {
	local file=$BATS_TEST_TMPDIR/settings.toml

	settings $'# first\n[nvidia]\ndriver-rot = "/"'
	run_container --gpus all
	fails_with "$file:3: unknown key \`nvidia.driver-rot\`" driver-root
	settings $'[nvidia]\ndriver-root = 3'
	run_container --gpus all
	fails_with "$file:2" nvidia.driver-root 'expected a string'
	settings $'[nvidia]\n\ndriver-root = "relative"'
	run_container --gpus all
	fails_with "$file:3" nvidia.driver-root 'absolute path' '`relative`'
	settings $'[nvidia]\non-missing-driver = "panic"'
	run_container --gpus all
	fails_with "$file:2" nvidia.on-missing-driver '`panic`'
	settings $'[nvidia\n'
	run_container --gpus all
	fails_with "$file:1"
	NVCRUN_OPTIONS=(--settings "$BATS_TEST_TMPDIR/none.toml")
	run_container --gpus all
	fails_with "open settings $BATS_TEST_TMPDIR/none.toml" 'o such file'
	no_leftovers
}

@test "nvidia: NVCRUN_CONFIG names the settings, --settings wins" {
	local NVCRUN_CONFIG=$DRIVER/nvcrun.toml

	export NVCRUN_CONFIG
	program_args nvidia-smi -L
	NVCRUN_OPTIONS=()
	smi_with '0 2' --gpus all
	NVCRUN_OPTIONS=(--settings "$BATS_TEST_TMPDIR/none.toml")
	run_container --gpus all
	fails_with none.toml
	NVCRUN_CONFIG=$BATS_TEST_TMPDIR/none.toml
	NVCRUN_OPTIONS=(--settings "$DRIVER/nvcrun.toml")
	smi_with '0 2' --gpus all
}

@test "nvidia: no driver: the error says where it was looked for" {
	own_driver
	rm -r "$DRIVER/sys" "$DRIVER/proc"
	run_container --gpus all
	fails_with '--gpus all: no NVIDIA driver' "$DRIVER/sys/module/nvidia/version" \
		"$DRIVER/proc/driver/nvidia/version" 'modprobe nvidia'
	# A host that may have none, by its settings: the container goes without.
	sed -i 's/^driver-root/on-missing-driver = "warn"\n&/' "$DRIVER/nvcrun.toml"
	program 'ls /dev'
	run_container --gpus all
	is "$status" 0
	has "$stderr" 'no NVIDIA driver' "$DRIVER/sys/module/nvidia/version"
	has_not "$output" nvidia
}

@test "nvidia: no libraries, or those of another version" {
	own_driver
	echo 999.99.99 >"$DRIVER/sys/module/nvidia/version"
	run_container --gpus all
	fails_with 'driver version mismatch' 999.99.99 "libcuda.so.$version"
	rm -r "${DRIVER:?}/usr"
	run_container --gpus all
	fails_with 'libcuda.so.999.99.99' "driver root $DRIVER/" "/usr/lib/$triplet" /usr/lib64
	no_leftovers
}

@test "nvidia: a driver root that others can write is refused" {
	own_driver
	chmod 0777 "$DRIVER"
	run_container --gpus all
	fails_with "driver root $DRIVER" 'writable by root alone'
}

@test "nvidia: the driver's loader cache may be anything" { # T7
	local cache

	own_driver
	program_args nvidia-smi -L
	cache=$DRIVER/etc/ld.so.cache
	cp "$cache" "$BATS_TEST_TMPDIR/cache"
	for damage in ': >$cache' 'head -c 60 "$BATS_TEST_TMPDIR/cache" >$cache' 'rm $cache; mkfifo $cache' \
		'rm $cache; truncate -s 1G $cache' 'rm $cache; mkdir $cache' 'rmdir $cache' \
		'{ head -c 20 "$BATS_TEST_TMPDIR/cache"; printf "\377\377\377\377"; tail -c +25 "$BATS_TEST_TMPDIR/cache"; } >$cache'; do
		eval "$damage"
		smi_with '0 2' --gpus all
	done
}
