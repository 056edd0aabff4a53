#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom (docs/architecture.md, Layers), and who may use which library.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

declare -A rooms=(
	[base]='base'
	[oci]='oci base'
	[linux]='linux oci base'
	[cgroups]='cgroups oci base'
	[nvidia]='nvidia oci base'
	[runtime]='runtime linux cgroups nvidia oci base'
	[cli]='cli runtime linux cgroups nvidia oci base'
	[compat]='compat cli linux cgroups nvidia oci base'
	[helpers]='helpers base'
	[main]='compat cli base'
)

# Headers of libraries that not every machine has, and the files that may include them.
declare -A libraries=(
	['yajl/']='src/base/json_read.c src/base/json_write.c'
	['sys/capability\.h']='src/linux/capabilities.c'
	['seccomp\.h']='src/linux/seccomp_names.c'
	['libmount/']='src/helpers/mount_table.c'
	['yaml\.h']='src/base/yaml_read.c'
	['systemd/']='src/helpers/systemd_scope.c'
	['dlfcn\.h']='src/helpers/nvml_probe.c'
)

# has WORDS WORD
has() {
	[[ " $1 " == *" $2 "* ]]
}

# The rooms that the files of a room include and may not.
strangers() {
	local file included
	for file in "${@:2}"; do
		while read -r included; do
			has "$1" "${included%%/*}" || echo "$file: may not include \"$included\""
		done < <(sed -n 's/^#[ \t]*include "\(.*\)".*/\1/p' "$file")
	done
}

check 'src/ holds main.c and rooms only' "$(
	find src -maxdepth 1 -type f ! -name main.c
	find src -mindepth 2 -type d
	for directory in src/*/; do
		[[ ${rooms[$(basename "$directory")]-} ]] || echo "$directory: unknown room"
	done
)"

for room in "${!rooms[@]}"; do
	if [[ $room == main ]]; then
		files=(src/main.c)
	else
		mapfile -t files < <(find "src/$room" -name '*.[ch]' 2>/dev/null | sort)
	fi
	check "includes of $room" "$(strangers "${rooms[$room]}" "${files[@]}")"
done

for header in "${!libraries[@]}"; do
	check "users of <${header//\\/}>" "$(
		grep -rlE "^#[ 	]*include <$header" src | while read -r file; do
			has "${libraries[$header]}" "$file" || echo "$file: only ${libraries[$header]} may"
		done
	)"
done

check 'nvidia mounts nothing and enters no namespace' \
	"$(grep -nE '^#[ 	]*include <(sys/mount|linux/mount|sched)\.h>' src/nvidia/*.[ch])"

finish
