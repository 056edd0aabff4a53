#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config-linux.md § Seccomp: what a filter answers, and that the container is under it.
# bats file_tags=seccomp,root
# shellcheck disable=SC2016,SC2034,SC2154  # $ is for jq and for shells in containers; the rest: common.bash
load helpers/common

# One static program for all tests: `call NUMBER [ARGUMENT...]` makes a system call and prints its error.
setup_file() {
	cat >"$BATS_FILE_TMPDIR/call.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n[7] = { 0 };

	for (int i = 1; i < argc && i <= 7; i++)
		n[i - 1] = strtol(argv[i], NULL, 0);
	errno = 0;
	if (syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]) >= 0)
		puts("done");
	else
		printf("errno %d\n", errno);
	return 0;
}
C
	cc -static -O1 -o "$BATS_FILE_TMPDIR/call" "$BATS_FILE_TMPDIR/call.c"
	# Numbers by name, as the C library's headers have them: getppid=110 …
	cc -E -P -dM -include sys/syscall.h -x c /dev/null |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1=\2/p' >"$BATS_FILE_TMPDIR/numbers"
}

setup() {
	container_setup
	cp "$BATS_FILE_TMPDIR/call" "$BUNDLE/rootfs/bin/call"
}

teardown() {
	container_teardown
}

# number NAME
number() {
	sed -n "s/^$1=//p" "$BATS_FILE_TMPDIR/numbers"
}

# calls NAME|NUMBER [ARGUMENT...]: the container's program makes this call.
calls() {
	local n=$1

	[[ $n == [0-9]* ]] || n=$(number "$n")
	shift
	program_args call "$n" "$@"
}

# profile FILTER: linux.seccomp is what the filter of jq makes, of nothing.
profile() {
	config_edit ".linux.seccomp = ($1)"
}

# rule NAME ACTION [MEMBERS]: a profile that lets everything else through.
rule() {
	profile "{defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"$1\"], action: \"$2\" ${3+, $3}}]}"
}

no_new_privileges() {
	config_edit ".process.noNewPrivileges = $1"
}

# docker's filter, as a daemon writes it.
docker_profile() {
	config_edit --slurpfile profile "$TREE/tests/unit/seccomp/docker.json" '.linux.seccomp = $profile[0]'
}

@test "seccomp: a denied call fails with EPERM" { # config-linux.md § Seccomp
	rule getppid SCMP_ACT_ERRNO
	calls getppid
	for privileges in true false; do
		no_new_privileges "$privileges"
		run_container
		succeeds
		is "$output" 'errno 1'
	done
}

@test "seccomp: without a filter the same call works" { # config-linux.md § Seccomp
	calls getppid
	run_container
	succeeds
	is "$output" 'done'
}

@test "seccomp: the program is in filter mode" { # man 5 proc, Seccomp
	rule getppid SCMP_ACT_ERRNO
	program 'grep ^Seccomp: /proc/self/status'
	for privileges in true false; do
		no_new_privileges "$privileges"
		run_container
		succeeds
		is "$output" $'Seccomp:\t2'
	done
}

@test "seccomp: errnoRet is what the call fails with" { # config-linux.md § Seccomp
	rule getppid SCMP_ACT_ERRNO 'errnoRet: 42'
	calls getppid
	run_container
	succeeds
	is "$output" 'errno 42'
}

@test "seccomp: defaultErrnoRet is for all that no rule names" { # config-linux.md § Seccomp
	docker_profile
	config_edit '.linux.seccomp.defaultErrnoRet = 42'
	calls swapon
	run_container
	succeeds
	is "$output" 'errno 42'
}

@test "seccomp: SCMP_ACT_KILL ends the program by SIGSYS" { # config-linux.md § Seccomp
	calls getppid
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD; do
		rule getppid "$action"
		run_container
		is "$status" $((128 + 31))
		is "$output" ''
	done
}

@test "seccomp: SCMP_ACT_TRAP and SCMP_ACT_LOG" { # config-linux.md § Seccomp
	calls getppid
	rule getppid SCMP_ACT_TRAP
	run_container
	is "$status" $((128 + 31))
	rule getppid SCMP_ACT_LOG
	run_container
	succeeds
	is "$output" 'done'
}

@test "seccomp: a rule for one value of an argument" { # config-linux.md § Seccomp
	rule personality SCMP_ACT_ERRNO 'args: [{index: 0, value: 8, op: "SCMP_CMP_EQ"}]'
	calls personality 8
	run_container
	is "$output" 'errno 1'
	calls personality 0
	run_container
	is "$output" 'done'
}

@test "seccomp: a rule for some bits of an argument" { # config-linux.md § Seccomp
	rule personality SCMP_ACT_ERRNO 'args: [{index: 0, value: 12, valueTwo: 8, op: "SCMP_CMP_MASKED_EQ"}]'
	calls personality 11
	run_container
	is "$output" 'errno 1'
	calls personality 15
	run_container
	has_not "$output" 'errno 1'
}

@test "seccomp: two arguments of one rule must both match" { # config-linux.md § Seccomp
	rule socket SCMP_ACT_ERRNO 'errnoRet: 97, args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"},
		{index: 1, value: 1, op: "SCMP_CMP_GT"}]'
	calls socket 1 2 0
	run_container
	is "$output" 'errno 97'
	calls socket 1 1 0
	run_container
	is "$output" 'done'
}

