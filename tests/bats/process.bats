#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config.md § Process, § Hostname, § Domainname; config-linux.md § Namespaces: what the program finds.
# bats file_tags=process,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
load helpers/common

setup() {
	container_setup
}

teardown() {
	container_teardown
}

# proc_status NAME: a line of the program's /proc/self/status, without its name. man 5 proc
proc_status() {
	program_args cat /proc/self/status
	run_container
	succeeds
	awk -v name="$1:" '$1 == name { sub("^[^\t]*\t", ""); print }' <<<"$output"
}

# capabilities SET WORD...: give the sets (several: with commas) these and no others.
capabilities() {
	config_edit '.process.capabilities += ($ARGS.positional[0] | split(",")
		| map({ (.): $ARGS.positional[1:] }) | add)' --args -- "$@"
}

# cap_sets INHERITABLE PERMITTED EFFECTIVE BOUNDING AMBIENT: those of the program, in hexadecimal.
cap_sets() {
	local name number

	program_args cat /proc/self/status
	run_container
	is "$status" 0
	for name in Inh Prm Eff Bnd Amb; do
		number=$(awk -v name="Cap$name:" '$1 == name { print $2 }' <<<"$output")
		is "$name $number" "$name $(printf %016x "0x$1")"
		shift
	done
}

# file_in_rootfs PATH: its content on standard input; executable.
file_in_rootfs() {
	cat >"$BUNDLE/rootfs$1"
	chmod 0755 "$BUNDLE/rootfs$1"
}

@test "user: uid, gid, additional groups" { # config.md § POSIX-platform User
	config_edit '.process.user = { uid: 1000, gid: 1001, additionalGids: [1002, 7, 65534] }'
	is "$(proc_status Uid)" $'1000\t1000\t1000\t1000'
	is "$(proc_status Gid)" $'1001\t1001\t1001\t1001'
	is "$(proc_status Groups | tr -d '\n')" '7 1002 65534 '
}

@test "user: the caller's groups are not inherited" {
	program 'id -G; id -u'
	capture setpriv --groups 4242,4243 "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" \
		</dev/null
	succeeds
	is "$output" '0
0'
}

@test "umask: 0022, or what was asked for, and not the caller's" { # config.md § POSIX-platform User, umask
	program umask
	capture bash -c 'umask 0777 && "$@"' - "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR"
	succeeds
	is "$output" 0022
	config_edit '.process.user.umask = 63'
	run_container
	succeeds
	is "$output" 0077
}

@test "cwd is entered, and made when it is missing" { # config.md § Process, cwd
	config_edit '.process.cwd = "/made/by/the runtime"'
	program_args pwd
	run_container
	succeeds
	is "$output" '/made/by/the runtime'
	is "$(stat -c %a "$BUNDLE/rootfs/made/by")" 755
}

@test "cwd that only root can enter is entered for a user" { # runc #2086
	mkdir -m 0700 "$BUNDLE/rootfs/closed"
	config_edit '.process.cwd = "/closed" | .process.user = { uid: 1000, gid: 1000 }'
	program_args readlink /proc/self/cwd
	run_container
	succeeds
	is "$output" /closed
}

@test "cwd that only the user can enter is entered as the user" { # crun and runc, for file systems that refuse root
	mkdir -m 0700 "$BUNDLE/rootfs/own"
	chown 1000 "$BUNDLE/rootfs/own"
	# Root that permissions apply to cannot make a cgroup in the kernel's own directory.
	view v2
	in_view mkdir "/sys/fs/cgroup/$CTR"
	config_edit --arg path "/$CTR" '.linux.cgroupsPath = $path |
		.process.cwd = "/own" | .process.user = { uid: 1000, gid: 1000 }'
	program_args readlink /proc/self/cwd
	capture in_view setpriv --bounding-set=-dac_override,-dac_read_search \
		"$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" </dev/null
	succeeds
	is "$output" /own
}

@test "cwd that is a file is an error" {
	config_edit '.process.cwd = "/etc/passwd"'
	run_container
	fails_with process.cwd /etc/passwd 'not a directory'
	no_leftovers
}

@test "cwd through a descriptor of the runtime is refused" { # CVE-2024-21626
	local fd

	for fd in {3..20}; do
		config_edit --arg fd "$fd" '.process.cwd = "/proc/self/fd/" + $fd'
		run_container 7</ 8<"$BUNDLE"
		fails_with process.cwd "/proc/self/fd/$fd"
	done
	no_leftovers
}

