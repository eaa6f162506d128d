# SPDX-License-Identifier: Apache-2.0
# Expressions of workflows: `run_if:` and words of commands over tasks, context and input.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"

cat >set.sh <<'END'
#!/bin/sh
echo "{\"set\":$1}" >"$WEIR_RESULT"
END
chmod +x set.sh

# rule EXPRESSION STATE [REASON]: what becomes of a task with that `run_if:`.
cat >rule.weir.yaml <<END
types: {Side: [buy, sell]}
workflows:
  w:
    input:
      n: {type: i32, default: 7}
      day: {type: date, default: 2024-02-29}
      side: {type: Side, default: sell}
      at: {type: timestamp(s), default: 60}
      wait: {type: duration, default: 1500ms}
      note: optional string(20)
      list: {type: i32 x 0..4}
      number: {type: i64, text: true, default: 12}
    tasks:
      good: {exec: [./set.sh, '{"n": 3, "f": 2.5, "s": "abc", "yes": true, "o": {"k": [1, {"d": 4}]}, "nil": null}']}
      bad:  {exec: ["false"], retry: {attempts: 1}}
      may:  {exec: ["false"], retry: {attempts: 1}, allow_failure: true}
      none: {after: [good], run_if: any_failed, exec: ["true"]}
END
cases=0
: >cases
rule() {
    cases=$((cases + 1))
    echo "      x$cases: {after: [good, bad, may, none], run_if: '$1', exec: [\"true\"]}" >>rule.weir.yaml
    printf '"x%s":{"state":"%s"%s\n' "$cases" "$2" "$3" >>cases
}
quoted() { printf %s "$1" | sed 's/["\\]/\\&/g'; }
yes() { rule "$1" Completed ""; }
no() { rule "$1" Skipped ",\"attempts\":0,\"reason\":\"run_if '$(quoted "$1")' is not so\""; }
broken() { rule "$1" Failed ",\"attempts\":0,\"reason\":\"run_if '$(quoted "$1")' cannot be evaluated: $(quoted "$2")\""; }

yes 'failed(bad) && !failed(good) && !failed(may) && !failed(none)'
yes 'succeeded(good) && succeeded(may) && !succeeded(bad) && !succeeded(none)'
yes 'state(good) == "Completed" && state(bad) == "Failed" && state(may) == "Failed" && state(none) == "Skipped"'
no 'failed(good) || context.n > 3'
yes 'context.n + 1 == 4 && context.n * 2.0 == 6 && -context.n == -3 && context.f / 2 == 1.25 && context.n % 2 == 1'
yes 'context.s + "d" == "abcd" && context.s.startsWith("ab") && size(context.s) == 3 && context.s < "b"'
yes 'context.o.k[1].d == 4 && context["o"]["k"][0] == 1 && size(context.o.k) == 2 && 1 in context.o.k'
yes 'has(context.n) && !has(context.m) && !has(context.o.j) && has(context.nil) && context.yes'
yes 'input.n == 7 && input.n in [1, 7] && 2 in input.list && size(input.list) == 2 && input.number > 11'
yes 'input.side == Side.sell && string(input.day) == "2024-02-29" && input.at == timestamp("1970-01-01T00:01:00Z")'
yes 'input.wait < duration("2s") && !has(input.note) && (has(input.note) ? input.note : "none") == "none"'
yes 'min(context.n, 2) == 2 && max(1, context.f) == 2.5 && abs(0 - context.n) == 3 && int(context.f) == 2 && string(context.n) == "3"'
yes 'context.n != context.s && context.n == input.n - 4'
broken 'context.m > 3' "there is no 'context.m'"
broken 'context.o.k[2] == 1' "there is no 'context.o.k[2]'"
broken 'context.s > 3' "'context.s' is \"abc\", and a number is wanted"
broken 'context.n && true' "'context.n' is 3, and true or false is wanted"
broken 'context.n.k == 1' "'context.n' is 3, and an object is wanted"
broken 'context.n / (input.n - 7) == 1' "an integer is divided by 0"
broken 'context.n * 9223372036854775807 > 0' "3 * 9223372036854775807 is out of range"
broken 'context.f' "it gives 2.5, which is neither true nor false"

