#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# dockerd (with its own containerd), first with runc, then with nvcrun: docker's own image format, networks,
# volumes and profiles.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031,SC2317  # each test is a subshell, its functions are called by `both'
load helpers/box

setup_file() {
	needs dockerd containerd runc tini docker || return 0
	# The one that came with the daemon.
	DOCKER=$(command -v /usr/bin/docker || command -v docker)
	export DOCKER
	box_start docker
	make_foreign_hook
	daemon_start
	tar -C "$ROOTFS" -c . | docker import --change 'CMD ["sh"]' - image >/dev/null
}

teardown_file() { box_stop; }

setup() { engine_setup; }

teardown() {
	[ -z "${MISSING-}" ] || return 0
	docker ps --all --quiet | xargs -r nsenter -t "$BOX" -m "$DOCKER" rm --force --volumes >/dev/null
}

# Where dockerd finds one in its PATH it has `--gpus`. It says that it ran, and fails.
make_foreign_hook() {
	mkdir "$DIR/hooks"
	printf '#!/bin/sh\necho "the foreign hook: $1" >>%s\nexit 1\n' "$DIR/hooks/ran" \
		>"$DIR/hooks/nvidia-container-runtime-hook"
	chmod 0755 "$DIR/hooks/nvidia-container-runtime-hook"
}

docker() {
	in_box timeout 60 "$DOCKER" "$@"
}

# daemon_start [JSON]: with this, too, in daemon.json.
daemon_start() {
	local more=${1:-'{}'}

	jq -n --argjson more "$more" --arg nvcrun "$NVCRUN" --arg settings "$DRIVER/nvcrun.toml" \
		--arg cgroup "$CGROUP/docker" '{
		"storage-driver": "overlay2",
		"exec-opts": ["native.cgroupdriver=cgroupfs"],
		"cgroup-parent": $cgroup,
		"runtimes": {
			"nvcrun": { "path": $nvcrun },
			"nvcrun-gpu": { "path": $nvcrun, "runtimeArgs": ["--settings", $settings] }
		}} + $more' >"$DIR/daemon.json"
	PATH="$DIR/hooks:$PATH" in_box_daemon dockerd dockerd --config-file "$DIR/daemon.json"
	wait_for docker info >/dev/null 2>&1 || {
		tail -n 20 "$DIR/dockerd.log" >&2
		return 1
	}
}

daemon_stop() {
	local pid

	pid=$(in_box cat /run/docker.pid)
	in_box kill "$pid"
	wait_for in_box test ! -e "/proc/$pid"
}

# once [OPTION...] -- COMMAND...: docker run --rm with no input, captured.
once() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	capture docker run --rm --runtime "$RUNTIME" "${options[@]}" image "${@:2}" </dev/null
}

# says EXPECTED [OPTION...] -- COMMAND...: it succeeds, with this on standard output and no word on the other.
says() {
	once "${@:2}"
	succeeds
	is "$output" "$1"
}

# detached [OPTION...]: run $CTR in the background until the end of the test.
detached() {
	docker run --detach --name "$CTR" --runtime "$RUNTIME" "$@" image \
		sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
	wait_for is_ready
}

is_ready() { docker logs "$CTR" 2>&1 | grep -q ready; }

inspect() { docker inspect --format "{{$1}}" "$CTR"; }

@test "docker: output and exit code" {
	case_of() {
		says hello -- echo hello
		once -- sh -c 'echo to stderr >&2; exit 7'
		is "$status $stderr" '7 to stderr'
	}
	both case_of
}

@test "docker: 127 for a program that is not there, 126 for one that is no program, 125 for the rest" {
	case_of() {
		once -- nosuch
		is "$status" 127
		has "$stderr" 'exec: "nosuch": executable file not found in $PATH'
		once -- /no/such
		is "$status" 127
		once -- /etc
		is "$status" 126
		once -- /etc/passwd
		is "$status" 126
		once --workdir /etc/passwd -- true
		is "$status" 125
		once --volume "$ROOTFS/etc/passwd:/tmp" -- true
		is "$status" 125
		has "$stderr" 'not a directory' 'Are you trying to mount a directory onto a file'
		is "$(docker ps --all --quiet)" ''
	}
	both case_of
}

