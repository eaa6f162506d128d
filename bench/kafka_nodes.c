/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_nodes.c - the user's functions: both sides call these very ones. */
#include "bench/kafka.h"
#include "poison.weir.h"

weir_status kafka_maker_signal(weir_firing *firing, const kafka_quote *quotes, kafka_signal *out)
{
    (void)firing;
    out->mid = (quotes->bid + quotes->ask) / 2;
    out->spread = quotes->ask - quotes->bid;
    return WEIR_OK;
}

weir_status kafka_maker_decide(weir_firing *firing, const kafka_quote *quotes,
                               const kafka_signal *signal, kafka_maker_decide_out *out)
{
    (void)firing;
    if (signal->spread > 0.5) {
        out->route = KAFKA_MAKER_DECIDE_SKIP;
        out->skip.code = 1;
        return WEIR_OK;
    }
    out->route = KAFKA_MAKER_DECIDE_TRADE;
    memcpy(out->trade.symbol, quotes->symbol, sizeof quotes->symbol);
    out->trade.price = quotes->bid_size < quotes->ask_size ? quotes->ask : quotes->bid;
    out->trade.qty = quotes->bid_size < quotes->ask_size ? quotes->bid_size : quotes->ask_size;
    return WEIR_OK;
}

weir_status kafka_maker_round(weir_firing *firing, const kafka_order *trade, kafka_order *out)
{
    (void)firing;
    *out = *trade;
    out->qty = (double)(int64_t)trade->qty;
    return WEIR_OK;
}

weir_status kafka_maker_audit(weir_firing *firing, const kafka_reason *skip, kafka_reason *out)
{
    (void)firing;
    *out = *skip;
    return WEIR_OK;
}

/* What is too wide has gone by the graph's `where`. */
weir_status poison_maker_decide(weir_firing *firing, const poison_quote *quotes, poison_order *out)
{
    (void)firing;
    memcpy(out->symbol, quotes->symbol, sizeof out->symbol);
    out->price = quotes->bid_size < quotes->ask_size ? quotes->ask : quotes->bid;
    out->qty = (double)(int64_t)(quotes->bid_size < quotes->ask_size ? quotes->bid_size
                                                                     : quotes->ask_size);
    return WEIR_OK;
}

static void begin(kafka_results *into)
{
    if (into->first == 0)
        into->first = bench_now_ns();
}

void kafka_take_order(const kafka_order *order, void *results)
{
    kafka_results *into = results;

    begin(into);
    into->orders++;
    into->qty += order->qty;
}

void kafka_take_skip(const kafka_reason *skip, void *results)
{
    kafka_results *into = results;

    (void)skip;
    begin(into);
    into->skips++;
}
