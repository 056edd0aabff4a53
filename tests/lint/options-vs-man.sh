#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The manual pages and the option tables name the same commands and options, in the same words.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

need "$NVCRUN"

mapfile -t commands < <("$NVCRUN" __complete commands)
pages=(nvcrun "${commands[@]/#/nvcrun-}")
options=$("$NVCRUN" __complete options)

# section PAGE NAME: its lines.
section() {
	awk -v name="$2" '/^\.Sh / { inside = ($0 == ".Sh " name) } inside' "man/$1.8"
}

# `.It Fl b , Fl -bundle Ar DIR` as `-b, --bundle DIR`.
documented() {
	section "$1" OPTIONS | sed -n 's/^\.It Fl /-/p' |
		sed -e 's/ , Fl /, -/' -e 's/ Ns | Ns /|/g' -e 's/\(Ar\|Cm\) //g'
}

in_table() {
	awk -F '\t' -v page="$1" '$1 == page { print $2 }' <<<"$options"
}

missing_in_synopsis() {
	local option
	in_table "$1" | grep -o -- '--[a-z-]*' | while read -r option; do
		section "$1" SYNOPSIS | grep -qE -- "Fl $(printf '%s' "${option#-}")( |$)" ||
			echo "man/$1.8: SYNOPSIS lacks $option"
	done
}

check 'every command has a page and every page a command' \
	"$(diff <(printf 'man/%s.8\n' "${pages[@]}" | sort) <(find man -name '*.8' | sort))"

for page in "${pages[@]}"; do
	[[ -e man/$page.8 ]] || continue
	check "$page: options" \
		"$(diff --label 'option table' --label "man/$page.8" -u \
			<(in_table "$page" | sort) <(documented "$page" | sort))"
	check "$page: synopsis" "$(missing_in_synopsis "$page")"
done

finish
