#!/bin/sh
# Make ./configure and Makefile.in from configure.ac and Makefile.am (autoconf, automake).
set -eu
cd "$(dirname "$0")"
autoreconf --install --warnings=all