@test "seccomp: docker's filter refuses sockets of AF_VSOCK and allows AF_UNIX" { # config-linux.md § Seccomp
	docker_profile
	calls socket 40 1 0
	run_container
	is "$output" 'errno 1'
	calls socket 1 1 0
	run_container
	is "$output" 'done'
}

@test "seccomp: a shell under docker's filter" { # config-linux.md § Seccomp
	docker_profile
	program 'echo a | cat; (exit 3); echo $?; mkdir /tmp/d && ls /tmp; sleep 0.01 & wait; unshare -m true || echo denied'
	for privileges in true false; do
		no_new_privileges "$privileges"
		run_container
		is "$status" 0
		has "$output" $'a\n3\n' denied
	done
}

@test "seccomp: as another user, create and start, with podman's filter" { # config-linux.md § Seccomp
	config_edit --slurpfile profile "$TREE/tests/unit/seccomp/podman.json" \
		'.linux.seccomp = $profile[0] | .process.user = {uid: 1000, gid: 1000}'
	program 'exit 7'
	for privileges in true false; do
		no_new_privileges "$privileges"
		create_container
		[ "$status" -eq 0 ] || fail 'create failed'
		has "$(grep -s Seccomp: "/proc/$(pid_of)/status")" "Seccomp:	$([ "$privileges" = true ] && echo 0 || echo 2)"
		nvcrun start "$CTR"
		wait_for has_status stopped
		nvcrun delete "$CTR"
	done
}

@test "seccomp: a call newer than the filter is answered with ENOSYS, one that it leaves out with EPERM" { # runc, patchbpf
	docker_profile
	calls 5000
	run_container
	is "$output" 'errno 38'
	calls swapon
	run_container
	is "$output" 'errno 1'
	profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getppid"], action: "SCMP_ACT_ERRNO"}]}'
	calls 5000
	run_container
	is "$output" 'errno 38'
}

@test "seccomp: names that nobody knows are skipped" { # config-linux.md § Seccomp
	rule nosuchcall SCMP_ACT_KILL
	calls getppid
	run_container
	succeeds
	is "$output" 'done'
}

@test "seccomp: flags" { # config-linux.md § Seccomp
	calls getppid
	for flags in '[]' '["SECCOMP_FILTER_FLAG_LOG"]' \
		'["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'; do
		rule getppid SCMP_ACT_ERRNO
		config_edit ".linux.seccomp.flags = $flags"
		run_container
		succeeds
		is "$output" 'errno 1'
	done
	NVCRUN_OPTIONS=(--debug)
	rule getppid SCMP_ACT_ERRNO
	run_container
	has "$stderr" 'seccomp filter flags: 4'
}

@test "seccomp: newer calls that the filter denies are not needed after it is loaded" { # runc, seccomp.bats
	local error

	# EPERM is what an older profile says of what it does not name.
	for error in 38 1; do
		profile '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["close_range", "fsopen", "fsconfig", "fspick",
			"openat2", "open_tree", "move_mount", "mount_setattr", "faccessat2", "pidfd_open", "clone3", "execveat",
			"statx", "pidfd_send_signal", "rseq"], action: "SCMP_ACT_ERRNO", errnoRet: '$error'}]}'
		for privileges in true false; do
			no_new_privileges "$privileges"
			program 'echo here'
			run_container
			succeeds
			is "$output" here
			# Looked for in PATH.
			program_args sleep 60
			capture nvcrun run --detach --bundle "$BUNDLE" "$CTR" </dev/null
			succeeds
			capture nvcrun exec "$CTR" echo there
			succeeds
			is "$output" there
			nvcrun delete --force "$CTR"
		done
	done
}

@test "seccomp: startContainer hooks are under the filter" { # config.md § StartContainer Hooks
	rule mkdir SCMP_ACT_KILL
	config_edit '.linux.seccomp.syscalls[0].names += ["mkdirat"]
		| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "mkdir /tmp/d"]}]'
	program 'echo here'
	for privileges in true false; do
		no_new_privileges "$privileges"
		run_container
		[ "$status" -ne 0 ] || fail 'the hook was allowed to'
		has "$stderr" 'error running startContainer hook'
		is "$output" ''
	done
}

@test "seccomp: a filter that denies execve is the runtime's own end" { # config-linux.md § Seccomp
	rule execve SCMP_ACT_ERRNO
	run_container
	fails_with 'exec: exec ' 'operation not permitted'
	no_leftovers
}

@test "seccomp: a profile that is wrong names its field" { # config-linux.md § Seccomp
	rule getppid SCMP_ACT_ALLOW 'errnoRet: 1'
	run_container
	fails_with 'linux.seccomp.syscalls[0].errnoRet: SCMP_ACT_ALLOW has no error number'
	rule getppid SCMP_ACT_NOTIFY
	run_container
	fails_with 'linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY: not supported by this version of nvcrun'
	rule getppid SCMP_ACT_NO
	run_container
	fails_with 'unknown seccomp action `SCMP_ACT_NO` (one of SCMP_ACT_KILL,'
	no_leftovers
}

@test "seccomp: exec comes under the same filter" { # config-linux.md § Seccomp
	rule getppid SCMP_ACT_ERRNO
	program 'sleep 60'
	capture nvcrun run --detach --bundle "$BUNDLE" "$CTR" </dev/null
	[ "$status" -eq 0 ] || fail 'run failed'
	capture nvcrun exec "$CTR" call "$(number getppid)"
	is "$output" 'errno 1'
}
