# SPDX-License-Identifier: Apache-2.0
# Tasks that wait, in processes: a condition that crashes and hangs first, and a runner that is
# killed while it is waited for.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"

cat >d.weir.yaml <<'END'
module: d
workflows:
  w:
    tasks:
      fetch: {call: d_fetch, conditions: [d_is_there], defer: {interval: 20ms, limit: 60s, timeout: 200ms}}
      after: {after: [fetch], exec: [sh, -c, 'grep -c . "$WEIR_CONTEXT"']}
  c:
    tasks:
      poll: {exec: [sh, -c, '[ -n "$WEIR_RESUMED" ] || echo "{\"set\":{\"a\":1},\"defer\":{\"condition\":\"d_is_there\"}}" >"$WEIR_RESULT"'], conditions: [d_is_there], defer: {interval: 20ms}}
  t:
    tasks:
      late: {call: d_late, retry: {attempts: 1}, defer: {limit: 1h}}
END
cat >d.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "d.weir.h"

weir_answer d_fetch(weir_task *task)
{
    int64_t tries = 0;

    if (!weir_task_resumed(task)) {
        weir_task_set_integer(task, "tries", 1);
        return weir_task_defer_on(task, "d_is_there");
    }
    weir_task_get_integer(task, "tries", &tries);
    weir_task_set_integer(task, "tries", tries + weir_task_attempt(task));
    return WEIR_TASK_DONE;
}

/* Crashes, hangs, says no, until the file is there; each time it leaves a line. */
weir_answer d_is_there(weir_task *task)
{
    FILE *asked = fopen("asked", "a");
    long size = fprintf(asked, "x") + ftell(asked);

    fclose(asked);
    if (size == 2)
        abort();
    if (size == 3)
        for (;;)
            pause();
    return access("there", F_OK) == 0 ? WEIR_TASK_DONE : WEIR_TASK_NOT_YET;
}

weir_answer d_late(weir_task *task)
{
    return weir_task_defer_for(task, INT64_C(7200) * 1000000000);
}
END
: >asked
asked() { wc -c <asked; }

# The runner is killed; nothing of what was waited for is lost.
"$weir" workflow run d.weir.yaml w d.c --store "$store" --key k --quiet 2>ran &
runner=$!
i=0
until [ "$(asked)" -ge 6 ]; do
    i=$((i + 1))
    [ $i -lt 600 ] || fail "the condition is not asked"
    sleep 0.05
done
"$weir" workflow explain 1 --store "$store" >explained
expect_text explained "it waits for 'd_is_there'"
expect_text explained "; that is asked next at "
"$weir" workflow show 1 --store "$store" >shown
expect_text shown "Deferred"
kill -KILL $runner
wait $runner || true
touch there
"$weir" workflow run d.weir.yaml w d.c --store "$store" --key k --json >result
expect_text result '"status":"Completed","context":{"tries":2}'
expect_text result '"fetch":{"state":"Completed","attempts":1}'
"$weir" workflow events 1 --store "$store" --json >events
expect_text events "which failed when it was asked: it was ended by signal 6 (Aborted)"
expect_text events "which failed when it was asked: it ran longer than its timeout of 200ms"
expect_text events "'d_is_there' holds"

# A command waits for a condition in C.
"$weir" workflow run d.weir.yaml c d.c --store "$store" --json >result
expect_text result '"context":{"a":1}'

# Longer than it may.
expect_code 1 "$weir" workflow run d.weir.yaml t d.c --store "$store" --json
expect_text out "beyond the limit of its \`defer:\`, 1h"
