# SPDX-License-Identifier: Apache-2.0
# weir check and weir gen: what is written, when, and what is said of a bad spec.
. "$(dirname "$0")/common.sh"
spec="$work/hello.weir.yaml"
cp "$root/examples/hello/hello.weir.yaml" "$spec"

expect_code 1 "$weir" gen --check "$spec"
expect_text "$work/err" "hello.weir.h is missing: run 'weir gen'"
expect_code 0 "$weir" gen "$spec"
before=$(stat -c %Y.%i "$work/hello.weir.c")
expect_code 0 "$weir" gen "$spec"
[ "$before" = "$(stat -c %Y.%i "$work/hello.weir.c")" ] || fail "an unchanged file was rewritten"
expect_code 0 "$weir" gen --check "$spec"
sed -i 's/quotes.ask - quotes.bid/quotes.bid - quotes.ask/' "$spec"
expect_code 1 "$weir" gen --check "$spec"
expect_text "$work/err" "hello.weir.c is stale: run 'weir gen'"

sed -i 's/when_any: \[quotes\]/when_any: [quotas]/' "$spec"
expect_code 2 "$weir" check "$spec"
expect_text "$work/err" "hello.weir.yaml:9:16: error: there is no accumulator or source 'quotas'; did you mean 'quotes'?"
expect_code 2 "$weir" gen "$spec"
expect_code 2 "$weir" run "$spec"
expect_code 2 "$weir" chek "$spec"
expect_text "$work/err" "there is no verb 'chek'; did you mean 'check'?"
expect_code 2 "$weir" check --sett "$spec"
expect_code 3 "$weir" check "$work/none.weir.yaml"

# For machines: findings by the line, the topology as one object.
printf 'module: a\ntypes:\n  Q: {a: f65}\n  Q: {b: f64}\n' >"$work/bad.weir.yaml"
expect_code 2 "$weir" check --json "$work/bad.weir.yaml"
expect_text "$work/out" '"line":3,"column":10,"message":"there is no type '"'f65'"'; did you mean '"'f64'"'?","severity":"error","notes":[]}'
expect_text "$work/out" '"notes":[{"file"'
expect_code 0 "$weir" graph --json "$root/examples/routing/routing.weir.yaml"
expect_text "$work/out" '"criteria":{"when_any":["payments"]}'
expect_text "$work/out" '"route":"review"'
