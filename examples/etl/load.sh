#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the report beside its place and moves it there, so that a run that is repeated does no harm:
# load.sh YEAR DAYS BEST WORST FALL MONTHS. ETL_OUT is the folder; ETL_PAUSE, in seconds, gives time to
# look on.
set -eu
out=${ETL_OUT:-out}
mkdir -p "$out"
{
    printf '%s: %d days, the best %+.2f %%, the worst %+.2f %%, the deepest fall %.1f %%\n' "$1" "$2" "$3" "$4" "$5"
    printf '%s\n' "$6"
} >"$out/.$1"
sleep "${ETL_PAUSE:-0}"
mv "$out/.$1" "$out/$1.txt"
