#!/usr/bin/env bats
# bats file_tags=security,exec,root
#
# CVE-2016-9962: what exec puts into a container is not to be traced from there before it runs its program.
# shellcheck disable=SC2016,SC2154

load helpers/common.bash

setup() {
	container_setup
	cp "$HELPERS/trace_attack" "$BUNDLE/rootfs/trace_attack"
	program_args /trace_attack
}

teardown() {
	container_teardown
}

attacked() {
	"$NVCRUN" --root "$STATE" run --detach --bundle "$BUNDLE" "$CTR" </dev/null >"$BATS_TEST_TMPDIR/attack" 2>&1 3>&-
	wait_for grep -q ready "$BATS_TEST_TMPDIR/attack"
	for _ in {1..40}; do
		nvcrun exec "$CTR" true </dev/null >/dev/null
	done
	has_not "$(cat "$BATS_TEST_TMPDIR/attack")" caught
}

@test "exec is not traced by root of the container" {
	attacked
}

@test "exec is not traced by root of its user namespace, with CAP_SYS_PTRACE there" {
	config_edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	chown -R 100000:100000 "$BUNDLE/rootfs"
	attacked
}
