# SPDX-License-Identifier: Apache-2.0
# What an execution is started with: types, defaults, what is refused before a row is written.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"

cat >in.weir.yaml <<'END'
module: in
types:
  Side:  [buy, sell]
  Range: {low: i32, high: {type: i32, default: 9}}
workflows:
  day:
    input:
      day:    date
      count:  {type: u8, default: 3}
      side:   {type: Side, default: sell}
      note:   optional string(8)
      ranges: Range x 0..2
    tasks: {a: {exec: [cat, in.json]}, b: {exec: [sh, -c, 'cat "$WEIR_INPUT"']}}
  none: {input: {}, tasks: {a: {exec: ["true"]}}}
  any:  {tasks: {a: {exec: ["true"]}}}
END
echo '{}' >in.json
run() { "$weir" workflow run in.weir.yaml "$@" --store "$store" --quiet --json; }

run day --input '{"ranges":[{"low":1}],"day":"2024-02-29"}' >out
expect_text out '"log":"{\"count\":3,\"day\":\"2024-02-29\",\"ranges\":[{\"high\":9,\"low\":1}],\"side\":\"sell\"}"'

# --- One input, however it is written, is the same with one key ---
run day --key k --input '{"day":"2024-02-29","ranges":[]}' >first
run day --key k --input '{"side":"sell","count":3.0,"note":null,"ranges":[],"day":"2024-02-29"}' >second
cmp first second || fail "the same input was taken for another one"

# --- Refused, and nothing is written ---
refused() { # INPUT WORDS
    expect_code 2 run day --input "$1"
    expect_text err "$2"
}
refused '{"ranges":[]}' "the input of 'day' lacks 'day'"
refused '{"day":"2024-02-29","ranges":[{}]}' "the input of 'day' lacks 'ranges[0].low'"
refused '{"day":"2024-02-30","ranges":[]}' "the input of 'day' is wrong at day:"
refused '{"day":"2024-02-29","ranges":[],"count":256}' "the input of 'day' is wrong at count:"
refused '{"day":"2024-02-29","ranges":[],"count":"3"}' "the input of 'day' is wrong at count:"
refused '{"day":"2024-02-29","ranges":[],"side":"hold"}' "the input of 'day' is wrong at side:"
refused '{"day":"2024-02-29","ranges":[],"note":"123456789"}' "the input of 'day' is wrong at note:"
refused '{"day":"2024-02-29","ranges":[{"low":1},{"low":"x"}]}' "the input of 'day' is wrong at ranges[1].low:"
refused '{"day":"2024-02-29","ranges":[],"cuont":1}' "the input has no 'cuont'; did you mean 'count'?"
refused '{"day":"2024-02-29","ranges":[{"low":1,"hihg":2}]}' "the input has no 'ranges[0].hihg'; did you mean 'high'?"
refused '[]' "the input is to be a JSON object"
refused '{"day":' "the input is no JSON: unexpected token near end of file"
refused '{"day":"\u0000"}' 'the input is no JSON: a text holds \u0000'
refused '{"day":9223372036854775808}' "the input is no JSON: a number is too large: an integer has 64 bits and a sign"
refused "$(printf '%3000s' '' | tr ' ' '[')" "the input is no JSON: it is nested deeper than 2,048 levels"
expect_code 2 run none --input '{"x":1}'
expect_text err "the input has no 'x'"
run any --input '{"x":1}' >out
"$weir" workflow list --store "$store" --json >list
[ "$(grep -o '"id"' list | wc -l)" = 3 ] || fail "what was refused has left rows: $(cat list)"
