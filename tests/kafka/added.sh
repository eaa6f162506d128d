# SPDX-License-Identifier: Apache-2.0
# Partitions that are added to a topic while all static members are away: they come again without a
# rebalance, see that nobody has the new ones, and share them out; those of a member by itself, too.
. "$(dirname "$0")/common.sh"
topic "$run-in" 2
cat >added.weir.yaml <<Y
module: added
types: {Number: {n: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, instance: "\${WHO}", commit_every: 50ms,
            brokers: "\${B}", dead_letters: none}
graphs:
  pass: {when_any: [numbers], nodes: {pass: {in: numbers, to: out}}}
sinks:
  out: {kind: file, type: Number, path: "\${WHO}.jsonl"}
Y
WHO=x expect_code 0 "$weir" build added.weir.yaml -o added.so
start() {
    rm -f "$1.m"
    WHO=$1 begin "$1" run --metrics "$1.m" --stats 100ms added.so
}
# has PARTITIONS MEMBER...: each member has so many.
has() {
    want=$1
    shift
    for member; do
        grep -q "^weir_source_partitions{.*} $want\$" "$member.m" || return 1
    done
}
write() {
    printf 'k\t{"n":%s}\n' "$2" | kt produce "$run-in" "$1"
}

start one
one=$pid
start two
two=$pid
await 20 has 1 one two
kill -TERM "$one" "$two"
finish one "$one" 0
finish two "$two" 0
kt grow "$run-in" 4
write 2 7
write 3 8
start one
one=$pid
start two
two=$pid
await 20 has 2 one two
await 10 sh -c 'cat one.jsonl two.jsonl | grep -q "\"n\":7" && cat one.jsonl two.jsonl | grep -q "\"n\":8"'
cat one.err two.err | grep -q "2 partitions are nobody's in the group" || fail "it is not said: $(cat one.err two.err)"

# Nothing has changed at the next start: nobody joins again.
kill -TERM "$one" "$two"
finish one "$one" 0
finish two "$two" 0
start two
two=$pid
await 20 has 2 two
write 0 9
write 1 10
write 2 11
write 3 12
await 10 sh -c '[ "$(grep -c . two.jsonl)" -ge 2 ]'
! grep -q "nobody's" two.err || fail "it joined again for nothing"
kill -TERM "$two"
finish two "$two" 0
