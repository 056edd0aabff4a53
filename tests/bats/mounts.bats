#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# config.md § Mounts, § Root; config-linux.md § Masked Paths, § Readonly Paths, § Rootfs Mount Propagation.
# bats file_tags=mounts,root
# shellcheck disable=SC2016,SC2154  # $ is for jq and for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031  # each test is a subshell
load helpers/common

setup() {
	container_setup
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir "$CANARY"
}

# Whatever is in the root file system: nothing may come out of it.
teardown() {
	container_teardown
	[ -z "$(find "$CANARY" -mindepth 1)" ] || fail "made outside of the container:" "$(find "$CANARY")"
}

# mount_add DESTINATION TYPE SOURCE [OPTION...]
mount_add() {
	config_edit '.mounts += [{ destination: $ARGS.positional[0], type: $ARGS.positional[1],
		source: $ARGS.positional[2], options: $ARGS.positional[3:] }]' --args -- "$@"
}

bind_add() {
	mount_add "$1" none "$2" bind "${@:3}"
}

writable_root() {
	config_edit '.root.readonly = false'
}

# In a mountinfo on standard input: mount options, file system, its options. man 5 proc
mount_of() {
	awk -v at="$1" '$5 == at { for (i = 7; $i != "-"; i++); print $6, $(i + 1), $(i + 3) }'
}

propagation_of() {
	awk -v at="$1" '$5 == at { for (i = 7; $i != "-"; i++) { sub(":.*", "", $i); printf "%s ", $i } }'
}

@test "mounts: those of the default config have its options" { # config-linux.md § Default Filesystems
	local dest expected actual

	program_args cat /proc/self/mountinfo
	run_container
	succeeds
	while read -r dest expected; do
		actual=$(mount_of "$dest" <<<"$output")
		is "$dest ${actual:0:${#expected}}" "$dest $expected"
	done <<-'EXPECTED'
		/proc rw,relatime proc rw
		/dev rw,nosuid tmpfs rw,size=65536k,mode=755
		/dev/pts rw,nosuid,noexec,relatime devpts rw,gid=5,mode=620,ptmxmode=666
		/dev/shm rw,nosuid,nodev,noexec,relatime tmpfs rw,size=65536k
		/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue rw
		/sys ro,nosuid,nodev,noexec,relatime sysfs
	EXPECTED
	has "$(mount_of / <<<"$output")" ro,
	has "$(mount_of /sys/fs/cgroup <<<"$output")" ro,nosuid,nodev,noexec
	has "$(mount_of /proc/sys <<<"$output")" ro,
	has_not "$output" "$BATS_TEST_TMPDIR/state"
}

@test "mounts: nothing of the host's is left after the pivot" {
	program 'grep -c " / / " /proc/self/mountinfo; ls /; cat /proc/mounts | cut -d" " -f2'
	run_container
	succeeds
	has_not "$output" "$BATS_TEST_TMPDIR" oldroot
}

@test "bind: a file" {
	echo data >"$BATS_TEST_TMPDIR/file"
	bind_add /new/file "$BATS_TEST_TMPDIR/file"
	program 'cat /new/file; echo more >>/new/file'
	run_container
	succeeds
	is "$output" data
	is "$(tail -n 1 "$BATS_TEST_TMPDIR/file")" more
	no_leftovers
}

@test "bind: a directory" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	echo data >"$BATS_TEST_TMPDIR/dir/file"
	bind_add /new/dir "$BATS_TEST_TMPDIR/dir"
	program 'cat /new/dir/file; echo made >/new/dir/made'
	run_container
	succeeds
	is "$output" data
	is "$(cat "$BATS_TEST_TMPDIR/dir/made")" made
	no_leftovers
}

@test "bind: a relative source is one of the bundle" { # config.md § Mounts, source
	mkdir "$BUNDLE/data"
	echo data >"$BUNDLE/data/file"
	bind_add /m data
	program_args cat /m/file
	cd /
	run_container
	succeeds
	is "$output" data
}

@test "bind: a missing source is an error that names it" {
	bind_add /m "$BATS_TEST_TMPDIR/nosuch"
	run_container
	fails_with 'mounts[7]' "$BATS_TEST_TMPDIR/nosuch" 'no such file or directory'
	no_leftovers
}

