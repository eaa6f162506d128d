# SPDX-License-Identifier: Apache-2.0
# weir dlq: dead letters of a topic are shown, records go back as they were, once.
. "$(dirname "$0")/common.sh"
topic "$run-in" 2
topic "$run-dead" 2
cat >dlq.weir.yaml <<Y
module: dlq
types: {Number: {n: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, until: end, dead_letters: dead, brokers: "\${B}"}
graphs:
  pass: {when_any: [numbers], nodes: {pass: {in: numbers, to: out}}}
sinks:
  out: {kind: file, type: Number, path: out.jsonl}
  dead: {kind: kafka, topic: $run-dead, brokers: "\${B}"}
Y
printf 'a\t00\nb\t{"n":1}\nc\t-\n' | sed 's/{"n":1}/7b226e223a317d/' | kt hex "$run-in"
printf 'd\tnonsense\ne\t{"n":true}\n' | kt produce "$run-in" 1
expect_code 0 "$weir" run dlq.weir.yaml

dlq() {
    verb=$1
    shift
    expect_code 0 "$weir" dlq "$verb" "$run-dead" --brokers "$B" "$@"
}
dlq show
expect_text err "3 of 3 letters"
expect_text out "from $run-in 1/"
expect_text out "value nonsense"
expect_text out 'value \x00'
dlq show --json --reason "literal"
dlq show --json
[ "$(wc -l <out)" = 3 ] || fail "three objects"
python3 -c '
import json
letters = [json.loads(line) for line in open("out")]
a = [letter for letter in letters if letter["key"] == "a"][0]
assert a["time"] == 1600000000000 and a["whole"] and not a["sent_back"] and a["retries"] == 0, a'

# One alone; then the others; then none.
dlq retry --dry-run
expect_text err "3 would be sent back"
key_d=$(dlq show --json && python3 -c '
import json
d = [l for l in map(json.loads, open("out")) if l["key"] == "d"][0]
print("--partition", d["partition"], "--from", d["offset"], "--to", d["offset"])')
# shellcheck disable=SC2086
dlq retry $key_d
expect_text err "3 letters, 1 sent back"
dlq retry
expect_text err "2 sent back; 1 were sent back before"
dlq retry
expect_text err "0 sent back; 3 were sent back before"
dlq show
[ "$(grep -c 'sent back$' out)" = 3 ] || fail "it does not say what was sent back"

# They are as they were, and marked.
HEX=1 kt consume "$run-in" >got
grep -P "\ta\t00\t1600000000000\th=1$" got || fail "the first a"
grep -P "\ta\t00\t1600000000000\th=1\tweir-retry=1$" got || fail "the a that went back"
[ "$(grep -c weir-retry=1 got)" = 3 ] || fail "three went back"
[ "$(cut -f 1,3 got | sort | uniq -d | wc -l)" = 3 ] || fail "each goes to its own partition"

# They fail again, which counts.
expect_code 0 "$weir" run dlq.weir.yaml
dlq retry
expect_text err "6 letters, 3 sent back; 3 were sent back before"
[ "$(HEX=1 kt consume "$run-in" | grep -c weir-retry=2)" = 3 ] || fail "the second time is marked so"
dlq retry --again --count 2
expect_code 3 "$weir" dlq show no-such-topic --brokers "$B"
expect_text err "the topic is not there"
expect_code 2 "$weir" dlq show no-such-file
expect_text err "a topic needs --brokers"

# What somebody else has written there says nothing of where it came from.
topic "$run-foreign" 1
printf 'k\twords\n' | kt produce "$run-foreign"
expect_code 0 "$weir" dlq show "$run-foreign" --brokers "$B"
expect_text out "(no reason given)"
expect_text out "from (it does not say)"
