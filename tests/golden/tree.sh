#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh DIR [LAYOUT]: a driver tree for plans, which nothing runs on: no device nodes (settings say fake-devices),
# so it needs no root. DIR/settings.toml are the settings for it. Each layout below is a function.
set -eu

version=580.159.04
dir=$1
layout=${2:-small}
root=$dir
libraries=$root/usr/lib64
machine=

# gpu BUS-ID MINOR [EXCLUDED]: its UUID is made of its minor, one digit.
gpu() {
	mkdir -p "$dir/proc/driver/nvidia/gpus/$1"
	printf 'Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-%s\nDevice Minor: \t %s\nGPU Excluded:\t%s\n' \
		"$(echo 00000000-0000-0000-0000-000000000000 | tr 0 "$2")" "$2" "${3:-No}" \
		>"$dir/proc/driver/nvidia/gpus/$1/information"
}

# elf FILE SONAME: only its SONAME is ever read.
elf() {
	mkdir -p "$(dirname "$libraries/$1")"
	# shellcheck disable=SC2086 # an option, or none
	"${CC:-cc}" $machine -shared -nostdlib -Wl,-soname,"$2" -o "$libraries/$1" "$dir/empty.c"
}

# library NAME [SUFFIX]: NAME.so.<version>; its SONAME is NAME.so.SUFFIX (default 1), for `-` the file's name.
library() {
	if [ "${2:-1}" = - ]; then
		elf "$1.so.$version" "$1.so.$version"
	else
		elf "$1.so.$version" "$1.so.${2:-1}"
	fi
}

# Make files of these names, executable ones.
programs() {
	for file; do
		mkdir -p "${file%/*}"
		: >"$file"
		chmod 0755 "$file"
	done
}

# What every layout has. dev is there and empty, so that nobody looks into the host's.
common() {
	mkdir -p "$libraries" "$root/dev" "$dir/proc/driver/nvidia" "$dir/sys/module/nvidia"
	echo "$version" >"$dir/sys/module/nvidia/version"
	printf 'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  %s  Release Build\n' "$version" \
		>"$dir/proc/driver/nvidia/version"
	printf 'RmLogonRC: 1\nModifyDeviceFiles: 1\nDeviceFileMode: 438\n' >"$dir/proc/driver/nvidia/params"
	echo 'Binary: ""' >"$dir/proc/driver/nvidia/registry"
	printf '%s\n' 'Character devices:' '195 nvidia' '195 nvidiactl' '195 nvidia-modeset' '510 nvidia-caps' \
		'511 nvidia-uvm' '' 'Block devices:' '259 blkext' >"$dir/proc/devices"
	: >"$dir/empty.c"
	cat >"$dir/settings.toml" <<-END
		[nvidia]
		driver-root = "$root"

		[nvidia.testing]
		proc-root = "$dir/proc"
		sys-root = "$dir/sys"
		fake-devices = true
	END
}

# The smallest that still does something.
two_libraries() {
	common
	library libnvidia-ml
	library libcuda
	programs "$root/usr/bin/nvidia-smi"
}

# Three GPUs, one of them excluded; minors are not indices.
small() {
	two_libraries
	gpu 0000:06:00.0 0
	gpu 0000:07:00.0 1 Yes
	gpu 0000:08:00.0 2
	library libnvidia-nvvm 4
	library libnvidia-gpucomp -
	ln -s libnvidia-nvvm.so.4 "$libraries/libnvidia-nvvm.so"
	programs "$root/usr/bin/nvidia-cuda-mps-control"
}

# Debian's directory.
one() {
	libraries=$root/usr/lib/$(uname -m)-linux-gnu
	two_libraries
	gpu 0000:06:00.0 0
}

