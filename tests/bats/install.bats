#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Installation, and where the helper programs are found: beside the build, beside a carried nvcrun, in a prefix.
# That a helper runs is shown by cgroups at a place that only the mount table tells (src/cgroups/layout.c).
# bats file_tags=install,root

# shellcheck disable=SC2016  # the dollars in single quotes are for shells in containers
# shellcheck disable=SC2030,SC2031,SC2034,SC2154  # helpers/common.bash reads and sets them

load helpers/common

setup() {
	container_setup
	build=${NVCRUN%/*}
	# Not in $BATS_TEST_TMPDIR, where no_leftovers would complain of its mounts.
	odd=$BATS_FILE_TMPDIR/odd-$BATS_TEST_NUMBER
	carried=$BATS_TEST_TMPDIR/carried
	# Without a cgroup namespace /proc/self/cgroup tells the truth, and a cgroup mount is of no interest.
	config_edit '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	program 'cat /proc/self/cgroup'
}

teardown() { container_teardown; }

# odd_view COMMAND: a mount namespace without /sys/fs/cgroup, where COMMAND mounts what there is below $odd.
odd_view() {
	mkdir -p "$odd"
	unshare --mount sh -c "umount -R /sys/fs/cgroup && cd '$odd' && $1 && touch ready && exec sleep infinity" \
		</dev/null >/dev/null 2>&1 3>&- &
	VIEW=$!
	disown
	wait_for test -e "$odd/ready"
}

odd_v2() {
	odd_view 'mkdir v2 && mount -t cgroup2 cgroup2 v2'
}

# carry [NAME]: a folder with copies of nvcrun and its helpers becomes $NVCRUN.
carry() {
	mkdir -p "$carried"
	cp "$build/nvcrun" "$carried"
	mkdir -p "$carried/libexec/nvcrun"
	cp "$build/libexec/nvcrun/mount-table" "$carried/libexec/nvcrun"
	NVCRUN=$carried/nvcrun
	helper=$carried/libexec/nvcrun/mount-table
}

# The container ran in a cgroup of the odd place, which is gone.
helper_was_found() {
	run_container
	succeeds
	has "$output" "$CTR"
	is "$(in_view find "$odd" -name "*$CTR*")" ''
	no_leftovers
}

make_quietly() {
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$build" "$@" >"$BATS_TEST_TMPDIR/make.log" 2>&1 3>&- ||
		fail "$(cat "$BATS_TEST_TMPDIR/make.log")"
}

# Everything below $root that is no directory.
installed() {
	find "$root" ! -type d -printf '/%P\n' | sort
}

@test "install: make install and uninstall" {
	local root=$BATS_TEST_TMPDIR/root

	[ -e "$build/Makefile" ] || skip 'needs a build directory'
	make_quietly install DESTDIR="$root" prefix=/usr/local
	has "$(installed)" /usr/local/bin/nvcrun /usr/local/libexec/nvcrun/mount-table \
		/usr/local/libexec/nvcrun/nvml-probe \
		/usr/local/share/man/man8/nvcrun.8 /usr/local/share/man/man8/nvcrun-run.8 \
		/usr/local/share/man/man7/nvcrun-nvidia.7 /usr/local/share/bash-completion/completions/nvcrun \
		/usr/local/share/zsh/site-functions/_nvcrun /usr/local/share/fish/vendor_completions.d/nvcrun.fish
	# Nothing elsewhere, and nothing that others could change.
	is "$(installed | grep -v '^/usr/local/')" ''
	is "$(find "$root" -perm /022 ! -type l)" ''

	NVCRUN=$root/usr/local/bin/nvcrun
	capture nvcrun --version
	succeeds
	odd_v2
	helper_was_found

	make_quietly uninstall DESTDIR="$root" prefix=/usr/local
	is "$(installed)" ''
}

@test "install: the helpers of the build are found" {
	odd_v2
	helper_was_found
}

@test "install: the helpers of a carried folder are found, also through a link" {
	carry
	odd_v2
	helper_was_found
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$carried/nvcrun" "$BATS_TEST_TMPDIR/bin/nvcrun"
	NVCRUN=$BATS_TEST_TMPDIR/bin/nvcrun
	helper_was_found
	# By a relative path, and by $PATH.
	cd "$carried"
	NVCRUN=./nvcrun
	helper_was_found
	PATH=$carried:$PATH NVCRUN=nvcrun
	cd "$BATS_TEST_TMPDIR"
	nvcrun() { in_view env nvcrun --root "$STATE" "$@"; }
	helper_was_found
}

@test "install: a cgroup v1 controller at an odd place is used for limits" {
	local controller=pids

	[ -d /sys/fs/cgroup/pids ] || skip 'needs cgroup v1'
	odd_view 'mkdir a b && mount -t cgroup -o pids cgroup a && mount -t cgroup -o devices cgroup b'
	config_edit '.linux.resources.pids.limit = 123'
	create_container
	succeeds
	is "$(in_view cat "$odd/a/nvcrun-$CTR/pids.max")" 123
	is "$(in_view cat "$odd/a/nvcrun-$CTR/cgroup.procs")" "$(pid_of)"
	is "$(in_view cat "$odd/b/nvcrun-$CTR/cgroup.procs")" "$(pid_of)"
	nvcrun delete "$CTR"
	is "$(in_view find "$odd" -name "*$CTR*")" ''
	# A controller that is mounted nowhere is missed by name.
	config_edit '.linux.resources.memory.limit = 100000000'
	run_container
	fails_with linux.resources.memory.limit 'cgroup controller memory' "$odd/a"
	no_leftovers
}

@test "install: a missing helper: the error names the paths that were looked at" {
	carry
	rm "$helper"
	odd_v2
	# Whatever is installed on this machine must not be found either.
	! [ -d /usr/local/libexec/nvcrun ] || in_view mount -t tmpfs tmpfs /usr/local/libexec/nvcrun
	run_container
	fails_with 'no cgroup hierarchy at /sys/fs/cgroup' 'helper program mount-table not found' "$helper" \
		"$carried/../libexec/nvcrun/mount-table" libexec/nvcrun/mount-table
	no_leftovers
	# With cgroups at their usual place nobody needs it.
	kill "$VIEW"
	VIEW=
	run_container
	succeeds
}

@test "install: a helper that others can change is refused" {
	carry
	odd_v2
	for mode in 0775 0757; do
		chmod "$mode" "$helper"
		run_container
		fails_with "$helper: writable by group or others"
	done
	chmod 0755 "$helper"
	chown 1000 "$helper"
	run_container
	fails_with "$helper: owned by uid 1000"
	chown 0 "$helper"
	helper_was_found
	rm "$helper"
	mkdir "$helper"
	run_container
	fails_with "$helper: not a regular file"
	no_leftovers
}

@test "install: a helper inherits nothing, and its failure is told in its words" {
	carry
	odd_v2
	cat >"$helper" <<-END
		#!/bin/sh
		cat /proc/self/environ >$BATS_TEST_TMPDIR/environ
		ls /proc/\$\$/fd >$BATS_TEST_TMPDIR/fds
		pwd >$BATS_TEST_TMPDIR/cwd
		echo 'out of luck' >&2
		exit 3
	END
	SECRET=1 run_container 5</dev/null
	fails_with "$helper" 'out of luck' 3
	has_not "$(tr '\0' ' ' <"$BATS_TEST_TMPDIR/environ")" SECRET PATH=/usr/local NVCRUN
	is "$(cat "$BATS_TEST_TMPDIR/cwd")" /
	# The shell's own descriptor of the script is 10 or more.
	is "$(sort -n "$BATS_TEST_TMPDIR/fds" | head -n 3 | xargs)" '0 1 2'
	[ "$(sort -n "$BATS_TEST_TMPDIR/fds" | sed -n 4p)" -ge 3 ]
	has_not "$(cat "$BATS_TEST_TMPDIR/fds")" 5

	printf '#!/bin/sh\necho "{}"\n' >"$helper"
	run_container
	fails_with 'mount-table: expected an array'
	printf '#!/bin/sh\necho "["\n' >"$helper"
	run_container
	fails_with mount-table
	printf '#!/bin/sh\nkill -KILL $$\n' >"$helper"
	run_container
	fails_with "$helper: killed by signal 9"
	no_leftovers
}
