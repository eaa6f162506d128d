/* SPDX-License-Identifier: Apache-2.0 */
/* fire_nodes.c - the user's functions: both sides call these very ones. */
#include "fire.weir.h"

static void signal_of(const fire_quote *quote, fire_signal *out)
{
    out->mid = (quote->bid + quote->ask) / 2;
    out->spread = quote->ask - quote->bid;
}

static void order_of(const fire_quote *quote, bool cheap, fire_order *out)
{
    memcpy(out->symbol, quote->symbol, sizeof out->symbol);
    out->price = cheap ? quote->ask : quote->bid;
    out->qty = quote->bid_size < quote->ask_size ? quote->bid_size : quote->ask_size;
}

static void round_of(const fire_order *order, fire_order *out)
{
    *out = *order;
    out->qty = (double)(int64_t)order->qty;
}

/* --- One state --- */

weir_status fire_maker_signal(weir_firing *firing, const fire_quote *quotes, fire_signal *out)
{
    (void)firing;
    signal_of(quotes, out);
    return WEIR_OK;
}

weir_status fire_maker_decide(weir_firing *firing, const fire_quote *quotes,
                              const fire_signal *signal, fire_maker_decide_state *state,
                              fire_maker_decide_out *out)
{
    (void)firing;
    state->ewma += 0.1 * (signal->mid - state->ewma);
    if (signal->spread > 0.5) {
        out->route = FIRE_MAKER_DECIDE_SKIP;
        out->skip.code = 1;
        return WEIR_OK;
    }
    out->route = FIRE_MAKER_DECIDE_TRADE;
    order_of(quotes, signal->mid < state->ewma, &out->trade);
    return WEIR_OK;
}

weir_status fire_maker_round(weir_firing *firing, const fire_order *trade, fire_order *out)
{
    (void)firing;
    round_of(trade, out);
    return WEIR_OK;
}

weir_status fire_maker_audit(weir_firing *firing, const fire_reason *skip, fire_reason *out)
{
    (void)firing;
    *out = *skip;
    return WEIR_OK;
}

/* --- A state of 64 bytes for each symbol --- */

weir_status fire_keyed_signal(weir_firing *firing, const fire_quote *symbols, fire_signal *out)
{
    (void)firing;
    signal_of(symbols, out);
    return WEIR_OK;
}

weir_status fire_keyed_decide(weir_firing *firing, const fire_quote *symbols,
                              const fire_signal *signal, fire_keyed_decide_state *state,
                              fire_keyed_decide_out *out)
{
    (void)firing;
    state->ewma += 0.1 * (signal->mid - state->ewma);
    state->low = signal->mid < state->low ? signal->mid : state->low;
    state->high = signal->mid > state->high ? signal->mid : state->high;
    state->bids += symbols->bid_size;
    state->asks += symbols->ask_size;
    state->last = symbols->ts;
    if (signal->spread > 0.5) {
        state->skips++;
        out->route = FIRE_KEYED_DECIDE_SKIP;
        out->skip.code = 1;
        return WEIR_OK;
    }
    state->trades++;
    out->route = FIRE_KEYED_DECIDE_TRADE;
    order_of(symbols, signal->mid < state->ewma, &out->trade);
    return WEIR_OK;
}

weir_status fire_keyed_round(weir_firing *firing, const fire_order *trade, fire_order *out)
{
    (void)firing;
    round_of(trade, out);
    return WEIR_OK;
}

weir_status fire_keyed_audit(weir_firing *firing, const fire_reason *skip, fire_reason *out)
{
    (void)firing;
    *out = *skip;
    return WEIR_OK;
}

/* --- Twenty in a row --- */

#define NODE(number, input)                                                                        \
    weir_status fire_chain_n##number(weir_firing *firing, const fire_price *input,                 \
                                     fire_price *out)                                              \
    {                                                                                              \
        (void)firing;                                                                              \
        out->value = input->value * 0.75 + number;                                                 \
        return WEIR_OK;                                                                            \
    }
NODE(1, prices)
NODE(2, n1)
NODE(3, n2)
NODE(4, n3)
NODE(5, n4)
NODE(6, n5)
NODE(7, n6)
NODE(8, n7)
NODE(9, n8)
NODE(10, n9)
NODE(11, n10)
NODE(12, n11)
NODE(13, n12)
NODE(14, n13)
NODE(15, n14)
NODE(16, n15)
NODE(17, n16)
NODE(18, n17)
NODE(19, n18)
NODE(20, n19)
