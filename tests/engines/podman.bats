#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# podman with conmon, as root and as a plain user, first with runc, then with nvcrun.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031,SC2317  # each test is a subshell, its functions are called by `both'
load helpers/box

setup_file() {
	needs podman conmon runc tini slirp4netns newuidmap || return 0
	[ -z "$(parents)" ] || export HAD_PARENTS=yes
	box_start podman user
	# Where the plain user can reach it.
	cp "$NVCRUN" "$DIR/nvcrun"
	printf '%s\n' '#!/bin/sh' "exec $DIR/nvcrun --settings $DRIVER/nvcrun.toml \"\$@\"" >"$DIR/nvcrun-gpu"
	chmod 0755 "$DIR/nvcrun-gpu"
	in_box tee /etc/containers/containers.conf >/dev/null <<-END
		[containers]
		log_driver = "k8s-file"
		netns = "none"
		[network]
		network_backend = "netavark"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime_supports_json = ["runc", "nvcrun"]
		runtime_supports_nocgroup = ["nvcrun"]
		[engine.runtimes]
		nvcrun = ["$DIR/nvcrun"]
		nvcrun-gpu = ["$DIR/nvcrun-gpu"]
	END
	tar -C "$ROOTFS" -cf "$DIR/image.tar" .
	chmod 0644 "$DIR/image.tar"
	for USER in root plain; do
		any_podman import --change 'CMD ["sh"]' "$DIR/image.tar" image >"$DIR/import.log" 2>&1 || {
			cat "$DIR/import.log" >&2
			return 1
		}
	done
}

# Cgroups beside the containers', where podman puts conmon: they stay if they were there before.
parents() {
	find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*'
}

teardown_file() {
	box_stop
	[ -n "${HAD_PARENTS-}" ] || parents | xargs -r rmdir
}

setup() {
	engine_setup
	USER=root
}

teardown() {
	[ -z "${MISSING-}" ] || return 0
	for USER in root plain; do
		any_podman rm --all --force --time 0 >/dev/null 2>&1 || true
	done
}

# podman of $USER, which is root or plain.
any_podman() {
	if [ "$USER" = root ]; then
		in_box timeout 60 podman "$@"
	else
		as_user timeout 60 podman "$@"
	fi
}

# podman with the runtime of the case.
podman() {
	any_podman --runtime "$RUNTIME" "$@"
}

# run [OPTION...] -- COMMAND...: podman run.
run_image() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ "$USER" != root ] || options+=(--cgroup-parent "$CGROUP/podman")
	podman run "${options[@]}" image "${@:2}"
}

# once [OPTION...] -- COMMAND...: podman run --rm with no input, captured.
once() {
	capture run_image --rm "$@" </dev/null
}

# says EXPECTED [OPTION...] -- COMMAND...
says() {
	once "${@:2}"
	succeeds
	is "$output" "$1"
}

# detached [OPTION...]: run $CTR in the background until the end of the test.
detached() {
	run_image --detach --name "$CTR" "$@" -- \
		sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
	wait_for is_ready
}

is_ready() { podman logs "$CTR" 2>&1 | grep -q ready; }

inspect() { podman inspect --format "{{$1}}" "$CTR"; }

# of_both_users COMMAND...: a case, as root and as a plain user.
of_both_users() {
	for USER in root plain; do
		echo "as $USER:"
		both "$@"
	done
}

@test "podman: output and exit code" {
	case_of() {
		says hello -- echo hello
		once -- sh -c 'echo to stderr >&2; exit 7'
		is "$status $stderr" '7 to stderr'
		once -- nosuch
		is "$status" 127
		has "$stderr" 'executable file not found in $PATH'
		once -- /etc
		is "$status" 126
		once --volume "$DIR/no/such:/x" -- true
		is "$status" 125
		output=$(echo through | run_image --rm --interactive -- cat)
		is "$output" through
	}
	of_both_users case_of
}

@test "podman: the inside of a container is the same" {
	for USER in root plain; do
		same --hostname inside
		same --hostname inside --read-only --user 1000:1001 --group-add 44 --workdir /tmp --env A=1 --cap-drop ALL \
			--cap-add CHOWN --security-opt no-new-privileges --tmpfs /scratch:size=1m \
			--volume /etc:/host:ro --shm-size 1m --sysctl net.ipv4.ip_unprivileged_port_start=80
		same --network host --pid host --uts host \
			--security-opt seccomp=unconfined --security-opt unmask=ALL
	done
}

