# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A box for an engine: mount, network, process id, IPC and host name namespaces of its own. Its /run
# and what the engines keep below /var/lib are empty, nothing in it reaches a network, and when its
# first process is killed all that ran or was mounted in it is gone. The cgroups that are left are
# below $CGROUP.
#
#	DIR	directory of the suite on a real file system (overlay needs it)
#	CGROUP	cgroups of all engines of the suite are below it, as /nvcrun-engines-PID
#	BOX	process id of the first process of the box

# box_start [v2]: make the box; v2: it sees the cgroups as pure v2.
box_start() {
	local script=$DIR/box

	DIR=$(mktemp -d "${TMPDIR:-/tmp}/nvcrun-engines.XXXXXX")
	CGROUP=/nvcrun-engines-$$
	script=$DIR/box
	mkdir "$DIR/lib" "$DIR/bundle"
	cat >"$script" <<-END
		set -e
		mount -t proc proc /proc
		mount -t tmpfs -o mode=755 tmpfs /run
		for name in docker containerd containers cni; do
			mkdir -p "$DIR/lib/\$name" "/var/lib/\$name"
			mount --bind "$DIR/lib/\$name" "/var/lib/\$name"
		done
		ip link set lo up
		$([ "${1-}" != v2 ] || echo 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup')
		touch "$DIR/ready"
		exec sleep infinity
	END
	unshare --mount --net --pid --ipc --uts --fork --kill-child tini -- sh "$script" \
		</dev/null >"$DIR/box.log" 2>&1 3>&- &
	BOX_PARENT=$!
	disown
	wait_for test -e "$DIR/ready"
	BOX=$(cat "/proc/$BOX_PARENT/task/$BOX_PARENT/children")
	BOX=${BOX% }
	export DIR CGROUP BOX BOX_PARENT
}

# in_box COMMAND...: run it in the box.
in_box() {
	nsenter --target "$BOX" --mount --net --pid --ipc --uts "$@"
}

# in_box_daemon NAME COMMAND...: run it in the box in the background, with its words in NAME.log.
in_box_daemon() {
	nsenter --target "$BOX" --mount --net --pid --ipc --uts "${@:2}" \
		</dev/null >"$DIR/$1.log" 2>&1 3>&- &
	disown
}