@test "bind ro: not writable inside, writable on the host" {
	mkdir "$BATS_TEST_TMPDIR/dir"
	bind_add /m "$BATS_TEST_TMPDIR/dir" ro
	program 'touch /m/file'
	run_container
	is "$status" 1
	has "$stderr" 'Read-only file system'
	touch "$BATS_TEST_TMPDIR/dir/file"
}

@test "rbind brings the mounts below, bind does not; ro is for the top, rro for all" { # config.md § Linux mount options
	local dir=$BATS_TEST_TMPDIR/dir

	view same
	mkdir -p "$dir/below"
	in_view mount -t tmpfs below "$dir/below"
	in_view touch "$dir/below/file"
	mount_add /plain none "$dir" bind
	mount_add /all none "$dir" rbind ro
	mount_add /sealed none "$dir" rbind rro
	program 'ls /plain/below; echo --; ls /all/below; touch /all/below/new && echo made
		touch /all/new || echo sealed; touch /sealed/below/new || echo sealed'
	run_container
	is "$status" 0
	is "$output" '--
file
made
sealed
sealed'
}

@test "noexec, nodev and nosuid work" { # config.md § Linux mount options
	local dir=$BATS_TEST_TMPDIR/dir option

	mkdir "$dir"
	cp /bin/cat "$dir/cat"
	chmod 4755 "$dir/cat"
	mknod -m 0666 "$dir/zero" c 1 5
	for option in nosuid nodev noexec; do
		bind_add "/$option" "$dir" "$option"
	done
	bind_add /plain "$dir"
	config_edit '.process.user = { uid: 1000, gid: 1000 } | .process.noNewPrivileges = false'
	# Uid: real, effective
	program 'for m in plain nosuid nodev noexec; do
			echo $m:
			head -c 1 /$m/zero | wc -c
			/$m/cat /proc/self/status | grep "^Uid" | cut -f 2,3
		done'
	run_container
	is "$output" 'plain:
1
1000	0
nosuid:
1
1000	1000
nodev:
0
1000	0
noexec:
1'
	has "$stderr" '/nodev/zero: Permission denied' '/noexec/cat: Permission denied'
}

@test "tmpfs: size and mode" {
	mount_add /m tmpfs tmpfs size=1m mode=0710
	program 'stat -c %a /m; dd if=/dev/zero of=/m/file bs=64k count=17 2>&1'
	run_container
	is "$status" 1
	is "$(head -n 1 <<<"$output")" 710
	has "$output" 'No space left on device'
}

@test "tmpfs: the mode of the directory that it covers, unless given" {
	mkdir -m 0711 "$BUNDLE/rootfs/m"
	mount_add /m tmpfs tmpfs
	program_args stat -c %a /m
	run_container
	succeeds
	is "$output" 711
}

@test "the modes of new mount points are 0755, those of new files 0644 at most" {
	writable_root
	echo data >"$BATS_TEST_TMPDIR/file"
	mount_add /a/b tmpfs tmpfs
	bind_add /c/file "$BATS_TEST_TMPDIR/file"
	run_container
	is "$(stat -c %a "$BUNDLE/rootfs/a" "$BUNDLE/rootfs/a/b" "$BUNDLE/rootfs/c" | uniq)" 755
	is "$(find "$BUNDLE/rootfs/c/file" -perm /0133)" ''
}

@test "propagation: slave unless the options say otherwise" { # config.md § Linux mount options
	local dir=$BATS_TEST_TMPDIR/dir

	view same
	mkdir "$dir"
	in_view mount --bind "$dir" "$dir"
	in_view mount --make-shared "$dir"
	mount_add /slave none "$dir" rbind
	mount_add /private none "$dir" rbind rprivate
	mount_add /shared none "$dir" rbind rshared
	mount_add /unbindable none "$dir" bind unbindable
	program_args cat /proc/self/mountinfo
	run_container
	succeeds
	is "$(propagation_of /slave <<<"$output")" 'master '
	is "$(propagation_of /private <<<"$output")" ''
	is "$(propagation_of /shared <<<"$output")" 'shared master '
	is "$(propagation_of /unbindable <<<"$output")" 'unbindable '
}

