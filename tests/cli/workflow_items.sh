# SPDX-License-Identifier: Apache-2.0
# Tasks that run for each item, in processes: functions, commands, graphs and workflows; hooks; a
# runner that is killed in the midst.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"

cat >i.weir.yaml <<'END'
module: i
types: {Row: {name: string(8), n: i32}, Twice: {n: i32}}
graphs:
  twice: {args: {n: i32}, nodes: {t: {in: n, out: Twice, set: {n: n * 2}}}}
workflows:
  w:
    input: {rows: Row x 0..20}
    on_success: {exec: [sh, -c, 'echo "$0" >>ended', {expr: input.workflow}]}
    tasks:
      call:  {for_each: input.rows, call: i_call, concurrency: {tag: few, limit: 2}}
      exec:  {for_each: input.rows, exec: [sh, -c, 'echo "{\"set\":{\"is\":\"$0-$1-$WEIR_INDEX\"}}" >"$WEIR_RESULT"', {expr: item.name}, {expr: index}]}
      graph: {for_each: input.rows, graph: twice, with: {n: item.n}}
      begun: {after: [graph], for_each: context.graph, workflow: v, with: {m: item.n}}
  v:
    input: {m: i64}
    tasks:
      one: {call: i_one}
END
cat >i.c <<'END'
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "i.weir.h"

/* Item 2 crashes in its first run. */
weir_answer i_call(weir_task *task)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    if (weir_task_index(task) == 2 && weir_task_attempt(task) == 1)
        __builtin_trap();
    return weir_task_set(task, "row", weir_task_item(task)) == WEIR_OK ? WEIR_TASK_DONE : WEIR_TASK_FAILED;
}

weir_answer i_one(weir_task *task)
{
    return weir_task_set(task, "input", weir_task_input(task)) == WEIR_OK ? WEIR_TASK_DONE : WEIR_TASK_FAILED;
}
END
input='{"rows":[{"name":"a","n":1},{"name":"b","n":2},{"name":"c","n":3},{"name":"d","n":4}]}'
"$weir" build i.weir.yaml i.c -o i.so
"$weir" workflow run i.so w --store "$store" --key k --input "$input" --quiet 2>ran &
runner=$!
i=0
until "$weir" workflow list w/call --store "$store" --state Completed 2>/dev/null | grep -q Completed; do
    i=$((i + 1))
    [ $i -lt 600 ] || fail "no item ends"
    sleep 0.02
done
kill -KILL $runner 2>/dev/null || true
wait $runner || true
"$weir" workflow run i.so w --store "$store" --key k --input "$input" --json >result
expect_text result '"call":[{"row":{"n":1,"name":"a"}},{"row":{"n":2,"name":"b"}},{"row":{"n":3,"name":"c"}},{"row":{"n":4,"name":"d"}}]'
expect_text result '"exec":[{"is":"a-0-0"},{"is":"b-1-1"},{"is":"c-2-2"},{"is":"d-3-3"}]'
expect_text result '"graph":[{"n":2},{"n":4},{"n":6},{"n":8}]'
expect_text result '"begun":[{"input":{"m":2}},{"input":{"m":4}},{"input":{"m":6}},{"input":{"m":8}}]'
[ "$(grep -c . ended)" -ge 1 ] || fail "the hook did not run"
for part in w/call w/exec w/graph w/begun; do
    [ "$("$weir" workflow list $part --store "$store" | grep -c Completed)" = 4 ] || fail "$part began more than it should"
done
[ "$("$weir" workflow list v --store "$store" | grep -c Completed)" = 4 ] || fail "v was begun more than once for an item"
"$weir" db check --store "$store"
