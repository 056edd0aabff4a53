#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh DIR: a driver tree for plans, which nothing runs on: no device nodes (settings say fake-devices), so
# it needs no root, and only one library of each kind. Three GPUs, one of them excluded; minors are not indices.
set -eu

version=580.159.04
dir=$1
libraries=$dir/usr/lib64

# gpu BUS MINOR UUID EXCLUDED
gpu() {
	mkdir -p "$dir/proc/driver/nvidia/gpus/0000:$1:00.0"
	printf 'Model: \t\t NVIDIA H200\nGPU UUID: \t %s\nDevice Minor: \t %s\nGPU Excluded:\t%s\n' \
		"$3" "$2" "$4" >"$dir/proc/driver/nvidia/gpus/0000:$1:00.0/information"
}

# library NAME SONAME: only its SONAME is ever read.
library() {
	"${CC:-cc}" -shared -nostdlib -Wl,-soname,"$2" -o "$libraries/$1.so.$version" "$dir/empty.c"
}

umask 022
# dev is there and empty, so that nobody looks into the host's.
mkdir -p "$libraries" "$dir/usr/bin" "$dir/dev" "$dir/proc/driver/nvidia" "$dir/sys/module/nvidia"
echo "$version" >"$dir/sys/module/nvidia/version"
printf 'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  %s  Release Build\n' "$version" \
	>"$dir/proc/driver/nvidia/version"
printf 'RmLogonRC: 1\nModifyDeviceFiles: 1\nDeviceFileMode: 438\n' >"$dir/proc/driver/nvidia/params"
echo 'Binary: ""' >"$dir/proc/driver/nvidia/registry"
printf 'Character devices:\n195 nvidia\n195 nvidiactl\n511 nvidia-uvm\n\nBlock devices:\n259 blkext\n' \
	>"$dir/proc/devices"
gpu 06 0 GPU-00000000-0000-0000-0000-000000000000 No
gpu 07 1 GPU-11111111-1111-1111-1111-111111111111 Yes
gpu 08 2 GPU-22222222-2222-2222-2222-222222222222 No

: >"$dir/empty.c"
library libnvidia-ml libnvidia-ml.so.1
library libcuda libcuda.so.1
library libnvidia-nvvm libnvidia-nvvm.so.4
library libnvidia-gpucomp "libnvidia-gpucomp.so.$version"
ln -s libnvidia-nvvm.so.4 "$libraries/libnvidia-nvvm.so"
for program in nvidia-smi nvidia-cuda-mps-control; do
	: >"$dir/usr/bin/$program"
	chmod 0755 "$dir/usr/bin/$program"
done
