# SPDX-License-Identifier: Apache-2.0
# A run ends with a summary: what became of all events, and of a reactor that never fired why.
. "$(dirname "$0")/common.sh"
cd "$work"
cat >why.weir.yaml <<'SPEC'
module: why
types:
  Row: {id: i64, ts: timestamp}
sources:
  rows: {kind: file, type: Row, path: rows.csv, time: ts}
  empty: {kind: file, type: Row, path: empty.csv}
accumulators:
  large: {source: rows, where: event.id > 100}
graphs:
  fired: {when_any: [rows], nodes: {n: {in: rows, to: out}}}
  partner: {when_all: [rows, empty], nodes: {n: {in: [optional rows, optional empty], out: Row, set: {id: 1, ts: now}, to: out}}}
  required: {when_any: [rows], nodes: {n: {in: [rows, empty], out: Row, set: {id: 1, ts: now}, to: out}}}
  refused: {when_any: [rows], where: rows.id < 0, nodes: {n: {in: rows, to: out}}}
  filtered: {when_any: [large], nodes: {n: {in: large, to: out}}}
sinks:
  out: {kind: file, type: Row, path: out.jsonl}
  dead: {kind: file, path: dead.jsonl}
dead_letters: dead
SPEC
printf 'id,ts\n1,2024-01-01\n2,2024-01-02\nx,2024-01-03\n3,2024-01-04\n' >rows.csv
printf 'id,ts\n' >empty.csv
expect_code 0 "$weir" build -o why.so why.weir.yaml
expect_code 0 "$weir" run why.so
cp "$work/err" told
# told_of REACTOR SENTENCE: the line behind the reactor's own.
told_of() {
    grep -A1 "^reactor $1:" told >line || fail "nothing is told of $1"
    expect_text line "$2"
}
grep -A1 "^reactor fired:" told | grep -q "never fired" && fail "it has fired"
expect_text told "reactor fired: 3 firings, 0 filtered, 0 failed"
told_of partner "it never fired: 'empty' never gave anything"
told_of required "it never fired: its required input 'empty' never had a value"
told_of refused "it never fired: its 'where' was never true"
told_of filtered "it never fired: 'large' never gave anything"
expect_text told "source rows: 4 received = "
expect_text told " 4 dead" # three found no partner
expect_text told "graph fired: 3 runs, 0 skips, 0 failures"
expect_text told "4 events in "

# For machines, on standard output.
expect_code 0 "$weir" run --json why.so
python3 - "$work/out" <<'PYTHON'
import json, sys
report = json.loads(open(sys.argv[1]).read())
rows = next(s for s in report["sources"] if s["name"] == "rows")
fired = next(r for r in report["reactors"] if r["name"] == "fired")
graph = next(g for g in report["graphs"] if g["name"] == "fired")
assert rows["received_total"] == 4 and rows["dead"] == 4 and rows["health"] == "ended", rows
assert graph["nodes"] == {"n": 3}, graph
assert report["dead_letters"] >= 1 and report["elapsed_ns"] > 0, report
PYTHON

# Bounds and speed of a replay.
expect_code 0 "$weir" replay --from 2024-01-02 --until 2024-01-04T00:00:00Z why.so
expect_text "$work/err" "reactor fired: 1 firings"
expect_code 0 "$weir" replay --from 1704153600000000000 --speed max why.so
expect_text "$work/err" "reactor fired: 2 firings"
expect_code 0 "$weir" replay --speed 1000000000x why.so
expect_text "$work/err" "reactor fired: 3 firings"
for words in "--from yesterday" "--until 2024-13-01" "--speed fast" "--speed 0x" "--speed x"; do
    # shellcheck disable=SC2086
    expect_code 2 "$weir" replay $words why.so
    expect_text "$work/err" "${words%% *} takes a "
done
