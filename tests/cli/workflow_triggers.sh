# SPDX-License-Identifier: Apache-2.0
# Files and functions that start workflows, where runners serve them; pauses by the command.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"
workflow() { "$weir" workflow "$@" --store "$store"; }

cat >ingest.weir.yaml <<'END'
module: ingest
workflows:
  load:
    schedule: {cron: "0 3 1 1 *", overlap: allow}
    input: {path: {type: string(400), default: none}, size: {type: u8, default: 0}}
    triggers:
      drop: {files: inbox/*.csv, every: 50ms, settle: 0s}
      look: {call: ingest_look, every: 50ms, timeout: 500ms}
    tasks:
      note: {exec: [sh, -c, 'echo "$(basename $0) $1" >>"$WEIR_NOTED"', {expr: input.path}, {expr: input.size}]}
END
cat >look.c <<'END'
#include <stdlib.h>
#include <unistd.h>
#include "ingest.weir.h"
weir_answer ingest_look(weir_task *task)
{
    if (access("crash", F_OK) == 0)
        abort();
    while (access("hang", F_OK) == 0)
        sleep(1);
    if (access("fire", F_OK) == 0)
        weir_task_fire(task, "once", "{\"path\": \"by-hand\"}");
    return WEIR_TASK_DONE;
}
END
mkdir inbox
export WEIR_NOTED="$work/noted"
: >noted

# `until_text FILE TEXT COMMAND..`: until what the command prints has it.
until_text() {
    text=$1
    shift
    for i in $(seq 600); do
        "$@" >seen 2>&1 || :
        grep -qF -- "$text" seen && return
        sleep 0.05
    done
    cat seen >&2
    fail "never: $text"
}

serve() {
    "$weir" workflow serve ingest.weir.yaml look.c --store "$store" --set sweep=200ms --quiet 2>>served &
}

# What came while nobody looked, and what is renamed in; what refuses its file is told.
echo 1 >inbox/early.csv
serve
first=$!
serve
second=$!
trap 'kill "$first" "$second" 2>/dev/null || :' EXIT
until_text "early.csv 2" cat noted
echo 12 >late.tmp && mv late.tmp inbox/late.csv
until_text "late.csv 3" cat noted
head -c 300 /dev/zero >big.tmp && mv big.tmp inbox/big.csv
until_text "refused" workflow triggers
expect_text seen "load.drop, "
expect_text seen "inbox/big.csv 300 "
expect_text seen "the input of 'load' is wrong at size"

# A function that crashes or hangs fails its look, and files and tasks go on.
touch crash
until_text "it was ended by signal 6 (Aborted)" workflow triggers load
touch hang && rm crash
until_text "it ran longer than its timeout of 500ms" workflow triggers load
echo >inbox/beside.csv
until_text "beside.csv 1" cat noted
rm hang && touch fire
until_text "by-hand 0" cat noted

# Paused, for all runners, and by one that is killed and comes again; then what came meanwhile.
expect_code 0 workflow triggers pause load.drop
expect_code 0 workflow schedules pause load
until_text "load.drop, paused" workflow triggers
until_text "load, next" workflow schedules
expect_text seen ", paused"
kill -9 "$first" "$second"
wait "$first" "$second" 2>/dev/null || :
echo >inbox/later.csv
serve
first=$!
workflow run ingest.weir.yaml load look.c --input '{"path": "by-command"}' --key k --detach --quiet >/dev/null
until_text "by-command 0" cat noted
! grep -q later.csv noted || fail "it is paused"
expect_code 0 workflow triggers resume load.drop
until_text "later.csv 1" cat noted
expect_code 0 workflow schedules resume load

# Each once, however often they were looked at.
workflow triggers --json >out
for name in early late beside later by-hand; do
    [ "$(grep -c "^${name}[. ]" noted)" = 1 ] || fail "$name: $(cat noted)"
done
expect_text out '"trigger":"drop"'

expect_code 2 workflow triggers pause load
expect_text err "'load' names no trigger: write WORKFLOW.TRIGGER"
expect_code 2 workflow triggers pause load.drp
expect_text err "no runner has taken up a trigger 'drp' of 'load' yet"
expect_code 2 workflow schedules pause other
expect_text err "no runner has taken up a schedule of 'other' yet"
kill "$first"
wait "$first" || fail "it did not stop well"
trap - EXIT
