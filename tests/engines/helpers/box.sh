#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first process of a box, see box.bash: prepares what is seen in the box only.
#
#	box.sh [user] [v2]
#
#	user	a plain user tester, for engines without root
#	v2	cgroups are seen as pure v2
#	DIR, CGROUP, USER_ID	from box_start
set -e

# copy PATH: what is written to it is seen in the box only.
copies=0
copy() {
	copies=$((copies + 1))
	cp -a "$1" "$DIR/copy$copies"
	mount --bind "$DIR/copy$copies" "$1"
}

# podman makes directories beside the v1 hierarchies: not beside those of the machine.
own_directory_of_hierarchies() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || return 0
	mkdir /run/cgroup
	mount -t tmpfs -o mode=755 tmpfs /run/cgroup
	for path in /sys/fs/cgroup/*; do
		mkdir "/run/cgroup/${path##*/}"
		mount --bind "$path" "/run/cgroup/${path##*/}"
	done
	mount --move /run/cgroup /sys/fs/cgroup
}

# With subordinate ids, and a cgroup in which it may make others.
user() {
	for file in /etc/passwd /etc/group /etc/subuid /etc/subgid; do
		copy "$file"
	done
	echo "tester:x:$USER_ID:$USER_ID::$DIR/home:/bin/sh" >>/etc/passwd
	echo "tester:x:$USER_ID:" >>/etc/group
	echo tester:300000:65536 | tee /etc/subuid >/etc/subgid
	mkdir -p /run/user
	mkdir -m 0700 "$DIR/home" "/run/user/$USER_ID"
	chown "$USER_ID:$USER_ID" "$DIR/home" "/run/user/$USER_ID"
	for device in net/tun fuse; do
		mknod -m 0666 "/run/${device##*/}" c 10 "$(stat -c 0x%T "/dev/$device" | xargs printf %d)"
		mount --bind "/run/${device##*/}" "/dev/$device"
	done
	unified=/sys/fs/cgroup/unified
	[ -d "$unified" ] || unified=/sys/fs/cgroup
	mkdir -p "$unified$CGROUP/user"
	chown "$USER_ID" "$unified$CGROUP/user" "$unified$CGROUP/user/cgroup.procs" \
		"$unified$CGROUP/user/cgroup.subtree_control"
}

v2() {
	umount -R /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
for name in docker containerd containers cni; do
	mkdir -p "$DIR/lib/$name" "/var/lib/$name"
	mount --bind "$DIR/lib/$name" "/var/lib/$name"
done
for name in cni containers docker; do
	[ ! -e "/etc/$name" ] || copy "/etc/$name"
done
# For plain users it would be vfs, which copies every layer.
[ ! -e /etc/containers ] || printf '%s\n' '[storage]' 'driver = "overlay"' \
	'runroot = "/run/containers/storage"' 'graphroot = "/var/lib/containers/storage"' >/etc/containers/storage.conf
own_directory_of_hierarchies
ip link set lo up
for word; do
	"$word"
done
touch "$DIR/ready"
exec sleep infinity
