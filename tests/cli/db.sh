# SPDX-License-Identifier: Apache-2.0
# A store as its operator sees it.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"
db() { "$weir" db "$@" --store "$store"; }

cat >night.weir.yaml <<'END'
module: night
workflows:
  nightly: {tasks: {only: {exec: ["true"]}}}
END
expect_code 2 db status
expect_text err "there is no store '$work/a.db'"
[ ! -e a.db ] || fail "it was made"
for key in 1 2; do
    "$weir" workflow run night.weir.yaml nightly --key $key --store "$store" --quiet >/dev/null
done

expect_code 0 db status
expect_text out "executions.Completed     2"
expect_text out "synchronous              full"
expect_code 0 db status --json
python3 -c 'import json; s = json.load(open("out")); assert s["tasks"] == 2 and s["schema"] == len(list(__import__("pathlib").Path("'"$root"'/store/migrations/sqlite").glob("*.sql"))), s'
expect_code 0 db check
expect_code 0 db check --json
expect_text out "[]"
expect_code 0 db backup --to copy.db
expect_code 1 db backup --to copy.db
expect_text err "is there already"
expect_code 0 db vacuum
expect_code 0 db prune --older-than 1h --json
expect_text out '{"executions":0,"plans":0}'
expect_code 0 db prune --older-than 0s
expect_text err "2 executions are gone, and 0 plans"
store="sqlite:$work/copy.db"
expect_code 0 db status
expect_text out "executions.Completed     2"
python3 -c 'import sqlite3; d = sqlite3.connect("copy.db"); d.execute("UPDATE tasks SET state = '"'Failed'"'"); d.commit()'
expect_code 1 db check
expect_text out "execution 1: the state of its task only is not that of its newest event"

# What cannot be meant.
expect_code 2 db prune
expect_text err "give --older-than with a unit"
expect_code 2 db prune --older-than 30
expect_code 2 db vacuum --to x
expect_text err "--to is an option of 'weir db backup'"
expect_code 2 db backup
expect_code 2 db statsu
expect_text err "did you mean 'status'?"
expect_code 2 "$weir" db status
expect_text err "which store?"
expect_code 2 "$weir" db status --store oracle:x
expect_text err "names no store"
echo text >text.db
expect_code 3 "$weir" db status --store sqlite:text.db
expect_text err "file is not a database"
