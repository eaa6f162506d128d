#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A place's quote of a day: `quote.sh PLACE DAY`. The place is busy (exit code 75) the first time.
set -eu
[ "$WEIR_ATTEMPT" -gt 1 ] || { echo "$1 is busy" >&2; exit 75; }
line=$(grep "^$1,$2," quotes.csv) || { echo "$1 has no quote of $2" >&2; exit 1; }
bid=$(echo "$line" | cut -d, -f3)
ask=$(echo "$line" | cut -d, -f4)
echo "{\"set\": {\"$1\": {\"bid\": $bid, \"ask\": $ask}}}" >"$WEIR_RESULT"
