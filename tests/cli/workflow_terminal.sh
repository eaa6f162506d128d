# SPDX-License-Identifier: Apache-2.0
# How far an execution is, on a terminal; and nothing of that elsewhere.
. "$(dirname "$0")/common.sh"
cd "$work"

{
    printf 'module: t\nworkflows:\n  w:\n    tasks:\n      first: {exec: ["true"]}\n'
    for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
        printf '      wide%s: {after: [first], exec: [sh, -c, "read line <go"]}\n' $i
    done
    printf '      last: {after: [first, wide01], call: t_last}\n  quick: {tasks: {one: {exec: ["true"]}}}\n'
} >t.weir.yaml
cat >t.c <<'C'
#include <stdio.h>
#include "t.weir.h"
weir_answer t_last(weir_task *task)
{
    (void)task;
    fputs("words of a task\n", stderr);
    return WEIR_TASK_DONE;
}
C
mkfifo go
expect_code 0 "$weir" build -o t.so t.weir.yaml t.c
"$root/tests/cli/terminal" "$weir" "$PWD/t.so" "sqlite:$PWD/t.db" "$PWD/go" || fail "not as a terminal should look"

on_terminal "$weir" workflow run t.so quick --store sqlite:q.db
expect_text seen " of 1 done"
terminal=dumb on_terminal "$weir" workflow run t.so quick --store sqlite:q.db
! grep -q "$escape" seen || fail "a terminal that cannot do it is drawn upon"
on_terminal "$weir" workflow run t.so quick --store sqlite:q.db --quiet
! grep -q "$escape" seen || fail "progress in spite of --quiet"
TERM=xterm expect_code 0 "$weir" workflow run t.so quick --store sqlite:q.db
! grep -q "$escape" "$work/err" || fail "progress in a pipe"

# --- What a command writes steers nobody's terminal, now or later ---
bell=$(printf '\007')
cat >s.weir.yaml <<'Y'
module: s
workflows: {w: {tasks: {a: {exec: [sh, -c, "printf 'x\\033]0;title\\007y\\302\\233z' >&2; exit 3"], retry: {attempts: 1}}}}}
Y
code=0
"$weir" workflow run s.weir.yaml w --store sqlite:s.db >said 2>&1 || code=$?
[ "$code" = 1 ] || fail "the run ended with $code"
for words in "show 1" "list" "events 1" "explain 1"; do
    # shellcheck disable=SC2086
    "$weir" workflow $words --store sqlite:s.db >>said
    grep -q 'x\\x1b]0;title\\x07y\\x9bz' said || fail "$words does not show what was written"
done
! grep -q "$escape\|$bell" said || fail "control characters came through"
"$weir" workflow show 1 --json --store sqlite:s.db | grep -q 'x\\u001B]0;title' || fail "JSON has it as it was"
