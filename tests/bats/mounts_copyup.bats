#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The mount option tmpcopyup: a tmpfs that starts as a copy of what it covers (podman run --tmpfs).
# bats file_tags=mounts,root
# shellcheck disable=SC2016  # the dollars in single quotes are for jq and for shells in containers
# shellcheck disable=SC2034,SC2154  # helpers/common.bash reads and sets them
load helpers/common

setup() {
	container_setup
	DIR=$BUNDLE/rootfs/data
	mkdir -p "$DIR"
}

teardown() {
	container_teardown
}

# tmpfs OPTIONS: a tmpfs over /data; OPTIONS is a JSON array.
tmpfs() {
	config_edit --argjson options "$1" '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: $options}]'
}

# What is in a directory, seen from the host: names, kinds, modes, owners, sizes, times, targets.
list() {
	(
		cd "$1" || exit
		find . -type d -printf '%p %y %m %U:%G %T@\n' -o -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
	)
}

make_tree() {
	mkdir -p "$DIR/sub/deep" "$DIR/private"
	echo words >"$DIR/file"
	head -c 300000 /dev/urandom >"$DIR/sub/deep/large"
	: >"$DIR/empty"
	echo x >"$DIR/setuid"
	chown 12:34 "$DIR/setuid" "$DIR/private"
	chmod 4751 "$DIR/setuid"
	chmod 2710 "$DIR/private"
	ln -s file "$DIR/relative"
	ln -s /etc/passwd "$DIR/absolute"
	ln -s ../../../../../../../../etc/passwd "$DIR/outside"
	ln -s nowhere "$DIR/dangling"
	mkfifo -m 640 "$DIR/fifo"
	mknod -m 606 "$DIR/null" c 1 3
	chown -h 56:78 "$DIR/dangling"
	find "$DIR" -exec touch -h -d '2001-02-03 04:05:06.789' {} +
}

@test "tmpcopyup: everything is there as it was, and writing changes the copy only" {
	local before

	make_tree
	chown 90:91 "$DIR"
	chmod 1750 "$DIR"
	touch -d '2001-02-03 04:05:06.789' "$DIR"
	before=$(list "$DIR")
	tmpfs '["nosuid", "tmpcopyup"]'
	program_args sleep 1000
	create_container
	succeeds
	is "$(list "/proc/$(pid_of)/root/data")" "$before"
	cmp "$DIR/sub/deep/large" "/proc/$(pid_of)/root/data/sub/deep/large"
	is "$(stat -f -c %T "/proc/$(pid_of)/root/data")" tmpfs
	echo new >"/proc/$(pid_of)/root/data/file"
	is "$(list "$DIR")" "$before"
	is "$(cat "$DIR/file")" words
}

@test "tmpcopyup: a read-only one has its copy" {
	echo words >"$DIR/file"
	tmpfs '["ro", "tmpcopyup"]'
	program 'cat /data/file; touch /data/new'
	run_container
	[ "$status" -ne 0 ]
	is "$output" words
	has "$stderr" 'Read-only file system'
}

@test "tmpcopyup: options win over what is covered" {
	chown 90:91 "$DIR"
	chmod 750 "$DIR"
	tmpfs '["mode=1777", "uid=5", "tmpcopyup"]'
	program 'stat -c "%a %u:%g" /data'
	run_container
	succeeds
	is "$output" '1777 5:0'
}

@test "tmpcopyup: a directory that is not there yet is empty" {
	rmdir "$DIR"
	tmpfs '["tmpcopyup"]'
	program 'ls -a /data | wc -l'
	run_container
	succeeds
	is "$(tr -d ' ' <<<"$output")" 2
}

@test "tmpcopyup: what is mounted in it is not copied, and sockets are left out" {
	mkdir "$DIR/volume"
	echo words >"$DIR/file"
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$DIR/socket" || skip 'needs perl'
	config_edit '.mounts += [{destination: "/data/volume", type: "devpts", source: "devpts"}]'
	tmpfs '["tmpcopyup"]'
	program 'ls /data /data/volume'
	run_container
	succeeds
	is "$(tr '\n' ' ' <<<"$output")" '/data: file volume  /data/volume: '
}

@test "tmpcopyup: what does not fit is an error that names the file" {
	head -c 300000 /dev/zero >"$DIR/large"
	tmpfs '["size=64k", "tmpcopyup"]'
	run_container
	fails_with 'mounts[' 'tmpcopyup: copy `large`: no space left on device'
	no_leftovers
}

@test "tmpcopyup: only for type tmpfs" {
	config_edit '.mounts += [{destination: "/data", type: "bind", source: "/etc", options: ["bind", "tmpcopyup"]}]'
	run_container
	fails_with 'mounts[' '(/data): option `tmpcopyup` is for type tmpfs only'
	no_leftovers
}

@test "tmpcopyup: on a kernel without the new mount calls" {
	echo words >"$DIR/file"
	tmpfs '["ro", "tmpcopyup"]'
	program 'cat /data/file; touch /data/new 2>/dev/null || echo sealed'
	capture "$HELPERS/degrade" fsopen,open_tree,move_mount,mount_setattr "$NVCRUN" --root "$STATE" run --bundle "$BUNDLE" "$CTR" </dev/null
	succeeds
	is "$(tr '\n' ' ' <<<"$output")" 'words sealed '
}
