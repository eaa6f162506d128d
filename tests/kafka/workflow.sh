# SPDX-License-Identifier: Apache-2.0
# Each record of a topic starts an execution, and weir is killed at random moments: positions are
# committed behind the starts, so that each number has exactly one.
# workflow.sh ... [COUNT [SEED]]: so many kills (6).
. "$(dirname "$0")/common.sh"
kills=${6:-6} seed=${7:-1}
count=$((kills * 500))
topic "$run-in" 4
cat >starts.weir.yaml <<Y
module: starts
types:
  Number: {k: string(8), n: i64, s: i64}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, brokers: "\${B}", dead_letters: none,
            instance: one, max_rate: 1000, commit_every: 100ms}
graphs:
  pass:
    when_any: [numbers]
    nodes: {only: {in: numbers, to: starts}}
sinks:
  starts: {kind: workflow, type: Number, workflow: count, store: "sqlite:starts.db", input: {number: n}}
workflows:
  count:
    input: {number: i64}
    tasks: {t: {exec: ["true"]}}
Y
kt number "$run-in" 0 "$count" 50
expect_code 0 "$weir" build starts.weir.yaml -o starts.so

python3 - "$weir" "$kills" "$seed" <<'P'
import random, subprocess, sys
weir, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
for kill in range(kills):
    child = subprocess.Popen([weir, "run", "--quiet", "starts.so"])
    try:
        sys.exit(f"weir ended by itself with {child.wait(timeout=chance.uniform(0.3, 1.2))}")
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
P
begin last run --stats 100ms starts.so
await 20 grep -q '^source numbers: ' last.err # from then on a signal ends it in order
await 60 kt past "$run" "$run-in" "$count"
kill -TERM "$pid"
finish last "$pid" 0
python3 - "$count" <<'P'
import collections, json, sqlite3, sys
count = int(sys.argv[1])
rows = sqlite3.connect("starts.db").execute("SELECT p.input, e.key FROM executions e JOIN payloads p ON p.execution = e.id")
found = collections.Counter()
for text, key in rows:
    found[json.loads(text)["number"]] += 1
    assert key.startswith("starts/starts/pass.only/numbers:"), key
assert len(found) == count and set(found.values()) == {1}, (count, len(found), found.most_common(3))
P
echo "$kills kills: each of $count records has one execution"
