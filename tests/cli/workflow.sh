# SPDX-License-Identifier: Apache-2.0
# Durable workflows: run, fail, killed half-way and finished, bad input.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"

cat >etl.weir.yaml <<'END'
module: etl
workflows:
  nightly:
    tasks:
      extract:   {exec: [sh, -c, 'echo extract >>ran; echo "{\"set\":{\"rows\":41,\"raw\":[1]}}" >"$WEIR_RESULT"']}
      transform: {after: [extract], call: etl_transform}
      load:      {after: [transform], exec: [./load.sh], retry: {attempts: 2, delay: 1ms}}
      alert:     {after: [load], run_if: any_failed, exec: [sh, -c, 'echo alert >>ran']}
      report:    {after: [load], exec: [sh, -c, 'echo report >>ran; echo told']}
  quick: {tasks: {only: {exec: ["true"]}}}
END
cat >etl.c <<'END'
#include "etl.weir.h"
weir_answer etl_transform(weir_task *task)
{
    int64_t rows;
    if (!weir_task_get_integer(task, "rows", &rows))
        return weir_task_fail(task, "no rows");
    weir_task_set_integer(task, "rows", rows + 1);
    weir_task_delete(task, "raw");
    return WEIR_TASK_DONE;
}
END
# It runs in the folder of the spec, with the context and the input in files.
cat >load.sh <<'END'
#!/bin/sh
echo "load $WEIR_ATTEMPT" >>ran
cat "$WEIR_CONTEXT" "$WEIR_INPUT"
[ ! -e broken ] || { echo "the table is locked" >&2; exit 3; }
END
chmod +x load.sh

run() { "$weir" workflow run "$work/etl.weir.yaml" nightly "$work/etl.c" --store "$store" --quiet "$@"; }

# --- To the end ---
: >ran
(cd / && run --input '{"day": "monday"}' --json) >out
expect_text out '"status":"Completed"'
expect_text out '"context":{"rows":42}'
expect_text out '"alert":{"state":"Skipped","attempts":0'
expect_text out '"log":"{\"rows\":42}{\"day\":\"monday\"}"'
[ "$(tr '\n' ' ' <ran)" = "extract load 1 report " ] || fail "other tasks ran: $(cat ran)"

# --- A failure: the handler runs, what needs it is skipped with the cause ---
: >ran
: >broken
expect_code 1 run --json
expect_text out '"status":"Failed"'
expect_text out "\"reason\":\"'load' failed: './load.sh' ended with exit code 3: the table is locked\""
expect_text out '"load":{"state":"Failed","attempts":2'
expect_text out "\"report\":{\"state\":\"Skipped\",\"attempts\":0,\"reason\":\"all_success is not so: 'load' failed\"}"
[ "$(tr '\n' ' ' <ran)" = "extract load 1 load 2 alert " ] || fail "other tasks ran: $(cat ran)"
expect_code 1 run
expect_text out "Failed, execution"
rm broken
[ -z "$(ls "$TMPDIR")" ] || fail "files of runs are left behind"

# --- One key, one execution ---
: >ran
run --key monday --json >first
run --key monday --json >second
cmp first second || fail "the same key gave two results"
[ "$(grep -c extract ran)" = 1 ] || fail "the same key ran twice"
expect_code 2 run --key monday --input '{"other": 1}'
expect_text err "was used for execution"
run --key both --json >first &
run --key both --json >second
wait $!
cmp first second || fail "two processes with one key gave two results"
[ "$(grep -c extract ran)" = 2 ] || fail "two processes with one key ran it twice"

# --- Killed half-way, and finished ---
: >ran
mkfifo gate started
cat >load.sh <<'END'
#!/bin/sh
echo "load $WEIR_ATTEMPT" >>ran
[ -e go ] || { echo >started; read -r line <gate; }
END
# Kills a run of the given command line when `load` has begun; what that one has begun ends then.
kill_in_load() {
    rm -f go
    "$weir" workflow run etl.weir.yaml nightly etl.c --store "$store" "$@" >first 2>err &
    read -r line <started
    kill -9 "$!"
    wait "$!" 2>/dev/null || :
    : >go
}
kill_in_load --key killed --json
run --key killed --json >out
expect_text out '"status":"Completed"'
expect_text out '"extract":{"state":"Completed","attempts":1}'
expect_text out '"load":{"state":"Completed","attempts":2'
[ "$(tr '\n' ' ' <ran)" = "extract load 1 load 2 report " ] || fail "after the kill ran: $(cat ran)"
id=$(sed 's/.*"id":\([0-9]*\).*/\1/' out)
run --resume "$id" --json >again
cmp out again || fail "an execution that has ended changed"
[ "$(wc -l <ran)" = 4 ] || fail "an execution that has ended ran again"

