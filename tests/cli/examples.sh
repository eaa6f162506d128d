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

"$root/examples/raw/make.py" | cmp - "$root/examples/raw/orders.itch" || fail "orders.itch is stale"

# The second run finds the module in the cache.
object=$(find "$XDG_CACHE_HOME" -name hello.so)
before=$(stat -c %Y.%i "$object")
expect_code 0 "$weir" run "$root/examples/hello/hello.weir.yaml"
[ "$before" = "$(stat -c %Y.%i "$object")" ] || fail "the module was built again"
expect_text "$work/err" "source quotes: 3 received = 3 fired"

WEIR="$weir" expect_code 0 "$root/examples/market/run" "$work/market"
expect_text "$work/out" "digest: $(cat "$root/examples/market/digest")"
expect_text "$work/err" "reactor trader: 5105 firings"

# Backtest = live: a replay gives the same results, and the same bytes twice.
market="$root/examples/market"
for run in 1 2; do
    expect_code 0 "$weir" replay --sink "orders=$work/orders$run" --sink "swings=$work/swings$run" \
        --sink "unpaired=$work/unpaired$run" "$market/market.weir.yaml" "$market/nodes.c"
done
cmp "$work/orders1" "$work/orders2" && cmp "$work/swings1" "$work/swings2" &&
    cmp "$work/unpaired1" "$work/unpaired2" || fail "two replays differ"
cmp "$work/orders1" "$work/market/orders.jsonl" || fail "the replay and the run differ"
cmp "$work/swings1" "$work/market/swings.jsonl" || fail "the replay and the run differ"
expect_code 0 "$weir" replay --from 2008-01-01 --until 2009-01-01 --sink orders=stdout \
    --sink "swings=$work/s" --sink "unpaired=$work/u" "$market/market.weir.yaml" "$market/nodes.c"
expect_text "$work/err" "source days: 253 received"
expect_code 2 "$weir" replay --speed fast "$market/market.weir.yaml" "$market/nodes.c"

# A graph starts workflows: each large swing one, also when it is all read again.
for run in 1 2; do
    WEIR="$weir" expect_code 0 "$root/examples/swing/run" "$work/swing"
    diff "$root/examples/swing/expected.txt" "$work/out" || fail "the reports of run $run differ"
done

# Files start workflows.
cp -r "$root/examples/ingest" "$work/ingest"
mkdir "$work/ingest/inbox" "$work/ingest/done"
"$weir" workflow serve "$work/ingest/ingest.weir.yaml" --store "sqlite:$work/ingest.db" --quiet 2>"$work/err" &
server=$!
trap 'kill "$server"' EXIT
cp "$root/examples/market/sp500-2000.csv" "$work/ingest/inbox/days.csv"
for i in $(seq 600); do
    [ ! -e "$work/ingest/done/days.csv" ] || break
    sleep 0.05
done
expect_code 0 "$weir" workflow wait 1 --store "sqlite:$work/ingest.db" --json --timeout 60s
expect_text "$work/out" '"context":{"rows":5104}'
expect_text "$work/out" '"log":"days.csv is large'
[ -e "$work/ingest/done/days.csv" ] || fail "the file was not filed"
kill "$server"
trap - EXIT

# Workflows: the day decides what runs.
price() {
    "$weir" workflow run "$root/examples/pricing/pricing.weir.yaml" pricing --store "sqlite:$work/pricing.db" --quiet --json \
        --input "$1" >"$work/out" 2>"$work/err"
}
price '{"day": "2024-03-01"}' || fail "$(cat "$work/out" "$work/err")"
expect_text "$work/out" '"north":{"state":"Completed","attempts":2}'
expect_text "$work/out" '"report":{"state":"Completed","attempts":1,"log":"2024-03-01 100\n"}'
expect_text "$work/out" '"alarm":{"state":"Skipped"'
price '{"day": "2024-03-02", "factor": 0.5}' || fail "$(cat "$work/out" "$work/err")"
expect_text "$work/out" '"alarm":{"state":"Completed","attempts":1,"log":"wide 1.5\n"}'
! price '{"day": "2024-03-03"}' || fail "there was a quote"
expect_text "$work/out" '"north":{"state":"Failed","attempts":2'

# Killed half-way and finished; the months are those of an independent count.
WEIR="$weir" expect_code 0 "$root/examples/etl/run" "$work/etl"
expect_text "$work/out" "load                 Completed  2"
expect_text "$work/out" "check                Completed  1"
python3 - "$root/examples/market/sp500-2000.csv" >"$work/months" <<'P'
import csv
import sys

closes = [(row["date"][:7], float(row["close"])) for row in csv.DictReader(open(sys.argv[1])) if row["date"] < "2009"]
year = [close for month, close in closes if month >= "2008"]
moves = [100 * (b / a - 1) for a, b in zip(year, year[1:])]
fall = min(100 * (b / max(year[: i + 1]) - 1) for i, b in enumerate(year))
print(f"2008: {len(year)} days, the best {max(moves):+.2f} %, the worst {min(moves):+.2f} %, the deepest fall {fall:.1f} %")
ends = dict(closes)
before = year[0]
for month in (month for month in ends if month >= "2008"):
    print(f"{month[5:]} {100 * (ends[month] / before - 1):+7.2f} %")
    before = ends[month]
P
diff "$work/months" "$work/etl/2008.txt" || fail "the report is another"