@test "docker: the inside of a container is the same" {
	same --hostname inside
}

@test "docker: the inside of a container with many options is the same" {
	same --hostname inside --domainname example.org --user 1000:1001 --group-add 44 --env A=1 \
		--workdir /made/anew --read-only --tmpfs /scratch:size=1m,mode=1770 --volume /etc:/host:ro \
		--volume "$DIR/lib:/lib2" --cap-drop ALL --cap-add CHOWN --cap-add NET_ADMIN \
		--security-opt no-new-privileges --ulimit nofile=100:200 --ulimit core=0 --shm-size 1m \
		--sysctl net.ipv4.ip_unprivileged_port_start=80 --oom-score-adj 7 --device /dev/fuse:/dev/melted:r \
		--memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 \
		--cpuset-mems 0 --pids-limit 40 --network none
}

@test "docker: the inside of a container with the namespaces of the host is the same" {
	same --network host --ipc host --uts host --pid host --cgroupns host --security-opt seccomp=unconfined \
		--security-opt apparmor=unconfined --security-opt systempaths=unconfined
}

# same OPTION...: what a container sees does not depend on the runtime.
same() {
	for RUNTIME in runc nvcrun; do
		docker run --rm --interactive --runtime "$RUNTIME" "$@" image sh <"$BATS_TEST_DIRNAME/helpers/inside.sh" |
			sed -E 's/[0-9a-f]{64}/ID/g; s,overlay2/[^, :]*,LAYER,g; s,/l/[A-Z0-9]*,/L,g' >"$DIR/inside.$RUNTIME"
		[ "$(wc -l <"$DIR/inside.$RUNTIME")" -gt 80 ] || fail "$RUNTIME shows little: $(cat "$DIR/inside.$RUNTIME")"
	done
	diff -u "$DIR/inside.runc" "$DIR/inside.nvcrun"
}

@test "docker: limits are in force" {
	case_of() {
		says '33554432 20 50000' --memory 32m --pids-limit 20 --cpus 0.5 -- sh -c 'cd /sys/fs/cgroup
			echo $(cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us)'
		once --pids-limit 30 -- sh -c 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); sleep 2 & done'
		has "$stderr" "can't fork"
		once --memory 16m --memory-swap 16m -- sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1'
		is "$status" 137
	}
	both case_of
}

@test "docker: more limits: swappiness, out of memory, block devices" {
	case_of() {
		local disk

		says '10' --memory-swappiness 10 -- cat /sys/fs/cgroup/memory/memory.swappiness
		once --oom-kill-disable --memory 32m -- cat /sys/fs/cgroup/memory/memory.oom_control
		is "$status" 0
		has "$output" 'oom_kill_disable 1'
		disk=/dev/$(lsblk --nodeps --noheadings --output KNAME | head -n 1)
		[ -b "$disk" ] || skip 'needs a disk'
		says "$((0x$(stat -c %t "$disk"))):$((0x$(stat -c %T "$disk"))) 1048576" \
			--device-read-bps "$disk:1mb" -- cat /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device
	}
	both case_of
}

@test "docker: a terminal" {
	case_of() {
		on_terminal "$DOCKER" run --rm -it --runtime "$RUNTIME" image sh -c 'tty; test -t 1 && exit 4'
		is "$status" 4
		is "$output" '/dev/pts/0^M'
	}
	both case_of
}

@test "docker: a terminal has the size of the user's" {
	case_of() {
		on_terminal sh -c "stty rows 30 cols 70
			exec '$DOCKER' run --rm -it --runtime $RUNTIME image sh -c 'sleep 0.3; stty size'"
		has "$output" '30 70^M'
	}
	both case_of
}

