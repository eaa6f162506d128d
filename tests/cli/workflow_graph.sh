# SPDX-License-Identifier: Apache-2.0
# Tasks that call graphs: arguments from the context and from `with:`, results in the context.
. "$(dirname "$0")/common.sh"
cd "$work"
store="sqlite:$work/a.db"

cat >g.weir.yaml <<'END'
module: g
params:
  rate: {type: f64, default: 0.5}
types:
  Quote: {symbol: string(8), bid: f64, ask: f64}
  Price: {symbol: string(8), mid: f64, at: timestamp(iso)}
  Skip:  {why: string(16)}
graphs:
  pricing:
    args: {quote: Quote, factor: f64}
    nodes:
      price: {in: [quote, factor], out: Price, set: {symbol: quote.symbol, mid: (quote.bid + quote.ask) * factor * params.rate, at: 'timestamp("2024-01-01T00:00:00Z")'}}
  deciding:
    args: {price: Price, limit: f64, since: timestamp(ms)}
    nodes:
      decide: {in: [price, limit, since], routes: {take: Price, skip: Skip}}
      wrong:  {in: decide.skip}
      taken:  {in: decide.take}
workflows:
  w:
    input: {factor: {type: f64, default: 1}, limit: {type: f64, default: 15}, start: {type: timestamp, default: 2024-01-01T00:00:00Z}}
    tasks:
      load:   {exec: [sh, -c, 'echo "{\"set\":{\"quote\":{\"symbol\":\"ABC\",\"bid\":9,\"ask\":11}}}" >"$WEIR_RESULT"']}
      price:  {after: [load], graph: pricing, with: {factor: input.factor}}
      decide: {after: [price], graph: deciding, with: {limit: input.limit, since: input.start}, retry: {attempts: 1}}
      inline: {after: [load], graph: pricing, isolate: none, with: {quote: context.quote, factor: 2.0}}
  lacks: {tasks: {a: {graph: pricing, with: {factor: 1.0}}}}
  wrong: {tasks: {a: {graph: pricing, with: {factor: context.none}}}}
  type:  {tasks: {l: {exec: [sh, -c, 'echo "{\"set\":{\"quote\":{\"symbol\":\"ABC\",\"bid\":9,\"ask\":\"x\"},\"factor\":1}}" >"$WEIR_RESULT"']}, a: {after: [l], graph: pricing}}}
END
cat >g.c <<'END'
#include "g.weir.h"
weir_status g_deciding_decide(weir_firing *firing, const g_price *price, const double *limit, const int64_t *since,
                              g_deciding_decide_out *out)
{
    if (price->mid == 5) {
        volatile int *nowhere = NULL;
        *nowhere = 1;
    }
    if (price->mid == 10)
        return weir_fail(firing, "no such price since %lld", (long long)*since);
    out->route = price->mid > *limit ? G_DECIDING_DECIDE_TAKE : G_DECIDING_DECIDE_SKIP;
    if (out->route == G_DECIDING_DECIDE_TAKE) {
        out->take = *price;
        return WEIR_OK;
    }
    return g_skip_set_why(&out->skip, "too low");
}
END
run() { "$weir" workflow run g.weir.yaml "$@" g.c --store "$store" --quiet --json; }

run w --input '{"factor":2}' >out
expect_text out '"price":{"at":"2024-01-01T00:00:00Z","mid":20,"symbol":"ABC"}'
expect_text out '"decide":{"taken":{"at":"2024-01-01T00:00:00Z","mid":20,"symbol":"ABC"}}'
expect_text out '"inline":{"at":"2024-01-01T00:00:00Z","mid":20,"symbol":"ABC"}'
run w --input '{"factor":1.25}' >out
expect_text out '"decide":{"wrong":{"why":"too low"}}'
expect_code 1 run w --input '{"factor":1}'
expect_text out "no such price since 1704067200000000000"
expect_code 1 run w --input '{"factor":0.5}'
expect_text out '"decide":{"state":"Failed","attempts":1,"reason":"it was ended by signal 11 (Segmentation fault) at '
expect_text out 'g_deciding_decide+'
expect_code 1 run lacks
expect_text out '"a":{"state":"Failed","attempts":1,"reason":"the graph '"'pricing' lacks 'quote': it is no key of the context, and not in \`with:\`"
expect_code 1 run wrong
expect_text out "the argument 'factor' of the graph cannot be had: there is no 'context.none'"
expect_code 1 run type
expect_text out "the graph 'pricing' cannot take 'quote.ask': "
