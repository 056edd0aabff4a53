#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# containerd's own client ctr, with the shim io.containerd.runc.v2, which calls the runtime by its options.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031,SC2317  # each test is a subshell, its functions are called by `both'
load helpers/box

setup_file() {
	needs containerd ctr runc tini || return 0
	box_start containerd
	in_box_daemon containerd containerd
	wait_for ctr version >/dev/null 2>&1
	mkdir "$DIR/rootfs"
	cp -a "$ROOTFS/." "$DIR/rootfs"
}

teardown_file() { box_stop; }

setup() { engine_setup; }

teardown() {
	[ -z "${MISSING-}" ] || return 0
	local id

	for id in $(ctr task list --quiet); do
		ctr task delete --force "$id" >/dev/null 2>&1 || true
	done
	for id in $(ctr container list --quiet); do
		ctr container delete "$id"
	done
	is "$(in_box find /run/containerd/runc -mindepth 2 2>/dev/null)" ''
}

ctr() {
	in_box timeout 60 ctr "$@"
}

binary() {
	if [ "$RUNTIME" = nvcrun ]; then
		echo "$NVCRUN"
	else
		command -v runc
	fi
}

# start [OPTION...] [-- COMMAND...]: ctr run of $CTR.
start() {
	local options=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	ctr run --runtime io.containerd.runc.v2 --runc-binary "$(binary)" --cgroup "$CGROUP/$CTR" \
		--env PATH=/bin "${options[@]}" --rootfs "$DIR/rootfs" "$CTR" "${@:2}"
}

# The same, of a program that runs until the end of the test.
detached() {
	start --detach -- sh -c 'trap "exit 5" TERM; while :; do sleep 0.05; done'
	wait_for has_task_status RUNNING
}

has_task_status() { ctr task list | grep -q "^$CTR .* $1"; }

@test "containerd: output and exit code" {
	case_of() {
		exits 0 start --rm -- echo hello
		is "$output" hello
		exits 7 start --rm -- sh -c 'exit 7'
		exits 1 start --rm -- nosuch
		has "$stderr" 'OCI runtime create failed' 'exec: "nosuch": executable file not found in $PATH'
	}
	both case_of
}

@test "containerd: the inside of a container is the same" {
	for RUNTIME in runc nvcrun; do
		CTR=inside
		ctr run --runtime io.containerd.runc.v2 --runc-binary "$(binary)" --cgroup "$CGROUP/inside" --rm \
			--env PATH=/bin --env A=1 --cwd /etc --memory-limit 33554432 --cpu-quota 50000 --cpu-period 100000 --device /dev/fuse \
			--mount type=bind,src=/etc,dst=/host,options=rbind:ro --rootfs --read-only --seccomp \
			"$DIR/rootfs" inside sh -c "$(cat "$BATS_TEST_DIRNAME/helpers/inside.sh")" >"$DIR/inside.$RUNTIME"
		[ "$(wc -l <"$DIR/inside.$RUNTIME")" -gt 80 ] || fail "$RUNTIME shows little: $(cat "$DIR/inside.$RUNTIME")"
	done
	diff -u "$DIR/inside.runc" "$DIR/inside.nvcrun"
}

@test "containerd: a terminal" {
	case_of() {
		on_terminal ctr run --rm -t --runtime io.containerd.runc.v2 --runc-binary "$(binary)" \
			--cgroup "$CGROUP/$CTR" --env PATH=/bin --rootfs "$DIR/rootfs" "$CTR" sh -c 'tty; exit 4'
		is "$status" 4
		has "$output" '/dev/pts/0^M'
	}
	both case_of
}

@test "containerd: exec" {
	case_of() {
		detached
		exits 3 ctr task exec --exec-id 1 "$CTR" sh -c 'echo inner; exit 3'
		is "$output" inner
		exits 0 ctr task exec --exec-id 2 --user 5:6 --cwd /etc "$CTR" sh -c 'echo $(id -u) $(id -g) $PWD'
		is "$output" '5 6 /etc'
		exits 1 ctr task exec --exec-id 3 "$CTR" nosuch
		has "$stderr" 'executable file not found in $PATH'
		on_terminal ctr task exec -t --exec-id 4 "$CTR" sh -c 'tty; exit 6'
		is "$status" 6
		has "$output" '/dev/pts/0^M'
		ctr task exec --detach --exec-id 5 "$CTR" sleep 1000
		has "$(ctr task ps "$CTR")" ExecID:5
		ctr task kill --exec-id 5 --signal KILL "$CTR"
	}
	both case_of
}

@test "containerd: kill and delete" {
	case_of() {
		detached
		exits 1 ctr task delete "$CTR"
		ctr task kill "$CTR"
		wait_for has_task_status STOPPED
		exits 1 ctr task kill "$CTR"
		has "$stderr" 'not found'
		exits 0 ctr task delete "$CTR"
		has "$stderr" 'exit code 5'
		ctr container delete "$CTR"
		detached
		ctr task kill --all --signal KILL "$CTR"
		wait_for has_task_status STOPPED
		exits 0 ctr task delete --force "$CTR"
		has "$stderr" 'exit code 137'
	}
	both case_of
}

@test "containerd: pause and resume" {
	case_of() {
		detached
		ctr task pause "$CTR"
		has_task_status PAUSED
		exits 1 ctr task exec --exec-id 1 "$CTR" true
		ctr task resume "$CTR"
		has_task_status RUNNING
		exits 0 ctr task exec --exec-id 2 "$CTR" true
	}
	both case_of
}

@test "containerd: processes and metrics" {
	case_of() {
		detached
		exits 0 ctr task ps "$CTR"
		has "$output" PID "$(ctr task list | awk -v id="$CTR" '$1 == id { print $2 }')"
		exits 0 ctr task metrics "$CTR"
		has "$output" pids.current
	}
	both case_of
}

@test "containerd: a namespace that is there already" {
	in_box sh -c "touch /run/net && unshare --net mount --bind /proc/self/ns/net /run/net"
	case_of() {
		exits 0 start --rm --with-ns network:/run/net -- readlink /proc/self/ns/net
		is "$output" "net:[$(in_box stat -c %i /run/net)]"
		exits 0 start --rm --net-host -- readlink /proc/self/ns/net
		is "$output" "$(in_box readlink /proc/self/ns/net)"
	}
	both case_of
}

@test "containerd: --privileged" {
	for RUNTIME in runc nvcrun; do
		CTR=privileged-$RUNTIME
		capture start --rm --privileged -- sh -c 'mount -t tmpfs tmpfs /tmp && echo mounted'
		[ "$RUNTIME" = nvcrun ] || [ "$status" -eq 0 ] || has "$stderr" 'unable to apply caps'
	done
	is "$status $output" '0 mounted'
}

@test "containerd: the log of the runtime" {
	RUNTIME=nvcrun CTR=log
	exits 1 start --rm --mount type=bind,src=/no/such/source,dst=/x,options=rbind -- true
	has "$stderr" /no/such/source
}