# same OPTION...: what a container sees does not depend on the runtime.
same() {
	for RUNTIME in runc nvcrun; do
		run_image --rm --interactive "$@" -- sh <"$BATS_TEST_DIRNAME/helpers/inside.sh" |
			sed -E 's/[0-9a-f]{64}/ID/g; s,overlay/[^, :]*,LAYER,g; s,/l/[A-Z0-9]*,/L,g' >"$DIR/inside.$RUNTIME"
		# A plain user's container has no cgroups here; runc shows it those of the user instead.
		[ "$USER" = root ] || sed -i '/^== limits/,$d' "$DIR/inside.$RUNTIME"
		[ "$(wc -l <"$DIR/inside.$RUNTIME")" -gt 80 ] || fail "$RUNTIME shows little: $(cat "$DIR/inside.$RUNTIME")"
	done
	diff -u "$DIR/inside.runc" "$DIR/inside.nvcrun"
}

@test "podman: a terminal" {
	case_of() {
		as_terminal run --rm -it image sh -c 'tty; exit 4'
		is "$status" 4
		is "$output" '/dev/pts/0^M'
		detached
		as_terminal exec -it "$CTR" sh -c 'tty; exit 6'
		is "$status" 6
		is "$output" '/dev/pts/0^M'
	}
	as_terminal() {
		local wrap=() options=()

		if [ "$USER" = root ]; then
			[ "$1" != run ] || options=(--cgroup-parent "$CGROUP/podman")
		else
			wrap=(setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups env --chdir="$DIR/home"
				HOME="$DIR/home" XDG_RUNTIME_DIR="/run/user/$USER_ID")
		fi
		on_terminal "${wrap[@]}" podman --runtime "$RUNTIME" "$1" "${options[@]}" "${@:2}"
	}
	of_both_users case_of
}

@test "podman: exec" {
	case_of() {
		detached --env A=outer
		exits 3 podman exec "$CTR" sh -c 'echo $A; exit 3'
		is "$output" outer
		exits 0 podman exec --user 5:6 --workdir /etc --env A=inner "$CTR" sh -c 'echo $(id -u) $(id -g) $A $PWD'
		is "$output" '5 6 inner /etc'
		exits 127 podman exec "$CTR" nosuch
		exits 126 podman exec "$CTR" /etc
		output=$(echo through | podman exec -i "$CTR" cat)
		is "$output" through
		podman exec --detach "$CTR" sh -c 'echo >/tmp/done'
		wait_for podman exec "$CTR" test -e /tmp/done
	}
	of_both_users case_of
}

@test "podman: stop, kill, restart, rm" {
	case_of() {
		detached
		podman stop --time 20 "$CTR"
		is "$(inspect .State.ExitCode)" 5
		podman start "$CTR"
		podman restart --time 1 "$CTR"
		podman kill "$CTR"
		is "$(podman wait "$CTR")" 137
		exits 2 podman kill nosuch-"$CTR" || exits 125 podman kill nosuch-"$CTR"
		run_image --detach --name "$CTR-2" -- sleep 1000
		podman stop --time 1 "$CTR-2"
		CTR=$CTR-2
		is "$(inspect .State.ExitCode)" 137
		podman rm "$CTR"
	}
	of_both_users case_of
}

@test "podman: top, logs, cp" {
	case_of() {
		detached
		has "$(podman top "$CTR")" 'sleep 0.05'
		is "$(podman logs "$CTR")" ready
		echo content >"$DIR/file"
		podman cp "$DIR/file" "$CTR:/tmp/file"
		is "$(podman exec "$CTR" cat /tmp/file)" content
	}
	of_both_users case_of
}

@test "podman: pods" {
	case_of() {
		local options=() first second

		[ "$USER" != root ] || options+=(--cgroup-parent "$CGROUP/podman")
		podman pod create --name "pod-$CTR" "${options[@]}" >/dev/null
		first=$(podman run --rm --pod "pod-$CTR" image sh -c 'for ns in net ipc uts mnt; do readlink /proc/self/ns/$ns; done')
		second=$(podman run --rm --pod "pod-$CTR" image sh -c 'for ns in net ipc uts mnt; do readlink /proc/self/ns/$ns; done')
		is "$(head -n 3 <<<"$first")" "$(head -n 3 <<<"$second")"
		podman pod stop --time 1 "pod-$CTR"
		podman pod rm --force "pod-$CTR"
	}
	of_both_users case_of
}

@test "podman: volumes" {
	case_of() {
		podman volume create "$CTR" >/dev/null
		run_image --rm --volume "$CTR:/v" -- sh -c 'echo kept >/v/file'
		says kept --volume "$CTR:/v:ro" -- cat /v/file
		says '' --mount type=tmpfs,dst=/t,tmpfs-size=1m --read-only -- touch /t/file
	}
	of_both_users case_of
}