@test "docker: standard input" {
	case_of() {
		output=$(echo through | docker run --rm -i --runtime "$RUNTIME" image cat)
		is "$output" through
	}
	both case_of
}

@test "docker: exec" {
	case_of() {
		detached --env A=outer
		exits 3 docker exec "$CTR" sh -c 'echo $A; exit 3'
		is "$output" outer
		exits 0 docker exec --user 5:6 --workdir /etc --env A=inner "$CTR" sh -c 'echo $(id -u) $(id -g) $A $PWD'
		is "$output" '5 6 inner /etc'
		capture docker exec "$CTR" nosuch
		# 126 of docker 20.10, 127 of newer ones.
		[[ $status == 12[67] ]] || fail 'expected 126 or 127'
		has "$output$stderr" 'exec: "nosuch": executable file not found in $PATH'
		exits 126 docker exec "$CTR" /etc
		output=$(echo through | docker exec -i "$CTR" cat)
		is "$output" through
		on_terminal "$DOCKER" exec -it "$CTR" sh -c 'tty; exit 6'
		is "$status" 6
		is "$output" '/dev/pts/0^M'
		docker exec --detach "$CTR" sh -c 'echo >/tmp/done'
		wait_for docker exec "$CTR" test -e /tmp/done
	}
	both case_of
}

@test "docker: exec is limited as the container" {
	case_of() {
		detached --pids-limit 30 --cap-drop ALL
		exits 0 docker exec "$CTR" sh -c 'cat /proc/self/cgroup; grep -E "Cap(Eff|Bnd)|Seccomp:" /proc/self/status'
		has "$output" "pids:$CGROUP/docker/" 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'Seccomp:	2'
	}
	both case_of
}

@test "docker: stop, with the program's own end and without" {
	case_of() {
		detached
		docker stop --time 20 "$CTR"
		is "$(inspect .State.ExitCode)" 5
		docker run --detach --name "$CTR-2" --runtime "$RUNTIME" image sleep 1000
		docker stop --time 1 "$CTR-2"
		CTR=$CTR-2
		is "$(inspect .State.ExitCode) $(inspect .State.OOMKilled)" '137 false'
	}
	both case_of
}

@test "docker: kill, wait, restart, rm" {
	case_of() {
		detached
		docker kill --signal TERM "$CTR"
		is "$(docker wait "$CTR")" 5
		exits 1 docker kill "$CTR"
		has "$stderr" 'is not running'
		docker start "$CTR"
		docker restart --time 1 "$CTR"
		is "$(inspect .State.Running)" true
		exits 1 docker rm "$CTR"
		docker rm --force "$CTR"
		exits 1 docker inspect "$CTR"
	}
	both case_of
}

@test "docker: pause and unpause" {
	case_of() {
		detached
		docker pause "$CTR"
		is "$(inspect .State.Status)" paused
		exits 1 docker exec "$CTR" true
		docker unpause "$CTR"
		is "$(inspect .State.Status)" running
		exits 0 docker exec "$CTR" true
		docker pause "$CTR"
		docker rm --force "$CTR"
	}
	both case_of
}

@test "docker: update" {
	case_of() {
		detached --memory 32m --pids-limit 20
		docker update --memory 64m --memory-swap 128m --cpus 0.25 --cpu-shares 256 --cpuset-cpus 0 --pids-limit 30 "$CTR"
		exits 0 docker exec "$CTR" sh -c 'cd /sys/fs/cgroup; echo $(cat memory/memory.limit_in_bytes \
			memory/memory.memsw.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares cpuset/cpuset.cpus pids/pids.max)'
		is "$output" '67108864 134217728 25000 256 0 30'
		docker restart --time 1 "$CTR"
		exits 0 docker exec "$CTR" cat /sys/fs/cgroup/memory/memory.limit_in_bytes
		is "$output" 67108864
		exits 0 docker exec "$CTR" sh -c ': </dev/zero >/dev/null'
	}
	both case_of
}

