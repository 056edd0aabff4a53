#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Engines where only cgroup v2 is seen: docker, podman as root and as a plain user with a delegated cgroup. What the
# machine's v2 has no controller for is in docker.bats and podman.bats.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031,SC2317  # each test is a subshell, its functions are called by `both'
load helpers/box

setup_file() {
	needs dockerd podman conmon runc tini newuidmap || return 0
	case $(stat -f -c %T /sys/fs/cgroup) in
	tmpfs) box_start cgroup2 v2 user ;;
	cgroup2fs) box_start cgroup2 user ;;
	*)
		export MISSING=' of a machine with cgroup v2'
		return
		;;
	esac
	cp "$NVCRUN" "$DIR/nvcrun"
	in_box tee /etc/containers/containers.conf >/dev/null <<-END
		[containers]
		log_driver = "k8s-file"
		netns = "none"
		pids_limit = 0
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[engine.runtimes]
		nvcrun = ["$DIR/nvcrun"]
	END
	jq -n --arg nvcrun "$NVCRUN" --arg cgroup "$CGROUP/docker" '{
		"exec-opts": ["native.cgroupdriver=cgroupfs"],
		"cgroup-parent": $cgroup,
		"runtimes": { "nvcrun": { "path": $nvcrun } }}' >"$DIR/daemon.json"
	in_box_daemon dockerd dockerd --config-file "$DIR/daemon.json"
	tar -C "$ROOTFS" -cf "$DIR/image.tar" .
	chmod 0644 "$DIR/image.tar"
	in_box podman import "$DIR/image.tar" image >/dev/null 2>&1
	plain podman import "$DIR/image.tar" image >/dev/null 2>&1
	wait_for in_box docker info >/dev/null 2>&1
	in_box docker import "$DIR/image.tar" image >/dev/null
}

teardown_file() { box_stop; }

setup() { engine_setup; }

# The plain user in its delegated cgroup.
plain() {
	in_box sh -c 'echo $$ >"/sys/fs/cgroup$CGROUP/user/cgroup.procs" && exec "$@"' - \
		setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups env --chdir="$DIR/home" HOME="$DIR/home" \
		XDG_RUNTIME_DIR="/run/user/$USER_ID" timeout 60 "$@"
}

# podman_case WHO: WHO is in_box or plain.
podman_case() {
	"$1" podman --runtime "$RUNTIME" run --detach --name "$CTR" "$PARENT" image sleep 1000
	exits 3 "$1" podman --runtime "$RUNTIME" exec "$CTR" sh -c 'tail -n 1 /proc/self/cgroup; exit 3'
	is "$output" '0::/'
	"$1" podman --runtime "$RUNTIME" pause "$CTR"
	is "$("$1" podman inspect --format '{{.State.Status}}' "$CTR")" paused
	"$1" podman --runtime "$RUNTIME" unpause "$CTR"
	"$1" podman --runtime "$RUNTIME" stop --time 0 "$CTR"
	"$1" podman rm "$CTR"
}

@test "cgroup v2: docker" {
	case_of() {
		in_box docker run --detach --name "$CTR" --runtime "$RUNTIME" image sleep 1000
		exits 3 in_box docker exec "$CTR" sh -c 'tail -n 1 /proc/self/cgroup; exit 3'
		is "$output" '0::/'
		exits 1 in_box docker exec "$CTR" sh -c 'mknod /tmp/mem c 1 1 && cat /tmp/mem'
		has "$output$stderr" 'Operation not permitted'
		in_box docker pause "$CTR"
		is "$(in_box docker inspect --format '{{.State.Status}}' "$CTR")" paused
		in_box docker unpause "$CTR"
		in_box docker top "$CTR"
		in_box docker stats --no-stream "$CTR"
		exits 0 in_box docker run --rm --runtime "$RUNTIME" --device /dev/fuse image sh -c ': <>/dev/fuse'
		in_box docker stop --time 0 "$CTR"
		in_box docker rm "$CTR"
	}
	both case_of
}

@test "cgroup v2: podman as root" {
	PARENT=--cgroup-parent=$CGROUP/podman
	case_of() {
		podman_case in_box
	}
	both case_of
}

@test "cgroup v2: podman as a plain user, in its delegated cgroup" {
	PARENT=--cgroup-parent=$CGROUP/user
	case_of() {
		podman_case plain
	}
	both case_of
}