@test "podman: namespaces of other containers" {
	case_of() {
		local ns

		detached --ipc shareable
		for ns in pid ipc uts; do
			is "$(run_image --rm "--$ns" "container:$CTR" -- readlink "/proc/self/ns/$ns")" \
				"$(podman exec "$CTR" readlink "/proc/self/ns/$ns")"
		done
		is "$(podman run --rm --cgroup-parent "$CGROUP/podman" --network "container:$CTR" image readlink /proc/self/ns/net)" \
			"$(podman exec "$CTR" readlink "/proc/self/ns/net")"
	}
	both case_of
}

@test "podman: limits and update" {
	case_of() {
		detached --memory 32m --memory-swap 64m --cpus 0.5 --pids-limit 20 --cpuset-cpus 0
		is "$(limits)" '33554432 67108864 50000 20 0'
		podman update --memory 64m --memory-swap 96m --cpus 0.25 "$CTR"
		is "$(limits)" '67108864 100663296 25000 20 0'
		has "$(podman stats --no-stream "$CTR")" "$CTR" MB
	}
	limits() {
		podman exec "$CTR" sh -c 'cd /sys/fs/cgroup; echo $(cat memory/memory.limit_in_bytes \
			memory/memory.memsw.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max cpuset/cpuset.cpus)'
	}
	both case_of
}

@test "podman: pause and unpause" {
	case_of() {
		detached
		podman pause "$CTR"
		is "$(inspect .State.Status)" paused
		exits 255 podman exec "$CTR" true
		podman unpause "$CTR"
		exits 0 podman exec "$CTR" true
	}
	both case_of
}

@test "podman: user namespaces" {
	case_of() {
		says '0 100000 1000' --uidmap 0:100000:1000 --gidmap 0:100000:1000 -- awk '{ print $1, $2, $3 }' /proc/self/uid_map
		detached --uidmap 0:100000:1000 --gidmap 0:100000:1000
		exits 0 podman exec "$CTR" sh -c 'touch /tmp/x && stat -c %u:%g /tmp/x'
		is "$output" 0:0
		podman stop --time 5 "$CTR"
	}
	both case_of
	USER=plain
	plain_case() {
		says "$USER_ID" --userns keep-id -- id -u
		once --userns nomap -- id -u
		is "$status" 0
	}
	both plain_case
}

@test "podman: the network of a plain user" {
	USER=plain
	case_of() {
		exits 0 podman run --rm --network slirp4netns image ls /sys/class/net
		has "$output" tap0
		exits 0 podman run --rm --network host image ls /sys/class/net
		has "$output" lo
	}
	both case_of
}

@test "podman: --privileged" {
	USER=plain
	case_of() {
		says mounted --privileged -- sh -c 'mount -t tmpfs tmpfs /tmp && echo mounted'
	}
	both case_of
}

@test "podman: a seccomp profile" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }]}' >"$DIR/seccomp.json"
	case_of() {
		once --security-opt "seccomp=$DIR/seccomp.json" -- mkdir /tmp/x
		is "$status" 1
		has "$stderr" 'No space left on device'
	}
	of_both_users case_of
}

@test "podman: --init" {
	case_of() {
		once --init -- sh -c 'cat /proc/1/cmdline; exit 9'
		is "$status" 9
		has "$output" init
	}
	of_both_users case_of
}

@test "podman: a container without a cgroup of its own" { # runc cannot do that
	RUNTIME=nvcrun
	exits 0 podman run --rm --cgroups disabled image cat /proc/self/cgroup
	is "$output" "$(in_box cat /proc/self/cgroup)"
}

@test "podman: GPUs by the environment" {
	RUNTIME=nvcrun-gpu
	once --env NVIDIA_VISIBLE_DEVICES=all -- nvidia-smi -L
	succeeds
	is "$(wc -l <<<"$output")" 2
}

@test "podman: an image of a stopped GPU container has nothing of the driver" { # zero-byte files, dangling links
	local find='find / -xdev -name "lib*cuda*" -o -xdev -name "lib*nvidia*" -o -xdev -name "nvidia*"'

	CTR=gpu
	for USER in root plain; do
		echo "as $USER:"
		RUNTIME=nvcrun-gpu
		detached --env NVIDIA_VISIBLE_DEVICES=all
		# What would be found.
		has "$(podman exec gpu sh -c "$find")" libcuda.so.1 /usr/bin/nvidia-smi
		podman stop --time 0 gpu
		podman commit --quiet gpu stopped
		podman rm --force gpu
		exits 0 any_podman --runtime runc run --rm stopped sh -c "$find"
		is "$output" ''
	done
}
