# SPDX-License-Identifier: Apache-2.0
# A broker that is killed and comes again, one that hangs, one that is gone for good: what can be ridden
# out is, and an end comes within its time.
# faults.sh ... [COUNT [SEED]]: so many rounds (1); HANG seconds each (3).
jars=${XDG_CACHE_HOME:-$HOME/.cache}
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
command -v java >/dev/null || exit 77
rounds=${6:-1} hang=${HANG:-3} some=20000
broker() {
    XDG_CACHE_HOME="$jars" timeout 100 "$root/scripts/kafka" --dir "$work/broker" "$1"
}
B=$(broker start)
export B
trap 'end_all; broker stop' EXIT
topic "$run-in" 4
topic "$run-out" 2
numbered numbers.weir.yaml "max_rate: 4000, commit_every: 200ms"
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so

begin numbers run --stats 100ms --metrics "$work/metrics" numbers.so
numbers=$pid
for round in $(seq "$rounds"); do
    before=$(((round - 1) * some)) count=$((round * some))
    kt number "$run-in" "$before" "$some" 50
    await 60 kt past "$run" "$run-in" $((before + 4000))
    broker crash
    await 20 grep -q 'weir_source_health.*disconnected.* 1$' "$work/metrics"
    await 20 grep -q 'weir_sink_health.*disconnected.* 1$' "$work/metrics"
    broker restart >/dev/null
    await 40 kt past "$run" "$run-in" $((before + 10000))
    kill -STOP "$(cat "$work/broker/1.pid")"
    sleep "$hang" # a hang shows nothing to wait for
    kill -CONT "$(cat "$work/broker/1.pid")"
    await 60 kt past "$run" "$run-in" "$count"
    await 10 grep -q 'weir_source_health.*live.* 1$' "$work/metrics"
    await 10 grep -q 'weir_sink_health.*live.* 1$' "$work/metrics"
    books "killed, then stopped for $hang s"
done

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
