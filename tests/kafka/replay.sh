# SPDX-License-Identifier: Apache-2.0
# A topic as history: its partitions merge by time, no group is joined, nothing is written to Kafka, and
# two replays give the same bytes.
. "$(dirname "$0")/common.sh"
topic "$run-in" 3
topic "$run-out" 1
cat >past.weir.yaml <<Y
module: past
types: {Item: {n: i64, at: timestamp}}
sources: {items: {kind: kafka, type: Item, topic: $run-in, group: $run, time: at, brokers: "\${B}", dead_letters: dead}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks:
  out: {kind: kafka, type: Item, format: msgpack, topic: $run-out, brokers: "\${B}"}
  dead: {kind: kafka, topic: $run-out, brokers: "\${B}"}
Y
python3 -c '
import random
chance = random.Random(1)
times = [0, 0, 0]
for n in range(30000):
    p = chance.randrange(3)
    times[p] += chance.randrange(1, 2000000000)
    print(p, "k\t{\"n\":%d,\"at\":%d}" % (n, times[p]), sep=" ")' >all
for p in 0 1 2; do
    sed -n "s/^$p //p" all | kt produce "$run-in" "$p"
done
printf 'k\tgarbage\nk\t-\n' | kt produce "$run-in" 1
for round in 1 2; do
    expect_code 0 "$weir" replay past.weir.yaml
    expect_text err "30002 received = 30000 fired + 0 kept + 0 filtered + 0 collapsed + 1 dropped + 1 dead + 0 waiting"
    mv replay/out.jsonl "out$round"
done
cmp out1 out2 || fail "two replays differ"
[ "$(wc -l <out1)" = 30000 ] || fail "$(wc -l <out1) results"
sed 's/.*"at":\([0-9]*\).*/\1/' out1 | sort -nc || fail "the results are not in the order of time"
expect_text replay/dead.jsonl '"source":"items"'
kt committed "$run" "$run-in" | grep -q '^0 -1001' || fail "the replay committed"
kt consume "$run-out" >records
[ ! -s records ] || fail "the replay wrote to Kafka"
expect_code 0 "$weir" replay --live-sinks past.weir.yaml
[ "$(HEX=1 kt consume "$run-out" | wc -l)" = 30001 ] || fail "--live-sinks did not"
expect_code 0 "$weir" replay --from 1970-01-01T01:00:00Z --sink out=stdout past.weir.yaml
expect_text err "source items"
