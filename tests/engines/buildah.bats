#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# buildah, which runs the steps of a build itself, as root and as a plain user, first with runc, then with nvcrun.
# bats file_tags=engine,root
# shellcheck disable=SC2016,SC2154  # $ is for shells in containers; $stderr: capture
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

@test "buildah: bud" {
	case_of() {
		exits 0 buildah bud --isolation oci --runtime "$(binary)" --network none --no-cache --tag "built-$RUNTIME" \
			--cgroup-parent "$CGROUP/buildah" "$DIR/build"
		exits 3 buildah bud --isolation oci --runtime "$(binary)" --network none --no-cache \
			--cgroup-parent "$CGROUP/buildah" --file "$DIR/build/Failing" "$DIR/build"
		from "built-$RUNTIME"
		exits 0 run_in -- sh -c 'cat /made /tmp/id; id -u; pwd'
		is "$(echo $output)" 'made 7 7 /deep/er'
	}
	of_both_users case_of
}

# from IMAGE: a working container, $container.
from() {
	container=$(buildah from --pull-never --cgroup-parent "$CGROUP/buildah" "$1")
}

# run_in [OPTION...] COMMAND...: in this.
run_in() {
	buildah run --isolation oci --runtime "$(binary)" --network none "${@:1:$#}"
}
