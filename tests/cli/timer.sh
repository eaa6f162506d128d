# SPDX-License-Identifier: Apache-2.0
# A timer beats in the time of a replay, between the events, and ends with them.
. "$(dirname "$0")/common.sh"
cd "$work"
cat >beat.weir.yaml <<'SPEC'
module: beat
types:
  Item: {at: timestamp(s), id: i64}
  Seen: {now: timestamp(s), id: i64, n: u64}
sources:
  items: {kind: file, type: Item, path: items.csv, time: at}
  beat:  {kind: timer, every: 10s}
  idle:  {kind: unix, type: Item, path: idle.sock}
graphs:
  look:
    when_any: [items, beat]
    nodes:
      see: {in: [optional items, optional beat], out: Seen, set: {now: now, id: "has(items) ? items.id : 0", n: "has(beat) ? beat.n : 0"}, to: seen}
  other:
    when_any: [idle]
    nodes:
      see: {in: idle, out: Seen, set: {now: now, id: idle.id, n: 0}, to: seen}
sinks:
  seen: {kind: stdout, type: Seen}
SPEC
printf 'at,id\n100,1\n105,2\n125,3\n130,4\n' >items.csv
cat >want <<'WANT'
{"now":100,"id":1,"n":0}
{"now":105,"id":2,"n":0}
{"now":110,"id":2,"n":1}
{"now":120,"id":2,"n":2}
{"now":125,"id":3,"n":2}
{"now":130,"id":3,"n":3}
{"now":130,"id":4,"n":3}
WANT
expect_code 0 "$weir" replay beat.weir.yaml
diff want out || fail "the beat is not that of the events"
expect_text err "source beat: 3 received = 3 fired"
# What has no history is not even opened: the live one may run beside.
[ ! -e idle.sock ] || fail "a replay listens on a socket"
