# SPDX-License-Identifier: Apache-2.0
# When is an event done, so that its position is committed? Three events in partition 0, of which each
# case makes something else; one in partition 1, which is filtered, shows that commits have gone out.
. "$(dirname "$0")/common.sh"

# try NAME ACCUMULATORS GRAPH WHILE-RUNNING AFTER-A-STOP [CODE]: positions of partition 0; - is none.
try() {
    name=$1
    topic "$run-$name" 2
    cat >"$name.weir.yaml" <<Y
module: ${name}_case
types: {Item: {k: string(4), n: i64}, Sum: {n: i64}}
sources:
  items: {kind: kafka, type: Item, topic: $run-$name, group: $run-$name, commit_every: 10ms, brokers: "\${B}", dead_letters: none}
accumulators: {$2}
graphs:
  g: {$3}
sinks: {out: {kind: file, type: Sum, path: $name.jsonl}}
Y
    for n in 1 2 3; do
        printf 'a\t{"k":"a","n":%s}\n' "$n"
    done | kt produce "$run-$name" 0
    begin "$name" run "$name.weir.yaml"
    if [ "$4" = - ]; then
        await 20 reached "$name" '^0 -1001 3'
        printf 'z\t{"k":"z","n":0}\n' | kt produce "$run-$name" 1
        await 20 reached "$name" '^1 1 1'
        reached "$name" '^0 -1001 3' || fail "$name: a position was committed too early"
    else
        await 20 reached "$name" "^0 $4 3"
    fi
    kill -TERM "$pid"
    finish "$name" "$pid" "${6:-0}"
    want=$5
    [ "$want" != - ] || want=-1001
    reached "$name" "^0 $want 3" || fail "$name: after the stop it is $(kt committed "$run-$name" "$run-$name")"
}

reached() {
    kt committed "$run-$1" "$run-$1" | grep -q -- "$2"
}


item="item: {source: items, where: event.k != 'z'}"
set_n="nodes: {n: {in: item, out: Sum, set: {n: item.n}, to: out}}"
try fired "$item" "when_any: [item], $set_n" 3 3
try filtered "$item" "when_any: [item], where: item.n > 9, $set_n" 3 3
try collapsed "$item" "when_any: [item], strategy: latest, $set_n" 3 3
try dead "$item" "when_any: [item], nodes: {n: {in: item, out: Sum, set: {n: item.n / (item.n - item.n)}, to: out}}" 3 3
try retried "$item" "when_any: [item], on_error: {retry: {attempts: 9, delay: 1h}}, nodes: {n: {in: item, out: Sum, set: {n: item.n / (item.n - item.n)}, to: out}}" - -
try paired "$item, other: {source: items, where: event.k == 'b'}" \
    "when_all: [item, other], nodes: {n: {in: [item, other], out: Sum, set: {n: item.n + other.n}, to: out}}" - -
try batched "item: {kind: batch, source: items, where: event.k != 'z', max_size: 10, every: 1h}" \
    "when_any: [item], nodes: {n: {in: item, out: Sum, set: {n: size(item)}, to: out}}" - 3
expect_text batched.jsonl '{"n":3}'
