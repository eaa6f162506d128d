# SPDX-License-Identifier: Apache-2.0
# Producer -> weir -> consumer: formats, keys, headers, times, tombstones, dead letters, and what the
# group has committed.
. "$(dirname "$0")/common.sh"

cat >relay.weir.yaml <<Y
module: relay
types:
  Quote: {symbol: {type: string(16), default: none}, bid: f64, at: {type: timestamp, default: 0}}
  Out: {symbol: string(16), bid: f64, known: bool}
sources:
  quotes: {kind: kafka, type: Quote, topic: $run-in, group: $run, brokers: "\${B}", until: end,
           key_to: symbol, time_to: at, time: at, dead_letters: dead}
graphs:
  pass:
    when_any: [quotes]
    nodes:
      pass: {in: quotes, out: Out, set: {symbol: quotes.symbol, bid: quotes.bid, known: quotes.at > timestamp("2020-01-01T00:00:00Z")}, to: out}
sinks:
  out: {kind: kafka, type: Out, topic: $run-out, key: symbol, headers: {source: symbol}, brokers: "\${B}"}
  dead: {kind: file, path: dead.jsonl}
Y
topic "$run-in" 3
topic "$run-out" 1
printf 'A\t{"bid":1}\nA\t{"bid":2}\nB\t{"bid":3}\nA\t-\nB\tnonsense\nC\t{"bid":4}\nthis-key-is-far-too-long\t{"bid":5}\n' |
    kt produce "$run-in" 1
expect_code 0 "$weir" run relay.weir.yaml
expect_text err "source quotes: 7 received = 4 fired + 0 kept + 0 filtered + 0 collapsed + 1 dropped + 2 dead + 0 waiting"
kt consume "$run-out" | cut -f 3- >got
cat >want <<'W'
A	{"symbol":"A","bid":1,"known":true}	source=A
A	{"symbol":"A","bid":2,"known":true}	source=A
B	{"symbol":"B","bid":3,"known":true}	source=B
C	{"symbol":"C","bid":4,"known":true}	source=C
W
diff want got || fail "the records differ"
expect_text dead.jsonl '"position":4'
expect_text dead.jsonl "the record's key does not fit into the field 'symbol'"
kt committed "$run" "$run-in" >got
expect_text got "1 7 7"

# It goes on where it was, and a registry's frame is named as such.
printf '\0\0\0\0\007{"bid":6}' | awk 1 >/dev/null
printf 'D\t{"bid":7}\n' | kt produce "$run-in" 0
expect_code 0 "$weir" run relay.weir.yaml
expect_text err "source quotes: 1 received = 1 fired"

# All partitions by every process, from the beginning; no group is committed for.
sed "s/group: $run,/assign: all,/" relay.weir.yaml >all.weir.yaml
for round in 1 2; do
    expect_code 0 "$weir" run --sink out=stdout all.weir.yaml
    expect_text err "source quotes: 8 received = 5 fired"
done

# msgpack there and back.
cat >pack.weir.yaml <<Y
module: pack
types:
  Out: {symbol: string(16), bid: f64}
sources:
  lines: {kind: file, type: Out, path: in.jsonl}
graphs:
  pass:
    when_any: [lines]
    nodes: {pass: {in: lines, to: out}}
sinks:
  out: {kind: kafka, type: Out, topic: $run-pack, format: msgpack, brokers: "\${B}"}
Y
sed -e 's/kind: file, type: Out, path: in.jsonl/kind: kafka, type: Out, topic: '"$run-pack"', format: msgpack, assign: all, until: end, brokers: "${B}"/' \
    -e 's/out: {kind: kafka.*/out: {kind: stdout, type: Out}/' pack.weir.yaml >unpack.weir.yaml
printf '{"symbol":"X","bid":1.5}\n{"symbol":"Y","bid":2.5}\n' >in.jsonl
topic "$run-pack" 1
expect_code 0 "$weir" run pack.weir.yaml
expect_code 0 "$weir" run unpack.weir.yaml
diff in.jsonl out || fail "msgpack changed the records"
