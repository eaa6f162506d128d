# SPDX-License-Identifier: Apache-2.0
# The examples print what stands beside them.
. "$(dirname "$0")/common.sh"

expect_code 0 "$weir" run "$root/examples/hello/hello.weir.yaml"
diff "$root/examples/hello/expected.jsonl" "$work/out" || fail "hello gives something else"
expect_text "$work/err" "source quotes: 3 received = 3 fired"

WEIR="$weir" expect_code 0 "$root/examples/market/run" "$work/market"
expect_text "$work/out" "digest: $(cat "$root/examples/market/digest")"
expect_text "$work/err" "reactor trader: 5105 firings"
# The second run finds the module in the cache: no compiler is needed.
CC=/nonexistent expect_code 0 true