@test "a program through a descriptor of the runtime is refused" { # CVE-2024-21626
	local fd

	for fd in {3..12}; do
		program_args "/proc/self/fd/$fd/bin/sh" -c 'ls /'
		run_container 7</ 8<"$BUNDLE"
		[ "$status" -eq 1 ] || fail "descriptor $fd leads somewhere"
	done
	no_leftovers
}

@test "capabilities: exactly those of the config" { # config.md § Linux Process, capabilities
	# CAP_AUDIT_WRITE 29, CAP_KILL 5, CAP_NET_BIND_SERVICE 10
	cap_sets 0 20000420 20000420 20000420 0
	capabilities bounding,permitted CAP_CHOWN CAP_KILL
	capabilities effective CAP_CHOWN
	config_edit '.process.user = { uid: 1000, gid: 1000 }'
	cap_sets 0 0 0 21 0
}

@test "capabilities: none without the field" {
	config_edit 'del(.process.capabilities)'
	cap_sets 0 0 0 0 0
}

@test "capabilities: a user gets the ambient ones" { # man 7 capabilities
	config_edit '.process.user = { uid: 1000, gid: 1000 }'
	capabilities bounding,permitted,inheritable CAP_KILL CAP_NET_BIND_SERVICE
	capabilities ambient CAP_NET_BIND_SERVICE
	cap_sets 420 400 400 420 400
}

@test "capabilities: unknown ones are ignored with a warning" { # config.md § Linux Process: runtimes should warn
	capabilities bounding,permitted,effective CAP_KILL CAP_NOSUCH
	cap_sets 0 20 20 20 0
	has "$stderr" 'nvcrun: warning: ' CAP_NOSUCH
}

@test "capabilities: what the runtime has not got itself is ignored with a warning" {
	capabilities bounding,permitted,effective CAP_KILL CAP_NET_RAW
	program_args grep CapBnd /proc/self/status
	capture setpriv --bounding-set=-net_raw "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR"
	is "$status" 0
	is "$output" $'CapBnd:\t0000000000000020'
	has "$stderr" 'nvcrun: warning: process.capabilities: ignoring unavailable capability `CAP_NET_RAW`'
}

@test "rlimits" { # config.md § POSIX process, rlimits
	config_edit '.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
		{ type: "RLIMIT_CORE", soft: 0, hard: 4096 }]'
	program 'grep -E "open files|core file" /proc/self/limits | tr -s " "'
	run_container
	succeeds
	is "$output" 'Max core file size 0 4096 bytes 
Max open files 100 200 files '
}

@test "rlimits: one that cannot be set is an error that names it" {
	config_edit '.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 9007199254740992, hard: 9007199254740992 }]'
	run_container
	fails_with process.rlimits RLIMIT_NOFILE
	no_leftovers
}

@test "noNewPrivileges" { # config.md § Linux Process
	is "$(proc_status NoNewPrivs)" 1
	config_edit '.process.noNewPrivileges = false'
	is "$(proc_status NoNewPrivs)" 0
}

@test "oomScoreAdj" { # config.md § Linux Process
	config_edit '.process.oomScoreAdj = 321'
	program_args cat /proc/self/oom_score_adj
	run_container
	succeeds
	is "$output" 321
}

@test "env: that of the config and nothing of the caller's" { # config.md § Process, env
	config_edit '.process.env = ["PATH=/bin", "A=1", "B=x=y", "C=", "HOME=/there"]'
	program_args env
	NVCRUN_SECRET=1 run_container
	succeeds
	is "$(sort <<<"$output")" 'A=1
B=x=y
C=
HOME=/there
PATH=/bin'
}

@test "HOME: from the image's passwd, / for an unknown user" { # runc's and crun's behaviour
	local uid home

	echo 'someone:x:1234:1234::/home/some one:/bin/sh' >>"$BUNDLE/rootfs/etc/passwd"
	program 'echo "$HOME"'
	while read -r uid home; do
		config_edit --argjson uid "$uid" '.process.user.uid = $uid'
		run_container
		succeeds
		is "$uid $output" "$uid $home"
	done <<-'END'
		0 /root
		65534 /
		1234 /home/some one
		4321 /
	END
}

@test "HOME: an empty one is replaced, another is kept" {
	program 'echo "$HOME"'
	config_edit '.process.env += ["HOME="]'
	run_container
	is "$output" /root
	config_edit '.process.env[-1] = "HOME=/elsewhere"'
	run_container
	is "$output" /elsewhere
}

