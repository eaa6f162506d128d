# SPDX-License-Identifier: Apache-2.0
# A broker that is killed and comes again, one that hangs, one that is gone for good: what can be ridden
# out is, and an end comes within its time.
jars=${XDG_CACHE_HOME:-$HOME/.cache}
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
command -v java >/dev/null || exit 77
broker() {
    XDG_CACHE_HOME="$jars" timeout 100 "$root/scripts/kafka" --dir "$work/broker" "$1"
}
B=$(broker start)
export B
trap 'end_all; broker stop' EXIT
count=20000
topic "$run-in" 4
topic "$run-out" 2
numbered numbers.weir.yaml "max_rate: 4000, commit_every: 200ms"
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

begin numbers run --stats 100ms --metrics "$work/metrics" numbers.so
numbers=$pid
await 20 kt past "$run" "$run-in" 4000
broker crash
await 20 grep -q 'weir_source_health.*disconnected.* 1$' "$work/metrics"
await 20 grep -q 'weir_sink_health.*disconnected.* 1$' "$work/metrics"
broker restart >/dev/null
await 40 kt past "$run" "$run-in" 10000
kill -STOP "$(cat "$work/broker/1.pid")"
sleep 3 # a hang shows nothing to wait for
kill -CONT "$(cat "$work/broker/1.pid")"
kt await "$run" "$run-in" 60
await 10 grep -q 'weir_source_health.*live.* 1$' "$work/metrics"
await 10 grep -q 'weir_sink_health.*live.* 1$' "$work/metrics"
kt consume "$run-out" | "$here/ledger.py" "$count"

# What is under way when the broker goes for good cannot be finished: the end says so, in its time.
kt number "$run-in" "$count" 20000 50
await 20 kt past "$run" "$run-in" $((count + 2000))
broker crash
sleep 0.3
began=$(date +%s)
kill -TERM "$numbers"
finish numbers "$numbers" 3
[ $(($(date +%s) - began)) -le 16 ] || fail "the end took $(($(date +%s) - began)) s"
expect_text numbers.err "no broker can be reached"
