#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Files of more than 700 lines and functions of more than 80 are two things in one. Exceptions stand,
# with the day on which they end, in tests/lint/sizes.allow.
# shellcheck source=tests/lint/tap.bash
. "$(dirname "$0")/tap.bash"

FILE_MAX=700
FUNCTION_MAX=80
allow=tests/lint/sizes.allow

need ctags
if ! ctags --version | grep -q Universal; then
	need universal-ctags
fi

# Drop the lines `PATH NAME …` that are excepted. NAME is `-` for a file.
unless_allowed() {
	local path name rest
	while read -r path name rest; do
		awk -v path="$path" -v name="$name" -v today="$(date +%F)" \
			'$1 >= today && $2 == path && $3 == name { found = 1 } END { exit !found }' \
			"$allow" || echo "$path $name $rest"
	done
}

long_files() {
	c_files | xargs -0 wc -l |
		awk -v max=$FILE_MAX '$2 != "total" && $1 > max { print $2, "-", $1, "lines" }'
}

long_functions() {
	c_files | xargs -0 ctags -o - --sort=no --languages=C,C++ --langmap=C:.c.h \
		--kinds-C=f --fields=ne |
		awk -F '\t' -v max=$FUNCTION_MAX '{
			split("", at)
			for (i = 4; i <= NF; i++)
				if (split($i, field, ":") == 2)
					at[field[1]] = field[2]
			lines = at["end"] - at["line"] + 1
			if (lines > max)
				print $2, $1, lines, "lines"
		}
		END { if (NR == 0) print "src - ctags found no function" }'
}

check "no file of more than $FILE_MAX lines" "$(long_files | unless_allowed)"
check "no function of more than $FUNCTION_MAX lines" "$(long_functions | unless_allowed)"
check 'every exception has a day, a path and a reason' \
	"$(grep -vE '^(#|$|[0-9]{4}-[0-9]{2}-[0-9]{2} [^ ]+ [^ ]+ .+)' "$allow")"

finish