@test "HOME: a passwd that is missing, a fifo or not text does no harm" {
	program 'echo "$HOME"'
	rm "$BUNDLE/rootfs/etc/passwd"
	run_container
	is "$output" /
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	run_container
	is "$output" /
	rm "$BUNDLE/rootfs/etc/passwd"
	head -c 3000000 /dev/zero >"$BUNDLE/rootfs/etc/passwd"
	run_container
	is "$output" /
}

@test "hostname and domainname" { # config.md § Hostname, § Domainname
	local before

	before=$(uname -n)
	config_edit '.hostname = "inside" | .domainname = "example.org"'
	program 'uname -n; cat /proc/sys/kernel/domainname'
	run_container
	succeeds
	is "$output" 'inside
example.org'
	is "$(uname -n)" "$before"
}

@test "hostname without a UTS namespace is refused" { # config.md § Hostname
	config_edit 'del(.linux.namespaces[] | select(.type == "uts"))'
	run_container
	fails_with 'unable to set hostname without a private UTS namespace'
	no_leftovers
}

@test "namespaces: new ones, with pid 1 and the loopback interface up" { # config-linux.md § Namespaces
	local ns

	program 'echo $$; for ns in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$ns; done
		ip addr show lo | grep -o "LOOPBACK,UP"; ls /sys/class/net'
	run_container
	succeeds
	is "$(head -n 1 <<<"$output")" 1
	for ns in pid net ipc uts mnt cgroup; do
		has "$output" "$ns:["
		has_not "$output" "$(readlink "/proc/self/ns/$ns")"
	done
	is "$(tail -n 2 <<<"$output")" 'LOOPBACK,UP
lo'
}

@test "namespaces: those that are not listed are the caller's" { # config-linux.md § Namespaces
	local ns

	config_edit 'del(.hostname) | .linux.namespaces = [{ type: "mount" }]
		| del(.mounts[] | select(.type == "sysfs" or .type == "mqueue"))'
	program 'for ns in pid net ipc uts cgroup; do readlink /proc/self/ns/$ns; done'
	run_container
	succeeds
	is "$output" "$(for ns in pid net ipc uts cgroup; do readlink "/proc/self/ns/$ns"; done)"
	no_leftovers
}

@test "program: found by the PATH of the config" { # config.md § Process, args
	mkdir "$BUNDLE/rootfs/first" "$BUNDLE/rootfs/second" "$BUNDLE/rootfs/first/prog"
	file_in_rootfs /second/prog <<<$'#!/bin/sh\necho second "$@"'
	config_edit '.process.env = ["PATH=/nosuch:/etc/passwd:/first:/second"]'
	program_args prog 'an argument'
	run_container
	succeeds
	is "$output" 'second an argument'
	file_in_rootfs /first/other <<<$'#!/bin/sh\necho first'
	chmod 0644 "$BUNDLE/rootfs/first/other"
	file_in_rootfs /second/other <<<$'#!/bin/sh\necho second'
	program_args other
	run_container
	succeeds
	is "$output" second
}

@test "program: a name with a slash is relative to cwd" {
	mkdir "$BUNDLE/rootfs/dir"
	file_in_rootfs /dir/prog <<<$'#!/bin/sh\necho here'
	config_edit '.process.cwd = "/dir"'
	program_args ./prog
	run_container
	succeeds
	is "$output" here
}

@test "program: a default PATH without PATH" {
	config_edit '.process.env = []'
	program 'echo found'
	run_container
	succeeds
	is "$output" found
}

@test "program missing: the text that engines look for, from run and create" { # moby daemon/errors.go, containerd, podman
	program_args nosuch
	run_container
	fails_with 'exec: "nosuch": executable file not found in $PATH: no such file or directory'
	create_container
	fails_with 'exec: "nosuch": executable file not found in $PATH: no such file or directory'
	no_leftovers
	program_args /bin/nosuch
	run_container
	fails_with 'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory'
	no_leftovers
}

@test "program not executable, or a directory: permission denied" { # moby daemon/errors.go
	program_args /etc/passwd
	create_container
	fails_with 'exec: "/etc/passwd": permission denied'
	program_args /etc
	create_container
	fails_with 'exec: "/etc": is a directory: permission denied'
	no_leftovers
}

@test "program that the user may not execute: permission denied" {
	file_in_rootfs /bin/prog <<<$'#!/bin/sh\necho ran'
	chmod 0700 "$BUNDLE/rootfs/bin/prog"
	config_edit '.process.user = { uid: 1000, gid: 1000 }'
	program_args prog
	create_container
	fails_with 'permission denied' '"prog"'
	no_leftovers
}

