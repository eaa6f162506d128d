# SPDX-License-Identifier: Apache-2.0
# What the options of source and sink promise, each seen at the broker.
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"

# --- The sink: topics, partitions, headers, compression, a small buffer ---

cat >sink.weir.yaml <<Y
module: sinks
types: {Item: {k: string(16), to: string(64), n: i64}}
sources: {items: {kind: file, type: Item, path: items.jsonl}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: kafka, type: Item, topic: $run-rest, topic_from: to, key: k, headers: {who: k}, brokers: "\${B}"}}
Y
for name in rest other plain; do topic "$run-$name" 4; done
for n in 1 2 3 4 5 6 7 8; do
    to=""
    [ "$n" -le 4 ] || to=$run-other
    echo "{\"k\":\"key-$n\",\"to\":\"$to\",\"n\":$n}"
    printf 'key-%s\tx\n' "$n" | kt produce "$run-plain"
done >items.jsonl
expect_code 0 "$weir" build sink.weir.yaml -o sinks.so
expect_code 0 "$weir" run sinks.so
kt consume "$run-rest" >rest
kt consume "$run-other" >other
[ "$(wc -l <rest) $(wc -l <other)" = "4 4" ] || fail "topic_from: $(cat rest other)"
grep -q 'who=key-1$' rest || fail "the header is missing: $(cat rest)"
# The partition of a key is Java's.
cat rest other | cut -f 1,3 | sort -k 2 >got
kt consume "$run-plain" | cut -f 1,3 | sort -k 2 >want
diff want got || fail "keys go to other partitions than those of murmur2"
for compression in gzip snappy lz4 zstd; do
    expect_code 0 "$weir" run --set sinks.out.compression=$compression --set sinks.out.acks=1 sinks.so
done
[ "$(kt consume "$run-rest" | wc -l)" = 20 ] || fail "compressed records are missing"
expect_code 0 "$weir" run --set sinks.out.partitioner=consistent --set sinks.out.topic="$run-plain" --set sinks.out.acks=0 sinks.so
kt consume "$run-plain" | grep 'who=' | cut -f 1,3 | sort -k 2 >got
! diff want got >/dev/null || fail "the partitioner is not heard"

# --- max_rate; a full buffer holds, and loses nothing ---

count=600
topic "$run-in" 2
topic "$run-out" 1
numbered numbers.weir.yaml "until: end, max_rate: 300" "buffer: 64KiB, linger: 100ms"
kt number "$run-in" 0 $count 10
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so
expect_code 0 "$weir" run --json numbers.so
took=$(sed 's/.*"elapsed_ns":\([0-9]*\)[0-9]\{6\},.*/\1/' out)
[ "$took" -ge 1600 ] || fail "max_rate: 600 records took $took ms at 300 a second"
kt number "$run-in" $count 40000 10
count=40600
expect_code 0 "$weir" run --set sources.numbers.max_rate=1000000000 numbers.so
books "a buffer of 64 KiB"
grep -q "done below 0: [0-9]*, 1: [0-9]*$\|done below 1: [0-9]*, 0: [0-9]*$" err || fail "positions: $(cat err)"

# --- Static members: one that comes again takes its partitions, and the other notices nothing ---

numbered static.weir.yaml "instance: \"\${WHO}\", commit_every: 50ms" "" ""
sed -i "s/module: numbers/module: fixed/; s/$run-in/$run-static/; s/group: $run/group: $run-static/" static.weir.yaml
topic "$run-static" 2
expect_code 0 env WHO=x "$weir" build static.weir.yaml -o fixed.so
WHO=one begin one run --metrics one.m --stats 100ms fixed.so
one=$pid
WHO=two begin two run --metrics two.m --stats 100ms fixed.so
two=$pid
both() {
    grep -q '^weir_source_partitions{.*} 1$' one.m && grep -q '^weir_source_partitions{.*} 1$' two.m
}
await 20 both
changes() {
    grep '^weir_source_rebalances_total' two.m
}
before=$(changes)
kill -TERM "$one"
finish one "$one" 0
rm one.m
WHO=one begin one run --metrics one.m --stats 100ms fixed.so
one=$pid
await 20 both
[ "$(changes)" = "$before" ] || fail "the other member noticed: $(changes), not $before"
WHO=one begin late run fixed.so # the older of two of one name is told
await 20 sh -c "! kill -0 $one 2>/dev/null"
code=0
wait "$one" || code=$?
[ "$code" = 3 ] || fail "a member whose name was taken ended with $code"
expect_text one.err "another process has taken over this member"
kill -TERM "$pid" "$two"
finish late "$pid" 0
finish two "$two" 0

# --- A frame of a schema registry; secrets ---

cat >frame.weir.yaml <<Y
module: frames
types: {Item: {n: i64}}
sources: {items: {kind: kafka, type: Item, topic: $run-frame, assign: all, until: end, brokers: "\${B}", dead_letters: dead,
                  librdkafka: {sasl.password: "\${SECRET}", ssl.key.password: "\${SECRET}"}}}
graphs: {g: {when_any: [items], nodes: {n: {in: items, to: out}}}}
sinks: {out: {kind: stdout, type: Item}, dead: {kind: file, path: dead.jsonl}}
Y
topic "$run-frame" 1
printf 'k\t00000000077b226e223a337d\nk\t7b226e223a347d\n' | kt hex "$run-frame"
SECRET=hush-hush
export SECRET
expect_code 0 "$weir" build frame.weir.yaml -o frames.so
expect_code 0 "$weir" run --metrics frame.m frames.so
grep -q "a schema-registry frame, id 7: 'framing: confluent' strips it" dead.jsonl || fail "the frame is not named"
cat err >all.err
expect_code 0 "$weir" run --json --set sources.items.framing=confluent frames.so
grep -q '"n":3' out || fail "the frame is not stripped: $(cat out)"
grep -q "no schema-registry frame" dead.jsonl || fail "a missing frame is not named"
cat out err >>all.err
expect_code 2 "$weir" run --set sources.items.librdkafka.sasl.pasword="$SECRET" frames.so
cat err >>all.err
expect_code 2 "$weir" run --set sources.items.librdkafka.ssl.keystore.password="$SECRET" --set sources.items.librdkafka.ssl.keystore.location=none --set sources.items.librdkafka.security.protocol=ssl frames.so
cat err >>all.err
! grep -l "$SECRET" all.err dead.jsonl frame.m frames.so || fail "a secret is printed"
