# SPDX-License-Identifier: Apache-2.0
# Runners as processes, and executions that are shown and steered from outside.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"
workflow() { "$weir" workflow "$@" --store "$store"; }

# `hold` says that it has begun, and runs until it is let go.
cat >night.weir.yaml <<'END'
module: night
workflows:
  nightly:
    tasks:
      first: {exec: [sh, -c, 'echo first >>ran']}
      hold:  {after: [first], exec: [./hold.sh], retry: {attempts: 2, delay: 1ms}}
      last:  {after: [hold], exec: [sh, -c, 'echo last >>ran']}
END
cat >day.weir.yaml <<'END'
module: day
workflows:
  daily: {tasks: {only: {call: day_only}}}
END
cat >day.c <<'END'
#include "day.weir.h"
weir_answer day_only(weir_task *task)
{
    weir_task_set_text(task, "who", "day");
    return WEIR_TASK_DONE;
}
END
cat >hold.sh <<'END'
#!/bin/sh
echo "hold $WEIR_ATTEMPT" >>ran
[ ! -e broken ] || exit 9
trap 'echo stopped >>ran; exit 1' TERM
[ -e go ] || { echo >started; read -r line <gate & wait; }
END
chmod +x hold.sh
mkfifo started gate
: >ran

# Two workflows of two specs in one runner; started elsewhere.
"$weir" workflow serve night.weir.yaml day.weir.yaml day.c --set drain=0s --store "$store" 2>served &
server=$!
trap 'kill "$server" 2>/dev/null || :' EXIT
id=$(workflow run night.weir.yaml nightly --detach --quiet)
day=$(workflow run day.weir.yaml daily day.c --detach --quiet --key today)
workflow wait "$day" --timeout 60s --json >out
expect_text out '"status":"Completed","context":{"who":"day"}'
[ "$(workflow run day.weir.yaml daily day.c --detach --quiet --key today)" = "$day" ] || fail "one key gave two executions"

# --- Shown ---
read -r line <started
workflow show "$id" >out
expect_text out "Running, execution $id of nightly"
expect_text out "+ first  Completed"
expect_text out "  > hold  Running  <- first"
expect_text out "      last  Pending  <- hold"
workflow show "$id" --json >out
expect_text out '"hold":{"state":"Running","attempts":1,"after":["first"]}'
workflow explain "$id" >out
expect_text out "it waits for 'hold' (Running)"
expect_text out "has run it since"
workflow events "$id" >out
expect_text out "Ready -> Running, run 1, runner"
workflow list >out
expect_text out "Completed  daily"
workflow list nightly --state Running --json >out
expect_text out "[{\"id\":$id,\"workflow\":\"nightly\",\"status\":\"Running\""
workflow list daily --state Running --json >out
expect_text out "[]"
expect_code 3 "$weir" workflow wait "$id" --timeout 10ms --store "$store"
expect_text err "is still Running"

# --- Stopped in order: what runs is handed back, and taken by the next runner at once ---
kill -TERM "$server"
wait "$server" || fail "the runner ends with $?: $(cat served)"
expect_text served "hold: run 1 is handed back"
workflow explain "$id" >out
expect_text out "no runner that lives has the workflow 'nightly' in version"
"$weir" workflow serve night.weir.yaml --set drain=0s --store "$store" 2>served &
server=$!
read -r line <started

# --- Cancelled: the work is really stopped; begun anew it goes on where it was ---
workflow cancel "$id" --reason "wrong night" --quiet
expect_code 1 "$weir" workflow wait "$id" --timeout 60s --store "$store"
expect_text out "Cancelled, execution $id of nightly"
expect_text out "wrong night"
[ "$(tr '\n' ' ' <ran)" = "first hold 1 stopped hold 2 stopped " ] || fail "ran: $(cat ran)"
expect_code 1 "$weir" workflow cancel "$id" --store "$store"
expect_text err "is Cancelled and cannot be cancelled: it has ended"
expect_code 1 "$weir" workflow resume "$id" --store "$store"
expect_text err "cannot be resumed: only what is Paused can"
: >broken
workflow retry "$id" --quiet
expect_code 1 "$weir" workflow wait "$id" --timeout 60s --json --store "$store"
expect_text out '"status":"Failed"'
rm broken
: >go
workflow retry "$id" --json >out
expect_text out '"status":"Running"'
workflow wait "$id" --timeout 60s >out
expect_text out "Completed, execution $id of nightly"
[ "$(grep -c first ran)" = 1 ] || fail "what was Completed ran again"

# --- Paused ---
kill -TERM "$server"
wait "$server"
id=$(workflow run night.weir.yaml nightly --detach --quiet)
workflow pause "$id" --reason lunch --json >out
expect_text out '"status":"Paused","reason":"lunch"'
"$weir" workflow serve night.weir.yaml --store "$store" 2>served &
server=$!
workflow explain "$id" --json >out
expect_text out '"why":"its execution is Paused"'
workflow resume "$id" --quiet
workflow wait "$id" --timeout 60s --quiet >out
expect_text out "Completed"

# --- A runner that is killed: the next one knows at once, by its lock ---
rm go
id=$(workflow run night.weir.yaml nightly --detach --quiet)
read -r line <started
kill -9 "$server"
wait "$server" 2>/dev/null || :
: >go
"$weir" workflow serve night.weir.yaml --store "$store" 2>served &
server=$!
workflow wait "$id" --timeout 60s --json >out
expect_text out '"hold":{"state":"Completed","attempts":2'
kill -TERM "$server"
wait "$server"