@test "propagation: what a container mounts stays in it, whatever the host's mounts are" { # config-linux.md § Rootfs Mount Propagation
	local before

	view same
	in_view mount --make-rshared /
	mkdir "$BUNDLE/rootfs/m"
	config_edit '.process.capabilities[] = ["CAP_SYS_ADMIN"]'
	program 'mount -t tmpfs inside /m && grep -c inside /proc/self/mounts'
	before=$(in_view sort /proc/self/mountinfo)
	run_container
	succeeds
	is "$output" 1
	is "$(in_view sort /proc/self/mountinfo)" "$before"
}

@test "propagation: rootfsPropagation is that of the root" { # config-linux.md § Rootfs Mount Propagation
	program_args cat /proc/self/mountinfo
	config_edit '.linux.rootfsPropagation = "shared"'
	run_container
	succeeds
	has "$(propagation_of / <<<"$output")" shared
	config_edit '.linux.rootfsPropagation = "private"'
	run_container
	succeeds
	is "$(propagation_of / <<<"$output")" ''
	no_leftovers
}

@test "destinations through absolute and climbing links stay inside" { # CVE-2019-18837, CVE-2021-30465
	local climbing=../../../../../../../../../..

	writable_root
	ln -s "$CANARY" "$BUNDLE/rootfs/absolute"
	ln -s "$climbing$CANARY" "$BUNDLE/rootfs/climbing"
	echo data >"$BATS_TEST_TMPDIR/file"
	mount_add /absolute/dir tmpfs tmpfs
	mount_add /climbing/dir/deep tmpfs tmpfs
	bind_add /absolute/file "$BATS_TEST_TMPDIR/file"
	bind_add "/$climbing/up" "$BATS_TEST_TMPDIR/file"
	program "cat '$CANARY/file' /up && cut -d' ' -f5 /proc/self/mountinfo"
	run_container
	succeeds
	has "$output" "data
data
" "
$CANARY/dir
" "
$CANARY/dir/deep
" "
$CANARY/file
"
	[ ! -e /up ]
	no_leftovers
}

@test "destinations through dangling links are made where these point, inside" { # runc's mounts.bats, crun #1462
	writable_root
	ln -s /nowhere/deep "$BUNDLE/rootfs/dangling"
	ln -s dangling "$BUNDLE/rootfs/second"
	mount_add /dangling/a tmpfs tmpfs
	mount_add /second/b tmpfs tmpfs
	program 'cut -d" " -f5 /proc/self/mountinfo'
	run_container
	succeeds
	has "$output" /nowhere/deep/a /nowhere/deep/b
	[ ! -e /nowhere ]
}

@test "a link that leads to itself as destination is an error" {
	ln -s loop "$BUNDLE/rootfs/loop"
	mount_add /loop/a tmpfs tmpfs
	run_container
	fails_with 'mounts[7]' /loop/a 'too many levels of symbolic links'
	no_leftovers
}

@test "an unknown option is refused, the mount and the word are named" { # config.md § Mounts, options
	mount_add /m tmpfs tmpfs nosuid nosuch
	run_container
	fails_with 'mounts[7]' '`nosuch`'
	no_leftovers
}

@test "an unknown file system type is refused and named" {
	mount_add /m nosuchfs none
	run_container
	fails_with 'mounts[7]' nosuchfs
	no_leftovers
}

@test "mounts below /proc are refused, but for the files that virtualise numbers" { # runc's checkProcMount, CVE-2019-16884
	local dest

	echo numbers >"$BATS_TEST_TMPDIR/file"
	bind_add /proc/cpuinfo "$BATS_TEST_TMPDIR/file"
	program_args cat /proc/cpuinfo
	run_container
	succeeds
	is "$output" numbers
	config_edit 'del(.mounts[-1])'
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/good.json"
	for dest in /proc/self/attr /proc/sys/kernel /proc/1/../sys; do
		mount_add "$dest" tmpfs tmpfs
		run_container
		fails_with 'mounts[7]' /proc/ 'not allowed'
		no_leftovers
		cp "$BATS_TEST_TMPDIR/good.json" "$BUNDLE/config.json"
	done
	bind_add /proc/version "$BATS_TEST_TMPDIR/file"
	run_container
	fails_with 'mounts[7]' /proc/version 'not allowed'
}

@test "mounts below /proc are refused through a link too" { # CVE-2019-19921
	ln -s /proc "$BUNDLE/rootfs/numbers"
	mount_add /numbers/self/attr tmpfs tmpfs
	run_container
	fails_with 'mounts[7]' /numbers/self/attr 'not allowed'
	no_leftovers
}