# Eight GPUs that count and two that do not; the driver met them in another order than that of the bus.
eight() {
	two_libraries
	gpu 0000:1b:00.0 3
	gpu 0000:43:00.0 2
	gpu 0000:52:00.0 1 Yes
	gpu 0000:61:00.0 0
	gpu 0000:9d:00.0 7
	gpu 0000:9d:00.1 8
	gpu 0000:c3:00.0 6 Yes
	gpu 0000:d1:00.0 5
	gpu 0000:df:00.0 4
	gpu 0001:03:00.0 9
}

# Domains of four and of eight digits. The order is that of the numbers.
domains() {
	two_libraries
	gpu 10000000:01:00.0 0
	gpu 0002:01:00.0 1
	gpu 00000001:01:00.0 2
	gpu 0000:01:00.0 3
}

# access FILE MINOR: of an instance.
access() {
	mkdir -p "$dir/proc/driver/nvidia/capabilities/${1%/*}"
	printf 'DeviceFileMinor: %d\nDeviceFileMode: 292\nDeviceFileModify: 1\n' "$2" \
		>"$dir/proc/driver/nvidia/capabilities/$1"
}

# A whole GPU, and one in MIG mode with two GPU instances, three compute instances, and a GPU instance without any.
mig() {
	two_libraries
	gpu 0000:06:00.0 0
	gpu 0000:07:00.0 2
	mkdir -p "$dir/proc/driver/nvidia/capabilities/gpu0/mig"
	access gpu2/mig/gi1/access 282
	access gpu2/mig/gi1/ci0/access 283
	access gpu2/mig/gi1/ci1/access 284
	access gpu2/mig/gi2/access 291
	access gpu2/mig/gi2/ci0/access 292
	access gpu2/mig/gi10/access 363
}

# A machine with H200s: the driver is all in one directory; only links in /lib and the loader cache lead to it.
h200() {
	libraries=$root/usr/local/nvidia/lib64
	common
	gpu 0000:00:06.0 0
	for name in libcuda libcudadebugger libEGL_nvidia:0 libGLESv1_CM_nvidia libGLESv2_nvidia:2 libGLX_nvidia:0 \
		libnvcuvid libnvidia-allocator libnvidia-cfg libnvidia-eglcore:- libnvidia-encode libnvidia-fbc \
		libnvidia-glcore:- libnvidia-glsi:- libnvidia-glvkspirv:- libnvidia-gpucomp:- libnvidia-ml \
		libnvidia-nvvm:4 libnvidia-opencl libnvidia-opticalflow libnvidia-pkcs11-openssl3:- \
		libnvidia-ptxjitcompiler libnvidia-rtcore:- libnvidia-tls:- libnvoptix libvdpau_nvidia; do
		h200_library "${name%:*}" "$(echo "$name:1" | cut -d : -f 2)"
	done
	programs "$root/usr/local/nvidia/bin/nvidia-smi" "$root/usr/local/nvidia/bin/nvidia-debugdump" \
		"$root/usr/local/nvidia/bin/nvidia-persistenced" "$root/usr/local/nvidia/bin/nvidia-cuda-mps-control" \
		"$root/usr/local/nvidia/bin/nvidia-cuda-mps-server" \
		"$root/usr/local/nvidia/firmware/nvidia/$version/gsp_ga10x.bin" \
		"$root/usr/local/nvidia/firmware/nvidia/$version/gsp_tu10x.bin" \
		"$root/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json" \
		"$root/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json" \
		"$root/usr/local/nvidia/share/vulkan/implicit_layer.d/nvidia_layers.json"
	ln -s lib64 "$root/usr/local/nvidia/lib"
	# Its own C library, which no container may get.
	elf ../glibc/libc.so.6 libc.so.6
	elf "../glibc/libm.so.$version" libm.so.6
	mkdir -p "$dir/sys/module/firmware_class/parameters" "$root/etc"
	echo /usr/local/nvidia/firmware >"$dir/sys/module/firmware_class/parameters/path"
	loader_cache /lib
}

