#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# buildah, which runs the steps of a build itself, as root and as a plain user, first with runc, then with nvcrun.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
# shellcheck disable=SC2030,SC2031,SC2317  # each test is a subshell, its functions are called by `both'
load helpers/box

setup_file() {
	needs buildah runc tini newuidmap || return 0
	box_start buildah user
	cp "$NVCRUN" "$DIR/nvcrun"
	mkdir "$DIR/build"
	tar -C "$ROOTFS" -cf "$DIR/build/image.tar" .
	printf '%s\n' 'FROM scratch' 'ADD image.tar /' 'RUN echo made >/made && mkdir -p /deep/er' \
		'WORKDIR /deep/er' 'USER 7' 'RUN id -u >/tmp/id && test "$PWD" = /deep/er' >"$DIR/build/Dockerfile"
	printf '%s\n' 'FROM scratch' 'ADD image.tar /' 'RUN exit 3' >"$DIR/build/Failing"
	chmod -R a+rX "$DIR/build"
}

teardown_file() { box_stop; }

setup() { engine_setup; }

teardown() {
	[ -z "${MISSING-}" ] || return 0
	for USER in root plain; do
		buildah rm --all >/dev/null
	done
}

# buildah of $USER, which is root or plain, with the runtime of the case.
buildah() {
	if [ "$USER" = root ]; then
		in_box timeout 120 buildah "$@"
	else
		as_user timeout 120 buildah "$@"
	fi
}

binary() {
	if [ "$RUNTIME" = nvcrun ]; then
		echo "$DIR/nvcrun"
	else
		command -v runc
	fi
}

of_both_users() {
	for USER in root plain; do
		echo "as $USER:"
		both "$@"
	done
}

# In a plain user's cgroups nothing can be made.
parent() {
	[ "$USER" != root ] || echo "--cgroup-parent=$CGROUP/buildah"
}

# bud OPTION...: build with the runtime of the case.
bud() {
	# shellcheck disable=SC2046  # one word or none
	buildah bud --isolation oci --runtime "$(binary)" --network none --no-cache $(parent) "$@" "$DIR/build"
}

# from IMAGE [OPTION...]: make a working container, $container.
from() {
	# shellcheck disable=SC2046
	container=$(buildah from --pull-never $(parent) "${@:2}" "$1")
}

# run_in [OPTION...] -- COMMAND...: run it there.
run_in() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	buildah run --isolation oci --runtime "$(binary)" --network none "${options[@]}" "$container" "$@"
}

@test "buildah: bud" {
	case_of() {
		exits 0 bud --tag "built-$RUNTIME"
		from "localhost/built-$RUNTIME"
		exits 0 run_in -- sh -c 'cat /made /tmp/id; id -u; pwd'
		is "$(tr '\n' ' ' <<<"$output")" 'made 7 7 /deep/er '
		capture bud --file "$DIR/build/Failing"
		[ "$status" -ne 0 ] || fail 'expected the build to fail'
		has "$stderr" 'exit status 3'
	}
	of_both_users case_of
}

@test "buildah: run" {
	case_of() {
		from scratch
		buildah add --quiet "$container" "$DIR/build/image.tar" / >/dev/null
		exits 4 run_in -- sh -c 'exit 4'
		exits 0 run_in --user 5:6 --env A=1 --workingdir /etc --volume "$DIR/build:/build:ro" --hostname inside \
			--cap-add CAP_NET_ADMIN -- sh -c 'echo $(id -u) $(id -g) $A $PWD $(hostname); ls /build/Dockerfile'
		is "$(tr '\n' ' ' <<<"$output")" '5 6 1 /etc inside /build/Dockerfile '
		capture run_in -- nosuch
		[ "$status" -ne 0 ] || fail 'expected it to fail'
		has "$stderr" 'executable file not found in $PATH'
		output=$(echo through | run_in -- cat)
		is "$output" through
	}
	of_both_users case_of
}
