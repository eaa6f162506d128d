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

# A cluster that hangs while it is asked for topics and offsets: other sources of the process go on, and
# its end comes in time.
cat >hangs.weir.yaml <<Y
module: hangs
types: {Number: {k: string(8), n: i64, s: i64}, At: {time: timestamp}}
sources:
  ticks: {kind: timer, every: 10ms}
  back:  {kind: kafka, type: Number, topic: $run-in, assign: all, start: -15m, brokers: "\${B}", dead_letters: none}
graphs:
  tick: {when_any: [ticks], nodes: {tick: {in: ticks, out: At, set: {time: now}, to: times}}}
  pass: {when_any: [back], nodes: {pass: {in: back, to: out}}}
sinks:
  times: {kind: file, type: At, path: times.jsonl}
  out:   {kind: file, type: Number, path: back.jsonl}
Y
expect_code 0 "$weir" build hangs.weir.yaml -o hangs.so
# widest: of the distances between ticks, in milliseconds.
widest() {
    sed 's/[^0-9]//g' times.jsonl |
        awk 'NR > 1 && $1 - last > most {most = $1 - last} {last = $1} END {printf "%d", most / 1000000}'
}
most=${WEIR_SANITIZE:+500}
kill -STOP "$(cat "$work/broker/1.pid")"
begin hangs run hangs.so
await 20 grep -q "cannot ask for the topics" hangs.err
[ "$(widest)" -le "${most:-250}" ] || fail "the loop stood for $(widest) ms"
began=$(date +%s)
kill -TERM "$pid"
finish hangs "$pid" 0
[ $(($(date +%s) - began)) -le 8 ] || fail "the end of what is asked took $(($(date +%s) - began)) s"
rm -f times.jsonl
begin hangs run hangs.so
await 5 test -s times.jsonl
kill -CONT "$(cat "$work/broker/1.pid")"
await 40 sh -c "test \$(wc -l <back.jsonl) = $count"
[ "$(widest)" -le "${most:-250}" ] || fail "the loop stood for $(widest) ms"
echo "asked while it hung: the loop stood for at most $(widest) ms"
kill -TERM "$pid"
finish hangs "$pid" 0

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