@test "docker: stats, top, logs" {
	case_of() {
		detached --memory 32m --name "$CTR"
		exits 0 docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$CTR"
		has "$output" '/ 32MiB'
		exits 0 docker top "$CTR"
		has "$output" PID 'sleep 0.05'
		exits 0 docker top "$CTR" -o pid,comm
		exits 0 docker logs "$CTR"
		is "$output" ready
	}
	both case_of
}

@test "docker: cp, both ways, diff and commit" {
	case_of() {
		detached
		echo content >"$DIR/file"
		docker cp "$DIR/file" "$CTR:/tmp/file"
		is "$(docker exec "$CTR" cat /tmp/file)" content
		docker cp "$CTR:/tmp/file" "$DIR/back"
		is "$(cat "$DIR/back")" content
		has "$(docker diff "$CTR")" 'A /tmp/file'
		docker commit "$CTR" "image-$RUNTIME" >/dev/null
		is "$(docker run --rm --runtime "$RUNTIME" "image-$RUNTIME" cat /tmp/file)" content
	}
	both case_of
}

@test "docker: volumes and tmpfs, read-only and read-write" {
	case_of() {
		local host=$DIR/$CTR

		mkdir "$host"
		once --volume "$host:/rw" --volume "$host:/ro:ro" --read-only --tmpfs /scratch -- sh -c '
			touch /rw/file /scratch/file && ls /ro && ! touch /ro/other && ! touch /other'
		is "$status $output" '0 file'
		has "$stderr" '/ro/other: Read-only file system' '/other: Read-only file system'
		docker volume create "$CTR" >/dev/null
		docker run --rm --runtime "$RUNTIME" --mount "source=$CTR,target=/v" image sh -c 'echo kept >/v/file'
		says kept --volume "$CTR:/v" -- cat /v/file
		docker volume rm "$CTR" >/dev/null
		says '' --volume "$ROOTFS/etc/passwd:/etc/made/file:ro" -- test -s /etc/made/file
	}
	both case_of
}

@test "docker: namespaces of the host and of other containers" {
	case_of() {
		local ns

		for ns in net pid ipc uts; do
			has "$(shared "$ns" host)" "$(in_box readlink "/proc/self/ns/$ns")"
		done
		detached --ipc shareable
		for ns in net pid ipc; do
			is "$(shared "$ns" "container:$CTR")" "$(docker exec "$CTR" readlink "/proc/self/ns/$ns")"
		done
		says lo --network none -- ls /sys/class/net
		says 1 -- sh -c 'echo $$'
	}
	# shared NAMESPACE WITH
	shared() {
		local option=$1

		[ "$1" != net ] || option=network
		docker run --rm --runtime "$RUNTIME" "--$option" "$2" image readlink "/proc/self/ns/$1"
	}
	both case_of
}

@test "docker: containers of one network reach each other" {
	case_of() {
		docker network create "$CTR" >/dev/null
		docker run --detach --name "$CTR" --network "$CTR" --runtime "$RUNTIME" image \
			sh -c 'while :; do echo answer | nc -l -p 80; done' >/dev/null
		exits 0 docker run --rm --runtime "$RUNTIME" --network "$CTR" image \
			sh -c "for i in 1 2 3 4 5 6 7 8; do nc $CTR 80 </dev/null && exit; sleep 0.2; done; exit 1"
		is "$output" answer
		docker rm --force "$CTR"
		docker network rm "$CTR"
	}
	both case_of
}

@test "docker: --init" {
	case_of() {
		says 'docker-init' --init -- cat /proc/1/comm
		once --init -- sh -c 'exit 9'
		is "$status" 9
	}
	both case_of
}

@test "docker: a seccomp profile" {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }]}' >"$DIR/seccomp.json"
	case_of() {
		once --security-opt "seccomp=$DIR/seccomp.json" -- mkdir /tmp/x
		is "$status" 1
		has "$stderr" 'No space left on device'
		says 0 --security-opt seccomp=unconfined -- sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status
		once --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined -- \
			mount -t tmpfs tmpfs /tmp
		is "$status" 0
		once -- unshare --user true
		is "$status" 1
	}
	both case_of
}

