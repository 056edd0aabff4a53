#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Replay the corpus of each fuzz target through the same code, built without a fuzzer.
set -u

srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${builddir:-$srcdir}
set -- "$srcdir"/tests/fuzz/fuzz_*.c
echo "1..$#"
number=0
for source; do
	number=$((number + 1))
	name=$(basename "$source" .c)
	if output=$("$builddir/tests/fuzz/$name" "$srcdir/tests/fuzz/corpus/${name#fuzz_}" 2>&1); then
		echo "ok $number - $name"
	else
		echo "$output" | sed 's/^/# /'
		echo "not ok $number - $name"
	fi
done