@test "on /proc itself only procfs may be" { # CVE-2019-16884
	mount_add /proc tmpfs tmpfs
	run_container
	fails_with 'mounts[7]' /proc
	config_edit 'del(.mounts[-1])'
	mkdir "$BATS_TEST_TMPDIR/fake"
	bind_add /proc "$BATS_TEST_TMPDIR/fake"
	run_container
	fails_with 'mounts[7]' /proc
	config_edit 'del(.mounts[-1])'
	ln -s proc "$BUNDLE/rootfs/link"
	mount_add /link tmpfs tmpfs
	run_container
	fails_with 'mounts[7]' /link
	no_leftovers
}

@test "/proc of the host may be bound, as engines do with its pid namespace" {
	config_edit 'del(.linux.namespaces[] | select(.type == "pid"))
		| .mounts[0] = { destination: "/proc", type: "none", source: "/proc", options: ["rbind"] }
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	program_args cat /proc/sys/kernel/ostype
	run_container
	succeeds
	is "$output" Linux
}

@test "/proc as a link is refused, the host's directory stays as it is" { # CVE-2019-18837, CVE-2019-19921
	rmdir "$BUNDLE/rootfs/proc"
	ln -s "$CANARY" "$BUNDLE/rootfs/proc"
	run_container
	fails_with 'must be mounted on ordinary directory' /proc
	no_leftovers
	ln -sfn etc "$BUNDLE/rootfs/proc"
	run_container
	fails_with 'must be mounted on ordinary directory' /proc
}

@test "/sys as a link is refused" { # CVE-2023-28642
	rmdir "$BUNDLE/rootfs/sys"
	ln -s etc "$BUNDLE/rootfs/sys"
	run_container
	fails_with 'must be mounted on ordinary directory' /sys
	no_leftovers
}

@test "root.readonly" { # config.md § Root
	program 'touch /etc/new'
	run_container
	is "$status" 1
	has "$stderr" 'Read-only file system'
	writable_root
	run_container
	succeeds
	[ -e "$BUNDLE/rootfs/etc/new" ]
}

@test "root.path: relative, absolute, a link; missing or a file is an error" { # config.md § Root
	program_args cat /etc/hostname
	mv "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/elsewhere"
	run_container
	fails_with root.path "$BUNDLE/rootfs" 'no such file or directory'
	ln -s ../elsewhere "$BUNDLE/rootfs"
	run_container
	succeeds
	is "$output" nvcrun
	config_edit --arg path "$BATS_TEST_TMPDIR/elsewhere" '.root.path = $path'
	run_container
	succeeds
	config_edit --arg path "$BUNDLE/config.json" '.root.path = $path'
	run_container
	fails_with root.path 'not a directory'
	no_leftovers
}

@test "masked paths: files and directories are empty and cannot be written" { # config-linux.md § Masked Paths
	writable_root
	mkdir "$BUNDLE/rootfs/secret"
	echo secret | tee "$BUNDLE/rootfs/secret/file" >"$BUNDLE/rootfs/etc/secret"
	config_edit '.linux.maskedPaths += ["/secret", "/etc/secret", "/nosuch", "/etc/secret/nosuch"]'
	program 'wc -c </etc/secret; ls -A /secret | wc -l; echo x >/etc/secret
		touch /secret/file 2>/dev/null || echo sealed; wc -c </proc/keys; ls -A /sys/firmware | wc -l'
	run_container
	is "$status" 0
	is "$output" '0
0
sealed
0
0'
	is "$(cat "$BUNDLE/rootfs/etc/secret")" secret
	no_leftovers
}

@test "read-only paths cannot be written, nor what is below" { # config-linux.md § Readonly Paths
	writable_root
	config_edit '.linux.readonlyPaths += ["/etc", "/nosuch"]'
	program 'echo x >/etc/passwd; touch /etc/new; echo 1 >/proc/sys/kernel/ostype
		echo 1 >/proc/irq/default_smp_affinity; touch /tmp/new && echo writable'
	run_container
	is "$output" writable
	is "$(grep -c 'Read-only file system' <<<"$stderr")" 4
}

