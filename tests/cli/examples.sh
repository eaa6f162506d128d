# SPDX-License-Identifier: Apache-2.0
# The examples print what stands beside them.
. "$(dirname "$0")/common.sh"

count=0
for spec in "$root"/examples/*/*.weir.yaml; do
    folder=$(dirname "$spec")
    nodes="$folder/nodes.c"
    [ -f "$nodes" ] || nodes=""
    if [ -f "$folder/expected.jsonl" ]; then
        expect_code 0 "$weir" run "$spec" ${nodes:+"$nodes"}
        diff "$folder/expected.jsonl" "$work/out" || fail "$spec gives something else"
        count=$((count + 1))
    fi
    if grep -q '^tests:' "$spec"; then
        expect_code 0 "$weir" test "$spec" ${nodes:+"$nodes"}
        count=$((count + 1))
    fi
done
[ "$count" -ge 9 ] || fail "only $count runs: where are the examples?"

# The second run finds the module in the cache.
object=$(find "$XDG_CACHE_HOME" -name hello.so)
before=$(stat -c %Y.%i "$object")
expect_code 0 "$weir" run "$root/examples/hello/hello.weir.yaml"
[ "$before" = "$(stat -c %Y.%i "$object")" ] || fail "the module was built again"
expect_text "$work/err" "source quotes: 3 received = 3 fired"

WEIR="$weir" expect_code 0 "$root/examples/market/run" "$work/market"
expect_text "$work/out" "digest: $(cat "$root/examples/market/digest")"
expect_text "$work/err" "reactor trader: 5105 firings"
