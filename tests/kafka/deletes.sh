# SPDX-License-Identifier: Apache-2.0
# Tombstones delete what is kept under their key: state, cache, what waits; live and in a replay.
. "$(dirname "$0")/common.sh"

cat >deletes.weir.yaml <<Y
module: deletes
types:
  Trade: {symbol: {type: string(8), default: none}, n: i64, at: {type: timestamp, default: 0}}
  Sum: {symbol: string(8), n: i64}
sources:
  trades: {kind: kafka, type: Trade, topic: $run-in, group: $run, brokers: "\${B}", until: end, key_to: symbol,
           time_to: at, time: at, tombstones: delete_key, dead_letters: dead}
accumulators:
  sums: {kind: stream, source: trades, key: symbol, out: Sum, state: {n: i64}, update: {n: state.n + event.n}, set: {symbol: event.symbol, n: state.n}}
  pairs: {source: trades, key: symbol, where: event.n != 4}
  never: {source: trades, key: symbol, where: event.n == 0}
reactors:
  pair: {when_all: [pairs, never]}
graphs:
  sum: {when_any: [sums], nodes: {sum: {in: sums, to: out}}}
  wait: {trigger: pair, nodes: {wait: {in: [pairs, never], out: Trade, set: {symbol: pairs.symbol, n: never.n, at: pairs.at}, to: waits}}}
sinks:
  out: {kind: file, type: Sum, path: out.jsonl}
  waits: {kind: file, type: Trade, path: waits.jsonl}
  dead: {kind: file, path: dead.jsonl}
Y
topic "$run-in" 1
printf 'A\t{"n":1}\nB\t{"n":2}\nA\t-\nA\t{"n":4}\nC\t-\n-\t-\n' | kt produce "$run-in" 0
expect_code 0 "$weir" run deletes.weir.yaml
cat >want <<'W'
{"symbol":"A","n":1}
{"symbol":"B","n":2}
{"symbol":"A","n":4}
W
diff want out.jsonl || fail "the state under A did not go"
# A's first waited for a partner, and so does B's: when the topic ends it has come to none.
[ "$(grep -c "its key was deleted by a tombstone" dead.jsonl)" = 1 ] || fail "what waited under A alone is deleted"
grep -q '"position":0.*its key was deleted by a tombstone' dead.jsonl || fail "A's first is no dead letter"
grep -q '"position":5.*a tombstone without a key' dead.jsonl || fail "what has no key deletes"
grep -q "source trades: 6 received = .* + 2 dropped + " err || fail "the ledger: $(cat err)"
kt committed "$run" "$run-in" >got
expect_text got "0 6 6"

expect_code 0 "$weir" replay deletes.weir.yaml
diff want out.jsonl || fail "the replay differs"

# By --set the same is looked at when the module is loaded.
sed -e 's/tombstones: delete_key, //' -e 's/key: symbol/key: n/' deletes.weir.yaml >other.weir.yaml
expect_code 0 "$weir" check other.weir.yaml
expect_code 2 "$weir" run --set sources.trades.tombstones=delete_key other.weir.yaml
expect_text err "deletes keys by its field 'symbol', which is not the key of the accumulator 'sums'"
sed -e 's/tombstones: delete_key, //' -e 's/key_to: symbol/instance: one/' deletes.weir.yaml >other.weir.yaml
expect_code 2 "$weir" run --set sources.trades.tombstones=delete_key other.weir.yaml
expect_text err "'tombstones: delete_key' needs the option 'key_to'"