@test "docker: devices" {
	case_of() {
		once -- sh -c 'mknod /tmp/null c 1 3 && echo >/tmp/null; mknod /tmp/mem c 1 1 && cat /tmp/mem'
		has "$stderr" 'Operation not permitted'
		says '' --device /dev/fuse -- sh -c ': <>/dev/fuse'
		once --device /dev/fuse:/dev/fuse:r -- sh -c ': >/dev/fuse'
		has "$stderr" 'Operation not permitted'
		once --device-cgroup-rule 'c 10:229 rwm' --cap-add MKNOD -- sh -c 'mknod /tmp/fuse c 10 229 && : <>/tmp/fuse'
		is "$status" 0
	}
	both case_of
}

@test "docker: --privileged" {
	# With runc only where every capability may be given.
	for RUNTIME in runc nvcrun; do
		once --privileged -- sh -c 'test -e /dev/fuse && mount -t tmpfs tmpfs /tmp && echo mounted'
		[ "$RUNTIME" = nvcrun ] || [ "$status" -eq 0 ] || has "$stderr" 'unable to apply caps'
	done
	is "$status $output" '0 mounted'
}

@test "docker: health checks" {
	case_of() {
		detached --health-cmd 'test -e /tmp/healthy' --health-interval 0.2s --health-retries 2
		wait_for has_health unhealthy
		docker exec "$CTR" touch /tmp/healthy
		wait_for has_health healthy
	}
	has_health() { [ "$(inspect .State.Health.Status)" = "$1" ]; }
	both case_of
}

@test "docker: restart policy" {
	case_of() {
		docker run --detach --name "$CTR" --runtime "$RUNTIME" --restart on-failure:2 image sh -c 'echo again; exit 3'
		wait_for has_restarted
		is "$(inspect .State.ExitCode)" 3
		is "$(docker logs "$CTR" | wc -l)" 3
	}
	has_restarted() { [ "$(inspect .RestartCount).$(inspect .State.Status)" = 2.exited ]; }
	both case_of
}

@test "docker: GPUs by the environment" {
	RUNTIME=nvcrun-gpu
	once --env NVIDIA_VISIBLE_DEVICES=all -- nvidia-smi -L
	succeeds
	is "$(wc -l <<<"$output")" 2
	once --env NVIDIA_VISIBLE_DEVICES=1 -- sh -c 'nvidia-smi -L; ls /dev/nvidia?'
	is "$(wc -l <<<"$output")" 2
	has "$output" 'GPU 0: NVIDIA H200' /dev/nvidia2
	once -- sh -c 'ls /dev/nvidia*'
	is "$status" 1
	once --user 1000 --read-only --env NVIDIA_VISIBLE_DEVICES=0 -- nvidia-smi -L
	succeeds
}

@test "docker: --gpus, without the hook that docker adds" {
	RUNTIME=runc
	once --gpus all -- true
	is "$status" 125
	is "$(cat "$DIR/hooks/ran")" 'the foreign hook: prestart'
	rm "$DIR/hooks/ran"

	RUNTIME=nvcrun-gpu
	once --gpus all -- nvidia-smi -L
	succeeds
	is "$(wc -l <<<"$output")" 2
	once --gpus 1 -- nvidia-smi -L
	succeeds
	is "$(wc -l <<<"$output")" 1
	once --gpus '"device=1","capabilities=utility"' -- sh -c 'nvidia-smi -L; ls /dev/nvidia*'
	has "$output" /dev/nvidia2
	has_not "$output" /dev/nvidia0 /dev/nvidia-uvm
	once --gpus 7 -- true
	is "$status" 125
	has "$stderr" 'no such GPU'
	[ ! -e "$DIR/hooks/ran" ]
}

