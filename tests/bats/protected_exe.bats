#!/usr/bin/env bats
# bats file_tags=security,root
#
# CVE-2019-5736: the container gets hold of the runtime's binary and writes to it when it has ended.
# The program under attack is a copy, so that a success of the attack spoils nothing else.
# shellcheck disable=SC2016,SC2154

load helpers/common.bash

setup() {
	container_setup
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$NVCRUN" "$BATS_TEST_TMPDIR/bin/nvcrun"
	NVCRUN=$BATS_TEST_TMPDIR/bin/nvcrun
	before=$(sha256sum <"$NVCRUN")
	cp "$HELPERS/exe_attack" "$BUNDLE/rootfs/exe_attack"
	mkfifo "$BUNDLE/rootfs/fifo"
	config_edit '.root.readonly = false
		| .process.capabilities.bounding += ["CAP_SYS_PTRACE"]
		| .process.capabilities.effective += ["CAP_SYS_PTRACE"]
		| .process.capabilities.permitted += ["CAP_SYS_PTRACE"]'
	program_args /exe_attack /fifo
	nvcrun create --bundle "$BUNDLE" "$CTR" </dev/null >"$BATS_TEST_TMPDIR/attack" 2>&1 3>&-
	nvcrun start "$CTR"
}

teardown() {
	container_teardown
}

attack_ended() {
	grep -q '^victim: ' "$BATS_TEST_TMPDIR/attack"
}

# The control shows that the attack works on a file that is not protected.
attack_failed() {
	wait_for attack_ended
	has "$(cat "$BATS_TEST_TMPDIR/attack")" 'control: written' 'victim: Read-only file system'
	is "$(sha256sum <"$NVCRUN")" "$before"
}

@test "exec of /proc/self/exe: the binary cannot be written to afterwards" { # oci-behaviour: CVE-2019-5736
	capture nvcrun exec "$CTR" /proc/self/exe --log /fifo state "$CTR"
	attack_failed
}

@test "exec of a script with #!/proc/self/exe: the same" {
	printf '#!/proc/self/exe --log=/fifo\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	capture nvcrun exec "$CTR" /script
	attack_failed
}

@test "without open_tree(2) a sealed copy in memory protects" {
	nvcrun delete --force "$CTR"
	"$HELPERS/degrade" open_tree "$NVCRUN" --root "$STATE" create --bundle "$BUNDLE" "$CTR" \
		</dev/null >"$BATS_TEST_TMPDIR/attack" 2>&1 3>&-
	has "$(readlink "/proc/$(pid_of)/exe")" '/memfd:nvcrun'
	nvcrun start "$CTR"
	capture "$HELPERS/degrade" open_tree "$NVCRUN" --root "$STATE" exec "$CTR" \
		/proc/self/exe --log /fifo state "$CTR"
	# No read-only mount here: the seals refuse.
	wait_for attack_ended
	has "$(cat "$BATS_TEST_TMPDIR/attack")" 'control: written' 'victim: Operation not permitted'
	is "$(sha256sum <"$NVCRUN")" "$before"
}

@test "without any protection nothing runs" {
	capture "$HELPERS/degrade" open_tree,memfd_create "$NVCRUN" --root "$STATE" exec "$CTR" true
	is "$status" 255
	has "$stderr" '/proc/self/exe'
}
