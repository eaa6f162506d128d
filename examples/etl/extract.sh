#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bars of one year, as columns, from a CSV file into the context: extract.sh FILE YEAR
set -eu
awk -F, -v year="$2" '
    substr($1, 1, 4) == year {
        month = month sep substr($1, 6, 2) + 0
        high = high sep $3; low = low sep $4; close_ = close_ sep $5
        sep = ","; rows++
    }
    END {
        if (!rows) { print FILENAME " has no bars of " year >"/dev/stderr"; exit 1 }
        printf "{\"set\":{\"rows\":%d,\"month\":[%s],\"high\":[%s],\"low\":[%s],\"close\":[%s]}}\n", rows, month, high, low, close_
    }' "$1" >"$WEIR_RESULT"
