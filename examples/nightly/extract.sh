#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The amounts of one day, from a file into the context: the input has the day.
set -eu
day=$(sed -n 's/.*"day":"\([a-z]*\)".*/\1/p' "$WEIR_INPUT")
[ -n "$day" ] || { echo "which day? start it with --input '{\"day\": \"monday\"}'" >&2; exit 1; }
amounts=$(awk -F, -v day="$day" '$1 == day { printf "%s%s", sep, $3; sep = "," }' "$1")
echo "{\"set\": {\"day\": \"$day\", \"amounts\": [$amounts]}}" >"$WEIR_RESULT"
