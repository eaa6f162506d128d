# SPDX-License-Identifier: Apache-2.0
# weir cron next: moments as texts, one schedule or many; what is refused leaves exit code 2.
. "$(dirname "$0")/common.sh"

expect_code 0 "$weir" cron next --zone Europe/Berlin --from 2026-03-28T12:00:00Z -n 2 -- '30 2 * * *'
printf '2026-03-29T03:00:00+02:00\n2026-03-30T02:30:00+02:00\n' | cmp - "$work/out"
expect_code 0 "$weir" cron next --from 2026-01-01 -n 2 --json -- 0 12 '*' '*' MON
printf '["2026-01-05T12:00:00Z","2026-01-12T12:00:00Z"]\n' | cmp - "$work/out"
expect_code 0 "$weir" cron next -- @daily
[ "$(wc -l <"$work/out")" = 5 ] || fail "five moments unless -n says otherwise"

# refused WORDS... -- SENTENCE is in $sentence
refused() {
    expect_code 2 "$weir" cron "$@"
    expect_text "$work/err" "$sentence"
}
sentence="minute '61': a value is 0 to 59" refused next -- '61 * * * *'
sentence="there is no time zone 'Europe/Nowhere'" refused next --zone Europe/Nowhere -- '0 2 * * *'
sentence="'soon' is no time; write it as 2026-03-29T01:30:00+01:00" refused next --from soon -- '0 2 * * *'
sentence="-n takes a number from 1 to 100000, not 'x'" refused next -n x -- '0 2 * * *'
sentence="which schedule? weir cron next -- '0 2 * * *'" refused next
sentence="'weir cron' can tell what is 'next', not 'last'" refused last
sentence="--batch reads its schedules from standard input" refused next --batch -- '0 2 * * *'

# A bad line does not stop the next.
cat >"$work/batch" <<'LINES'
{"expr":"0 2 * * *","zone":"Asia/Kolkata","from":"2026-01-01T00:00:00Z","n":2}
{"expr":"0 2 * *"}
{"zone":"UTC"}
not json
{"expr":"0 0 29 2 *","from":"2096-03-01T00:00:00Z"}
LINES
"$weir" cron next --batch <"$work/batch" >"$work/answers"
[ "$(wc -l <"$work/answers")" = 5 ] || fail "an answer for each line"
expect_text "$work/answers" '{"next":["2026-01-02T02:00:00+05:30","2026-01-03T02:00:00+05:30"]}'
expect_text "$work/answers" "has 4 fields"
expect_text "$work/answers" '{"next":["2104-02-29T00:00:00Z"]}'
[ "$(grep -c '^{"error":' "$work/answers")" = 3 ] || fail "three of them cannot be answered"

# What is wrong with a schedule is told with all else that is.
cat >"$work/several.weir.yaml" <<'SPEC'
module: several
types: {A: {x: i33}}
workflows:
  n: {schedule: {cron: "61 * * * *"}, input: {q: i32}, tasks: {a: {exec: [a], timeuot: 5m}}}
  m: {schedule: {cron: "1 * * * *", timezone: Europe/Berlim}, tasks: {a: {exec: [a]}}}
SPEC
expect_code 2 "$weir" check "$work/several.weir.yaml"
expect_text "$work/err" "there is no type 'i33'"
expect_text "$work/err" "cron: minute '61': a value is 0 to 59"
expect_text "$work/err" "'q' of its input has no default"
expect_text "$work/err" "there is no time zone 'Europe/Berlim'"
expect_text "$work/err" "5 errors in"