@test "program that only a capability lets the user execute" { # man 7 capabilities, CAP_DAC_OVERRIDE
	file_in_rootfs /bin/prog <<<$'#!/bin/sh\necho ran'
	chmod 0700 "$BUNDLE/rootfs/bin/prog"
	config_edit '.process.user = { uid: 1000, gid: 1000 } |
		.process.capabilities = (["bounding", "effective", "permitted", "inheritable", "ambient"] |
			map({key: ., value: ["CAP_DAC_OVERRIDE"]}) | from_entries)'
	program_args prog
	run_container
	succeeds
	is "$output" ran
	no_leftovers
}

@test "program for another architecture, or without a format: exec format error" {
	# An ELF header of no machine that there is.
	printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xfe\xfe\x01\0\0\0%040d' 0 |
		file_in_rootfs /bin/prog
	program_args prog
	run_container
	fails_with bin/prog 'exec format error'
	file_in_rootfs /bin/prog <<<'echo a shell would run this'
	run_container
	fails_with bin/prog 'exec format error'
	is "$output" ''
	no_leftovers
}

@test "program whose interpreter is missing" {
	file_in_rootfs /bin/prog <<<'#!/no/such/interpreter'
	program_args prog
	run_container
	fails_with bin/prog 'no such file or directory'
	no_leftovers
}

@test "process missing: config can be read, but not be run" { # config.md § Process: optional
	config_edit 'del(.process)'
	create_container
	fails_with 'process is missing'
	no_leftovers
}

@test "descriptors: exactly 0, 1 and 2" {
	program 'for fd in $(seq 0 99); do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done'
	run_container 5</etc/passwd 7</ 42>"$BATS_TEST_TMPDIR/other"
	succeeds
	is "$output" '0
1
2'
	create_container 5</etc/passwd 7</ 42>"$BATS_TEST_TMPDIR/other"
	nvcrun start "$CTR"
	wait_for has_status stopped
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" '0
1
2'
}

@test "descriptors: a closed standard one is a null device of the container's" {
	config_edit '.root.readonly = false'
	program 'x=$(for fd in 0 1 2; do stat -L -c "%t:%T" /proc/$$/fd/$fd; done); echo "$x" >/out'
	capture bash -c 'exec "$@" <&- >&- 2>&-' - "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR"
	is "$status" 0
	is "$(cat "$BUNDLE/rootfs/out")" '1:3
1:3
1:3'
}

@test "signals: none is ignored or blocked" {
	program_args grep -E 'Sig(Blk|Ign)' /proc/self/status
	# CHLD: the kernel tells of no child's end then.
	capture timeout --signal=KILL 10 bash -c 'trap "" PIPE TERM INT HUP CHLD USR1 && "$@"' - \
		"$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR"
	succeeds
	is "$output" $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
	capture bash -c 'trap "" PIPE TERM INT HUP CHLD USR1 && "$@"' - \
		"$NVCRUN" --root "$STATE" create --bundle "$BUNDLE" "$CTR"
	nvcrun start "$CTR"
	wait_for has_status stopped
	is "$(cat "$BATS_TEST_TMPDIR/stdout")" $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
}

@test "a session of its own" {
	program "cut -d' ' -f 5,6 /proc/self/stat"
	run_container
	succeeds
	is "$output" '1 1'
}

@test "stdin and stdout carry bytes, all of them" {
	local file=$BATS_TEST_TMPDIR/bytes

	head -c 2000000 /dev/urandom >"$file"
	printf 'a\0b\n\0' >>"$file"
	program_args cat
	capture nvcrun run --bundle "$BUNDLE" "$CTR" <"$file"
	succeeds
	cmp "$file" "$BATS_TEST_TMPDIR/stdout"
	capture nvcrun run --bundle "$BUNDLE" "$CTR" < <(cat "$file")
	succeeds
	cmp "$file" "$BATS_TEST_TMPDIR/stdout"
}

@test "a user can use standard descriptors that are pipes of root's" { # runc and crun give them to the user
	config_edit '.process.user = { uid: 1000, gid: 1000 }'
	program 'echo hello >/dev/stdout; cat /dev/stdin'
	is "$(echo input | nvcrun run --bundle "$BUNDLE" "$CTR" | cat)" 'hello
input'
}

@test "arguments: empty ones, long ones, blanks and quotes" {
	local long

	long=$(head -c 100000 /dev/zero | tr '\0' x)
	program_args sh -c 'for a; do echo "${#a}"; done; echo "$2"' - '' ' "a" '"'b' \\c"$'\td' "$long"
	run_container
	succeeds
	is "$output" $'0\n13\n100000\n "a" \'b\' \\c\td'
}