h200_library() {
	library "$1" "$2"
	mkdir -p "$root/lib"
	if [ "$2" != - ]; then
		ln -s "$1.so.$version" "$libraries/$1.so.$2"
		ln -s "/usr/local/nvidia/lib64/$1.so.$2" "$root/lib/$1.so.$2"
	fi
	ln -s "$1.so.$version" "$libraries/$1.so"
}

# loader_cache DIRECTORY: with what is there. Needs no root: without chroot(2) ldconfig puts the root before paths.
loader_cache() {
	echo "$1" >"$root/etc/ld.so.conf"
	PATH=$PATH:/usr/sbin:/sbin
	ldconfig -X -r "$root" 2>/dev/null
}

# NixOS: one directory behind a link into the store, and no loader cache.
nixos() {
	libraries=$root/nix/store/0000-graphics-drivers/lib
	two_libraries
	gpu 0000:01:00.0 0
	mkdir -p "$root/run" "$root/nix/store/0000-graphics-drivers/bin"
	ln -s /nix/store/0000-graphics-drivers "$root/run/opengl-driver"
	mv "$root/usr/bin/nvidia-smi" "$root/nix/store/0000-graphics-drivers/bin/"
}

# The driver in a container of its own, with its own dev; /proc and /sys are the host's.
container() {
	root=$dir/run/nvidia/driver
	libraries=$root/usr/lib/$(uname -m)-linux-gnu
	two_libraries
	gpu 0000:06:00.0 0
	mkdir -p "$dir/usr/bin" "$dir/usr/lib64"
	# Of another driver, on the host: not to be looked at.
	: >"$dir/usr/bin/nvidia-smi"
}

# Something of each capability.
every() {
	two_libraries
	gpu 0000:06:00.0 0
	for name in libnvidia-cfg libnvidia-ptxjitcompiler libnvidia-nvvm:4 libnvcuvid libnvidia-encode \
		vdpau/libvdpau_nvidia libGLX_nvidia:0 libEGL_nvidia:0 libnvidia-eglcore:- libnvidia-glcore:- \
		libnvidia-glvkspirv:- libnvidia-tls:- libnvoptix libnvidia-allocator libnvidia-ngx libnvidia-newer:-; do
		library "${name%:*}" "$(echo "$name:1" | cut -d : -f 2)"
	done
	elf libnvidia-nvvm70.so.4 libnvidia-nvvm70.so.4
	elf libnvidia-egl-gbm.so.1.1.2 libnvidia-egl-gbm.so.1
	elf libEGL.so.1.1.0 libEGL.so.1
	programs "$root/usr/bin/nvidia-cuda-mps-control" "$root/usr/bin/nvidia-xconfig" \
		"$root/lib/firmware/nvidia/$version/gsp_ga10x.bin" "$root/etc/OpenCL/vendors/nvidia.icd" \
		"$root/etc/vulkan/icd.d/nvidia_icd.json" "$root/usr/share/glvnd/egl_vendor.d/10_nvidia.json" \
		"$root/usr/share/nvidia/nvoptix.bin" "$root/usr/share/X11/xorg.conf.d/10-nvidia.conf"
	mkdir -p "$dir/sys/bus/pci/devices/0000:06:00.0/drm/card0" \
		"$dir/sys/bus/pci/devices/0000:06:00.0/drm/renderD128"
	echo 226:0 >"$dir/sys/bus/pci/devices/0000:06:00.0/drm/card0/dev"
	echo 226:128 >"$dir/sys/bus/pci/devices/0000:06:00.0/drm/renderD128/dev"
}

# Both kinds of libraries. Exit code 77: the compiler makes none of 32 bits.
every32() {
	two_libraries
	gpu 0000:06:00.0 0
	machine=-m32 libraries=$root/usr/lib/i386-linux-gnu
	library libnvidia-ml || exit 77
	library libcuda
}

umask 022
"$layout"