@test "docker: GPUs in a container that runs: exec, update, restart" {
	RUNTIME=nvcrun-gpu CTR=gpu
	detached --env NVIDIA_VISIBLE_DEVICES=all
	exits 0 docker exec gpu nvidia-smi -L
	docker update --cpus 0.5 --memory 64m --memory-swap 64m gpu
	exits 0 docker exec gpu nvidia-smi -L
	docker restart --time 1 gpu
	exits 0 docker exec gpu nvidia-smi -L
	is "$(wc -l <<<"$output")" 2
}

# driver_files IMAGE: all in an image that is named as the driver's.
driver_files() {
	docker run --rm --runtime runc "$1" sh -c 'find / -xdev -name "lib*cuda*" -o -xdev -name "lib*nvidia*" -o -xdev \
		-name "nvidia*"'
}

@test "docker: an image of a stopped GPU container has nothing of the driver" { # zero-byte files, dangling links
	RUNTIME=nvcrun-gpu CTR=gpu
	detached --env NVIDIA_VISIBLE_DEVICES=all
	docker exec gpu sh -c 'nvidia-smi -L && echo mine >/usr/bin/mine'
	# What would be found.
	docker commit gpu running >/dev/null
	has "$(driver_files running)" libcuda.so.1 /usr/bin/nvidia-smi
	docker stop --time 0 gpu
	docker commit gpu stopped >/dev/null
	is "$(driver_files stopped)" ''
	is "$(docker diff gpu | grep '^[AD]')" 'A /usr/bin/mine'
	# Again, and with what another tool would have left.
	docker start gpu
	docker kill gpu
	is "$(docker diff gpu | grep '^[AD]')" 'A /usr/bin/mine'
	exits 0 docker run --rm --runtime nvcrun-gpu --env NVIDIA_VISIBLE_DEVICES=all running nvidia-smi -L
	is "$(wc -l <<<"$output")" 2
}

@test "docker: build, with nvcrun as the default runtime" {
	daemon_stop
	daemon_start '{"default-runtime": "nvcrun"}'
	mkdir -p "$DIR/build"
	printf '%s\n' 'FROM image' 'RUN echo made >/made && mkdir -p /deep/er' 'WORKDIR /deep/er' 'USER 7' \
		'RUN id -u && test "$PWD" = /deep/er' >"$DIR/build/Dockerfile"
	DOCKER_BUILDKIT=0 exits 0 docker build --tag built "$DIR/build"
	exits 0 docker run --rm built sh -c 'cat /made; id -u; pwd'
	is "$output" 'made
7
/deep/er'
	echo 'RUN exit 3' >>"$DIR/build/Dockerfile"
	DOCKER_BUILDKIT=0 exits 3 docker build "$DIR/build"
	daemon_stop
	daemon_start
}

@test "docker: containers live on while the daemon is away" {
	daemon_stop
	daemon_start '{"live-restore": true}'
	case_of() {
		detached
		daemon_stop
		daemon_start '{"live-restore": true}'
		is "$(inspect .State.Status)" running
		exits 0 docker exec "$CTR" true
		docker stop --time 5 "$CTR"
		is "$(inspect .State.ExitCode)" 5
	}
	both case_of
	daemon_stop
	daemon_start
}

@test "docker: user namespaces" {
	daemon_stop
	in_box sh -c 'echo nobody:200000:65536 >/run/subid; mount --bind /run/subid /etc/subuid; mount --bind /run/subid /etc/subgid'
	daemon_start '{"userns-remap": "nobody:nogroup"}'
	tar -C "$ROOTFS" -c . | docker import - image >/dev/null
	case_of() {
		says '0 200000 65536' -- awk '{ print $1, $2, $3 }' /proc/self/uid_map
		says '0 0' -- stat -c '%u %g' /etc
		detached
		exits 0 docker exec "$CTR" sh -c 'touch /tmp/x && stat -c %u /tmp/x'
		is "$output" 0
		docker stop --time 5 "$CTR"
	}
	both case_of
	same --hostname inside
	daemon_stop
	daemon_start
}
