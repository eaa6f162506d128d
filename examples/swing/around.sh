#!/bin/sh
# The five days up to one, and the five behind it: how far they went.
awk -F, -v day="$2" '
    { close_[NR] = $5 }
    $1 == day { at = NR }
    END {
        before = at > 6 ? at - 5 : 2
        after = at + 5 < NR ? at + 5 : NR
        printf "{\"set\":{\"before\":%.1f,\"after\":%.1f}}\n",
            100 * (close_[at - 1] / close_[before - 1] - 1), 100 * (close_[after] / close_[at] - 1)
    }' "$1" >"$WEIR_RESULT"