expect_code 1 "$weir" workflow run rule.weir.yaml w --store "$store" --quiet --json --input '{"list": [1, 2]}'
while IFS= read -r case; do
    expect_text out "$case"
done <cases

# --- A task that is asked first; when none runs, the execution is over at once ---
cat >first.weir.yaml <<'END'
workflows:
  first:
    input: {go: bool}
    tasks:
      a: {exec: [echo, a], run_if: input.go && size(context) == 0}
      b: {after: [a], exec: [echo, b]}
END
"$weir" workflow run first.weir.yaml first --store "$store" --quiet --json --input '{"go":false}' >out
expect_text out '"status":"Completed"'
expect_text out '"b":{"state":"Skipped","attempts":0'
"$weir" workflow run first.weir.yaml first --store "$store" --quiet --json --input '{"go":true}' >out
expect_text out '"b":{"state":"Completed"'

# --- Words ---
cat >words.weir.yaml <<'END'
workflows:
  words:
    input: {day: date, at: timestamp, wait: duration, n: i32}
    tasks:
      a: {exec: [./set.sh, '{"f": 0.1, "text": "a b", "yes": true, "list": [1]}']}
      b: {after: [a], exec: [printf, '<%s>', {expr: input.day}, {expr: input.n + 1}, {expr: context.text}, {expr: context.f},
          {expr: context.yes}, {expr: input.at}, {expr: input.wait}, {expr: 'string(input.n) + "x"'}]}
      c: {after: [a], exec: [echo, {expr: context.list}], allow_failure: true}
      d: {after: [a], exec: [echo, {expr: context.gone}], allow_failure: true}
END
"$weir" workflow run words.weir.yaml words --store "$store" --quiet --json \
    --input '{"day":"2024-02-29","at":0,"wait":"1s","n":4}' >out
expect_text out '"log":"<2024-02-29><5><a b><0.1><true><1970-01-01T00:00:00Z><1s><4x>"'
expect_text out "\"c\":{\"state\":\"Failed\",\"attempts\":1,\"reason\":\"the word 'context.list' of its command cannot be had: 'context.list' is [1], and a text, a number, true or false is wanted\""
expect_text out "\"d\":{\"state\":\"Failed\",\"attempts\":1,\"reason\":\"the word 'context.gone' of its command cannot be had: there is no 'context.gone'\""

# --- Secrets: given to the command, and nowhere else ---
cat >secret.weir.yaml <<'END'
workflows:
  secret:
    tasks:
      a: {exec: [sh, -c, 'echo "it is <$1> and <$2>"; echo "$1" >file', sh, {secret: TOKEN}, {secret: db-password}]}
      b: {after: [a], exec: [sh, -c, 'echo "refused $1" >&2; exit 3', sh, {secret: TOKEN}], retry: {attempts: 1}}
  gone: {tasks: {a: {exec: [echo, {secret: NO_SUCH_SECRET}]}}}
END
mkdir secrets
echo "from a file" >secrets/db-password
: >secrets/NO_SUCH_SECRET
export TOKEN=hunter2andmore
expect_code 1 "$weir" workflow run secret.weir.yaml secret --store "$store" --set secrets="$work/secrets" --json
[ "$(cat file)" = "$TOKEN" ] || fail "the command was given something else"
expect_text out '"log":"it is <**************> and <***********>\n"'
expect_text out "ended with exit code 3: refused **************"
"$weir" workflow events 25 --store "$store" --json >>out
if cat out err a.db* | grep -aq -e "$TOKEN" -e "from a file"; then fail "the secret was told"; fi
expect_code 1 "$weir" workflow run secret.weir.yaml gone --store "$store" --json
expect_text out "the secret 'NO_SUCH_SECRET' cannot be had: no environment variable has this name"
expect_code 1 "$weir" workflow run secret.weir.yaml gone --store "$store" --set secrets="$work/secrets" --json
expect_text out "the secret 'NO_SUCH_SECRET' cannot be had: it is empty, or no UTF-8 text"
expect_code 1 "$weir" workflow run secret.weir.yaml gone --store "$store" --set secrets="$work/none" --json
expect_text out "No such file or directory"