# --- Stopped by a signal: the command ends with it, and that run is no attempt ---
: >ran
rm -f go
cat >load.sh <<'END'
#!/bin/sh
echo "load $WEIR_ATTEMPT" >>ran
trap 'echo ended >>ran; exit 1' TERM
[ -e go ] || { echo >started; read -r line <gate & wait; }
END
"$weir" workflow run etl.weir.yaml nightly etl.c --store "$store" --key stopped --set drain=0s >first 2>err &
victim=$!
read -r line <started
kill -TERM "$victim"
code=0
wait "$victim" || code=$?
[ "$code" = 3 ] || fail "stopped, the command ends with $code"
expect_text err "was stopped; it goes on when it is run again"
: >go
run --key stopped --json >out
expect_text out '"status":"Completed"'
expect_text out '"load":{"state":"Completed","attempts":2'
[ "$(tr '\n' ' ' <ran)" = "extract load 1 ended load 2 report " ] || fail "after the stop ran: $(cat ran)"

# --- Wrong use ---
check_bad() { # CODE TEXT WORDS...
    code=$1 text=$2
    shift 2
    expect_code "$code" "$weir" workflow "$@"
    expect_text err "$text"
}
check_bad 2 "'weir workflow' has no 'explian'; did you mean 'explain'?" explian 1 --store "$store"
check_bad 2 "weir workflow run SPEC NAME [FILE.c ...] --store sqlite:FILE" run etl.weir.yaml --store "$store"
check_bad 2 "weir workflow show ID --store sqlite:FILE" show --store "$store"
check_bad 2 "'x' is not the number of an execution" cancel x --store "$store"
check_bad 2 "the store has no execution 999" explain 999 --store "$store"
check_bad 2 "the store has no execution 999" pause 999 --store "$store"
check_bad 2 "an execution is never 'Runing'" list --state Runing --store "$store"
check_bad 2 "--most takes a number" list --most 0 --store "$store"
check_bad 2 "'weir workflow' has no 'walk'" walk etl.weir.yaml nightly --store "$store"
check_bad 2 "give --store sqlite:FILE" run etl.weir.yaml nightly etl.c
check_bad 2 "no workflow 'nigthly' is loaded; did you mean 'nightly'?" run etl.weir.yaml nigthly etl.c --store "$store"
check_bad 2 "names no store" run etl.weir.yaml nightly etl.c --store mysql:x
check_bad 2 "names no file" run etl.weir.yaml nightly etl.c --store 'sqlite:x?mode=ro'
check_bad 2 "the input is no JSON" run etl.weir.yaml nightly etl.c --store "$store" --input '{'
check_bad 2 "is to be a JSON object" run etl.weir.yaml nightly etl.c --store "$store" --input '[1]'
check_bad 2 "the store has no execution 999" run etl.weir.yaml nightly etl.c --store "$store" --resume 999
check_bad 2 "is of the workflow 'nightly'" run etl.weir.yaml quick etl.c --store "$store" --resume "$id"
check_bad 2 "--resume goes on with an execution; --key, --input and --detach" run etl.weir.yaml nightly etl.c --store "$store" --resume 1 --key x
check_bad 2 "a key is UTF-8, and this one is not" run etl.weir.yaml nightly etl.c --store "$store" --key "$(printf 'k\377')"
check_bad 2 "a reason is UTF-8, and this one is not" cancel "$id" --store "$store" --reason "$(printf '\377')"
check_bad 2 "a key has 1 to 255 bytes" run etl.weir.yaml nightly etl.c --store "$store" --key ''
check_bad 2 "has no option 'slotz'; did you mean 'slots'?" run etl.weir.yaml nightly etl.c --store "$store" --set slotz=1
check_bad 3 "cannot open" run etl.weir.yaml nightly etl.c --store sqlite:/nowhere/a.db
echo "not a database, but long enough to be read as the head of one; really" >text.db
check_bad 3 "not a database" run etl.weir.yaml nightly etl.c --store sqlite:text.db

expect_code 2 "$weir" run etl.weir.yaml etl.c
expect_text err "declares workflows only"

# A module that is built.
expect_code 0 "$weir" build -o etl.so etl.weir.yaml etl.c
expect_code 0 "$weir" workflow run etl.so quick --store "$store" --json
expect_text out '"workflow":"quick","status":"Completed"'

# Another version of a workflow does not finish what it has not begun.
sed 's/attempts: 2/attempts: 1/' etl.weir.yaml >new.weir.yaml
kill_in_load --key version
check_bad 2 "and ends with it; loaded is version" run new.weir.yaml nightly etl.c --store "$store" --key version

# --- The example of the guide ---
cp -r "$root/examples/nightly" night
cd night
expect_code 0 "$weir" workflow run nightly.weir.yaml nightly tasks.c --store sqlite:night.db --json --input '{"day": "monday"}'
expect_text "$work/out" '"context":{"day":"monday","total":200}'
sed -i 's/attempts: 4/attempts: 1/' nightly.weir.yaml
expect_code 1 "$weir" workflow run nightly.weir.yaml nightly tasks.c --store sqlite:night.db --json --set slots=1
expect_text "$work/out" "which day?"
