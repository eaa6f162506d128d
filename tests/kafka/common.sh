# SPDX-License-Identifier: Apache-2.0
# Sourced by the cases, behind the same of tests/cli: $tool the tool, $B the broker's address.
. "$(dirname "$0")/../cli/common.sh"
here=$(cd "$(dirname "$0")" && pwd)
tool=$4 dir=$5
[ -f "$dir/brokers" ] || exit 77 # no Java: no broker
B=$(cat "$dir/brokers")
export B
cd "$work"
run=$(basename "$0" .sh)$$ # topics and groups of this run alone

kt() {
    timeout 60 "$tool" "$B" "$@"
}

topic() {
    kt topic "$1" "$2"
}

# await SECONDS COMMAND...: until it succeeds.
await() {
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "this never came true: $*"
        sleep 0.05
    done
}

# What a case that fails has begun does not outlive it.
begun=""
end_all() {
    for left in $begun; do
        kill -KILL "$left" 2>/dev/null || true
    done
}
trap end_all EXIT

# begin NAME ARGS...: weir in the background; its pid in $pid.
begin() {
    name=$1
    shift
    "$weir" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    pid=$!
    begun="$begun $pid"
}

# finish NAME PID CODE: it has ended with this code.
finish() {
    code=0
    wait "$2" || code=$?
    [ "$code" = "$3" ] || {
        cat "$work/$1.err" >&2
        fail "$1 ended with $code, not $3"
    }
}

# books WHAT [LEDGER-OPTIONS]: of $count numbers none is lost, and each key keeps its order.
books() {
    what=$1
    shift
    kt consume "$run-out" >"$work/records"
    found=$("$here/ledger.py" "$count" "$@" <"$work/records") || fail "$what: $found"
    echo "$what: $found"
}
