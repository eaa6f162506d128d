# SPDX-License-Identifier: Apache-2.0
# weir dlq with a file of dead letters: they are shown, and records go back as they were, once.
. "$(dirname "$0")/common.sh"
topic "$run-in" 2
cat >kafka.weir.yaml <<Y
module: filed
types: {Number: {n: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, until: end, tombstones: dead_letter, brokers: "\${B}"}
graphs:
  pass: {when_any: [numbers], nodes: {pass: {in: numbers, to: out}}}
sinks:
  out: {kind: file, type: Number, path: out.jsonl}
  dead: {kind: file, path: dead.jsonl}
dead_letters: dead
Y

# One of a file source has no record to send back.
echo '{"n":no}' >bad.jsonl
sed -e "s/kind: kafka, .*/kind: file, type: Number, path: bad.jsonl}/; s/dead.jsonl/./; s/path: \./path: none.jsonl/" kafka.weir.yaml >file.weir.yaml
expect_code 0 "$weir" run file.weir.yaml
expect_code 0 "$weir" dlq show none.jsonl
expect_text out "from numbers 0/"
expect_text out 'value {"n":no}'
expect_code 2 "$weir" dlq retry none.jsonl
expect_text err "needs --brokers"
expect_code 2 "$weir" dlq retry none.jsonl --brokers "$B" --group g
expect_text err "no group remembers"
expect_code 0 "$weir" dlq retry none.jsonl --brokers "$B"
expect_text err "1 letters, 0 sent back; 0 were sent back before, 1 are not whole"

# Records of Kafka's: shown, then one alone, then the others, then none.
python3 -c 'print("a\t00\nd\t-\ne\t" + (b"{\"n\":\"" + 9000 * b"x" + b"\"}").hex())' | kt hex "$run-in"
printf 'f\tnonsense\n' | kt produce "$run-in" 1
expect_code 0 "$weir" run kafka.weir.yaml
[ "$(wc -l <dead.jsonl)" = 4 ] || fail "four letters"
cp dead.jsonl first.jsonl
expect_code 0 "$weir" dlq show dead.jsonl --json
python3 - "$run-in" <<'P'
import json, sys
letters = {letter["key"]: letter for letter in map(json.loads, open("out"))}
assert letters["a"]["value"] == "\0" and letters["a"]["topic"] == sys.argv[1] and letters["a"]["whole"], letters["a"]
assert letters["d"]["value"] is None and len(letters["e"]["value"]) == 9008, letters["e"]
assert letters["a"]["time"] == 1600000000000 and letters["a"]["offset"] >= 1, letters["a"]
P
retry() {
    expect_code 0 "$weir" dlq retry ./dead.jsonl --brokers "$B" "$@"
}
retry --dry-run
expect_text err "4 letters, 4 would be sent back"
retry --from 2 --to 2
expect_text err "1 letters, 1 sent back; 0 were sent back before"
retry
expect_text err "4 letters, 3 sent back; 1 were sent back before, 0 are not whole"
retry
expect_text err "0 sent back; 4 were sent back before"

# They are as they were, in their partitions, and marked.
HEX=1 kt consume "$run-in" >got
grep -P "\ta\t00\t1600000000000\th=1\tweir-retry=1$" got || fail "the a that went back"
[ "$(grep -c weir-retry=1 got)" = 4 ] || fail "four went back"
[ "$(sed 's/\tweir-retry=1//' got | cut -f 1,3- | sort | uniq -c | grep -c '^ *2 ')" = 4 ] ||
    fail "they are not as they were: $(cut -c 1-200 got)"

# They fail again, which counts.
expect_code 0 "$weir" run kafka.weir.yaml
retry
expect_text err "8 letters, 4 sent back; 4 were sent back before"
[ "$(HEX=1 kt consume "$run-in" | grep -c weir-retry=2)" = 4 ] || fail "the second time is marked so"
retry --again --count 2
expect_text err "2 sent back; 0 were sent back before"

# What is no file of dead letters sends nothing; a line that is still being written is none yet.
printf '{"n":1}\n{"source' >>dead.jsonl
expect_code 2 "$weir" dlq retry dead.jsonl --brokers "$B" --again
expect_text err "'dead.jsonl', line 9: it is no dead letter in JSON"
for broken in 's/"key":"/"key":"*/' 's/"topic":"[^"]*"/"topic":7/' 's/"raw":"/"raw":"A/'; do
    sed "$broken" first.jsonl >broken.jsonl
    expect_code 2 "$weir" dlq retry broken.jsonl --brokers "$B"
    grep -q "'broken.jsonl', line [123]: its " err || fail "$broken: $(cat err)"
done
sed -i 1d dead.jsonl
expect_code 2 "$weir" dlq retry dead.jsonl --brokers "$B" --to 7
expect_text err "'dead.jsonl' is not the file of which 'dead.jsonl.sent' says"
[ "$(HEX=1 kt consume "$run-in" | grep -c weir-retry)" = 10 ] || fail "something was sent nevertheless"