@test "masked and read-only paths that are links are refused" { # CVE-2025-52881
	ln -s passwd "$BUNDLE/rootfs/etc/link"
	config_edit '.linux.maskedPaths += ["/etc/link"]'
	run_container
	fails_with linux.maskedPaths /etc/link 'symbolic link'
	config_edit 'del(.linux.maskedPaths[-1]) | .linux.readonlyPaths += ["/etc/link"]'
	run_container
	fails_with linux.readonlyPaths /etc/link 'symbolic link'
	no_leftovers
}

@test "/dev as a link to a directory of the host: nothing is made there" { # CVE-2026-41579, CVE-2026-47766
	writable_root
	rmdir "$BUNDLE/rootfs/dev"
	ln -s "$CANARY" "$BUNDLE/rootfs/dev"
	config_edit 'del(.mounts[] | select(.destination | startswith("/dev")))'
	run_container
	is "$(find "$CANARY" -mindepth 1)" ''
	config_edit '.mounts += [{ destination: "/dev", type: "tmpfs", source: "tmpfs" }]'
	run_container
	is "$(find "$CANARY" -mindepth 1)" ''
	no_leftovers
}

@test "a false /dev/null is no mask" { # CVE-2025-31133
	local dev=$BATS_TEST_TMPDIR/dev

	mkdir "$dev"
	ln -s /proc/sysrq-trigger "$dev/null"
	config_edit 'del(.mounts[] | select(.destination | startswith("/dev")))'
	bind_add /dev "$dev"
	config_edit '.linux.maskedPaths = ["/etc/passwd"]'
	run_container
	fails_with /dev/null
	# The same where no standard descriptor is a null device either.
	capture nvcrun run --bundle "$BUNDLE" "$CTR" <"$BUNDLE/config.json"
	fails_with linux.maskedPaths /dev/null 'not the null device'
	rm "$dev/null"
	echo secret >"$dev/null"
	run_container
	fails_with /dev/null 'not the null device'
	no_leftovers
}

@test "/dev/null that an image brings as a link or file is refused" { # CVE-2025-31133
	config_edit 'del(.mounts[] | select(.destination | startswith("/dev")))'
	writable_root
	ln -s /proc/sysrq-trigger "$BUNDLE/rootfs/dev/null"
	run_container
	fails_with /dev/null 'not the device c 1:3'
	rm "$BUNDLE/rootfs/dev/null"
	echo secret >"$BUNDLE/rootfs/dev/null"
	run_container
	fails_with /dev/null 'not the device c 1:3'
	no_leftovers
}

# A source in the root file system itself: on what was mounted before, and through a link of the image.
source_inside() {
	mkdir -p "$BATS_TEST_TMPDIR"/{a/x,b/y,c} "$BUNDLE/rootfs"/{tree,part,all,inner} "$BUNDLE/rootfs$CANARY"
	echo a >"$BATS_TEST_TMPDIR/a/file"
	echo b >"$BATS_TEST_TMPDIR/b/file"
	echo c >"$BATS_TEST_TMPDIR/c/file"
	echo image >"$BUNDLE/rootfs$CANARY/file"
	ln -s "$CANARY" "$BUNDLE/rootfs/link"
	bind_add /tree "$BATS_TEST_TMPDIR/a"
	bind_add /tree/x "$BATS_TEST_TMPDIR/b"
	bind_add /tree/x/y "$BATS_TEST_TMPDIR/c"
	bind_add /part "$BUNDLE/rootfs/tree/x" rbind
	bind_add /all "$BUNDLE/rootfs/tree" rbind
	bind_add /inner "$BUNDLE/rootfs/link"
	program 'cat /part/file /part/y/file /all/file /all/x/y/file /inner/file'
	run_container
	succeeds
	is "$(xargs <<<"$output")" 'b c a c image'
	# Beside it, and of the host.
	bind_add /part "$BUNDLE/rootfs/../../a"
	program 'cat /part/file'
	run_container
	is "$output" a
	bind_add /part "$BUNDLE/rootfs/nothing"
	run_container
	fails_with 'mounts[' "bind $BUNDLE/rootfs/nothing to /part: no such file or directory"
	no_leftovers
}

@test "bind: a source in the root file system" { source_inside; }

@test "bind: a source in the root file system, in a user namespace" {
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 700 "$BATS_TEST_TMPDIR"
	source_inside
}
