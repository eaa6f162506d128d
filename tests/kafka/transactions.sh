# SPDX-License-Identifier: Apache-2.0
# delivery: exactly_once, case by case: what a transaction holds, that there is no empty one, that one
# that fails is done again, that a successor fences, and that partitions may come and go.
. "$(dirname "$0")/common.sh"
. "$here/spec.sh"
topic "$run-in" 4
topic "$run-out" 1
topic "$run-dead" 1

# Results, dead letters and positions are one; a record that is filtered moves the position alone.
cat >whole.weir.yaml <<Y
module: whole
types: {Number: {k: string(8), n: i64, s: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-in, group: $run, until: end, dead_letters: dead, brokers: "\${B}"}
graphs:
  pass: {when_any: [numbers], where: numbers.n > 0, nodes: {pass: {in: numbers, to: out}}}
sinks:
  out: {kind: kafka, type: Number, topic: $run-out, key: k, delivery: exactly_once, transactional_id: $run, brokers: "\${B}"}
  dead: {kind: kafka, topic: $run-dead, delivery: exactly_once, transactional_id: $run, brokers: "\${B}"}
Y
printf 'a\t{"k":"a","n":1,"s":0}\na\t{"k":"a","n":0,"s":1}\na\tnonsense\na\t{"k":"a","n":2,"s":2}\n' | kt produce "$run-in" 0
expect_code 0 "$weir" run whole.weir.yaml
[ "$(kt consume "$run-out" | wc -l)" = 2 ] || fail "two numbers were sent"
[ "$(kt consume "$run-dead" | wc -l)" = 1 ] || fail "one was a dead letter"
kt committed "$run" "$run-in" >got
expect_text got "0 4 4"
kt committed none "$run-out" >before
expect_text before "0 -1001 3" # a transaction ends with a mark
printf 'a\t{"k":"a","n":0,"s":0}\n' | kt produce "$run-in" 0
expect_code 0 "$weir" run whole.weir.yaml
expect_code 0 "$weir" run whole.weir.yaml
kt committed "$run" "$run-in" >got
expect_text got "0 5 5"
kt committed none "$run-out" >after
diff before after || fail "there was a transaction without a result"

# What cannot be part of it.
expect_code 2 "$weir" run --set sinks.dead.linger=1s whole.weir.yaml
expect_text err "sinks 'out' and 'dead' share one transaction, and so 'linger' must be the same in both"
sed "s/, transactional_id: $run//" whole.weir.yaml >nameless.weir.yaml
expect_code 2 "$weir" run nameless.weir.yaml
expect_text err "needs the option 'transactional_id'"
sed "s/nodes: {pass: {in: numbers/nodes: {pass: {state: {last: i64}, in: numbers, out: Number/" whole.weir.yaml >state.weir.yaml
expect_code 2 "$weir" check state.weir.yaml
expect_text err "'out' cannot be exactly_once: the node 'pass' of 'pass' keeps state"
sed "s/delivery: exactly_once, //" state.weir.yaml >plain.weir.yaml
printf '#include "whole.weir.h"\nweir_status whole_pass_pass(weir_firing *f, const whole_number *n, whole_pass_pass_state *s, whole_number *out) { (void)f; (void)s; *out = *n; return WEIR_OK; }\n' >pass.c
expect_code 2 "$weir" run --set sinks.out.delivery=exactly_once plain.weir.yaml pass.c
expect_text err "sink 'out' cannot be exactly_once: the node 'pass' of 'pass' keeps state"

# One that is under way for too long is aborted; the same events, done again, go through.
topic "$run-again-in" 1
topic "$run-again-out" 1
cat >again.weir.yaml <<Y
module: again
types: {Number: {k: string(8), n: i64, s: i64}}
sources:
  numbers: {kind: kafka, type: Number, topic: $run-again-in, group: $run-again, until: end, dead_letters: none, brokers: "\${B}"}
graphs:
  pass:
    when_any: [numbers]
    on_error: {retry: {attempts: 3, delay: 1500ms}}
    nodes: {pass: {in: numbers, out: Number, to: out}}
sinks:
  out: {kind: kafka, type: Number, topic: $run-again-out, delivery: exactly_once, transactional_id: $run-again, brokers: "\${B}",
        librdkafka: {transaction.timeout.ms: 2000}}
Y
cat >again.c <<'C'
#include "again.weir.h"
weir_status again_pass_pass(weir_firing *firing, const again_number *number, again_number *out)
{
    static int tries;
    if (number->n == 1 && tries++ == 0)
        return weir_fail(firing, "the first try fails");
    *out = *number;
    return WEIR_OK;
}
C
kt number "$run-again-in" 0 3 1
expect_code 0 "$weir" run again.weir.yaml again.c
expect_text err "the transaction is aborted and done again: something is under way"
kt consume "$run-again-out" | "$here/ledger.py" 3 --once || fail "it came twice"
[ "$(ALL=1 kt consume "$run-again-out" | wc -l)" -gt 3 ] || fail "nothing was aborted"

# Another process with the same transactional id ends the first; members of a group each have their
# own, and a partition that goes before it is committed takes the open transaction with it.
topic "$run-group-in" 6
topic "$run-group-out" 2
run=$run-group
numbered numbers.weir.yaml "max_rate: 1500, commit_every: 300ms, revoke_within: 0s" "delivery: exactly_once, transactional_id: none"
expect_code 0 "$weir" build numbers.weir.yaml -o numbers.so
count=20000
kt number "$run-in" 0 16000 50
member() {
    begin "$1" run --stats 100ms --metrics "$1.prom" --set "sinks.out.transactional_id=$run-$2" numbers.so
    await 20 grep -q "$3" "$1.prom"
}
member a a 'received_total.* [1-9]'
a=$pid
member b b 'received_total.* [1-9]'
b=$pid
member c b 'weir_source_health.*live.* 1$'
c=$pid
kt number "$run-in" 16000 4000 50
finish b "$b" 3
expect_text b.err "another producer with the same transactional id has taken over"
kill -TERM "$a"
finish a "$a" 0
kt await "$run" "$run-in" 40
kill -TERM "$c"
finish c "$c" 0
kt consume "$run-out" | "$here/ledger.py" "$count" --once || fail "it was not exactly once"
grep -h 'aborted' a.err b.err c.err || true
