# SPDX-License-Identifier: Apache-2.0
# weir convert: each message is answered, in order, good or bad.
. "$(dirname "$0")/common.sh"
spec="$work/types.weir.yaml"
cat >"$spec" <<'SPEC'
types:
  Side: [buy, sell]
  Inner: {id: i32, tags: string(4) x 0..3}
  Trade: {symbol: string(8), price: f64, side: Side, inner: Inner, note: optional string(4)}
  Flat: {id: u64, at: timestamp(iso), note: optional string(4)}
SPEC

cat >"$work/in.jsonl" <<'IN'
{"symbol":"AB","price":1e3,"side":"sell","inner":{"id":3.0,"tags":["a","b"]}}
{"symbol":"AB","price":1,"side":"hold","inner":{"id":3,"tags":[]}}
{"symbol":"AB","price":1,"side":"buy","inner":{"id":"x","tags":[]}}
IN
expect_code 1 "$weir" convert "$spec" Trade --from json --json "$work/in.jsonl"
cat >"$work/want" <<'WANT'
{"ok":true,"value":{"symbol":"AB","price":1000,"side":"sell","inner":{"id":3,"tags":["a","b"]}}}
{"ok":false,"error":"'hold' is no value of Side","path":"side","offset":32}
{"ok":false,"error":"expected an integer, found text","path":"inner.id","offset":52}
WANT
diff "$work/want" "$work/out" || fail "the answers differ"

# There and back, through a file and through hex.
head -n 1 "$work/in.jsonl" >"$work/one.jsonl"
expect_code 0 "$weir" convert "$spec" Trade --from json --to msgpack "$work/one.jsonl"
cp "$work/out" "$work/one.msgpack"
expect_code 0 "$weir" convert "$spec" Trade --from msgpack --to json "$work/one.msgpack"
expect_text "$work/out" '"inner":{"id":3,"tags":["a","b"]}'
{ od -An -v -tx1 "$work/one.msgpack" | tr -d ' \n'; printf '\n\nzz\n'; } >"$work/hex"
expect_code 1 "$weir" convert "$spec" Trade --from msgpack --hex --json "$work/hex"
[ "$(grep -c '"ok":true' "$work/out")" = 1 ] || fail "one of three messages is good"
expect_text "$work/out" '"error":"truncated: the message is empty"'
expect_text "$work/out" "not hex"

printf 'id,at,note\n7,2020-01-02,\n8,2020-01-02T03:04:05Z,x\n' >"$work/in.csv"
expect_code 0 "$weir" convert "$spec" Flat --from csv --to json "$work/in.csv"
expect_text "$work/out" '{"id":7,"at":"2020-01-02T00:00:00Z"}'
expect_code 0 "$weir" convert "$spec" Flat --from json --to csv "$work/out"

# Any payload; bounded: five bytes that announce 2^32 items are refused.
printf '{"a":[1,2.5,null,"x"]}\n' >"$work/any.jsonl"
expect_code 0 "$weir" convert --from json --to msgpack "$work/any.jsonl"
cp "$work/out" "$work/any.msgpack"
expect_code 0 "$weir" convert --from msgpack --to json "$work/any.msgpack"
diff "$work/any.jsonl" "$work/out" || fail "the payload changed"
echo 'ddffffffff' >"$work/hex"
expect_code 1 "$weir" convert --from msgpack --hex --json "$work/hex"
expect_text "$work/out" "truncated"
expect_code 2 "$weir" convert "$spec" Nothing --from json --json "$work/in.jsonl"
expect_code 2 "$weir" convert --from yaml --to json "$work/in.jsonl"

# Lines are answered as they come: the second is written once the first has been answered.
mkfifo "$work/in" "$work/answers"
"$weir" convert --from json --to json <"$work/in" >"$work/answers" &
exec 3>"$work/in" 4<"$work/answers"
for line in '{"a":1}' '[2]'; do
    echo "$line" >&3
    read -r got <&4
    [ "$got" = "$line" ] || fail "expected $line, got $got"
done
printf 'null' >&3
exec 3>&-
read -r got <&4
[ "$got" = null ] || fail "the last line has no end and no answer"
wait
