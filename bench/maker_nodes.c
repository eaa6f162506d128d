/* SPDX-License-Identifier: Apache-2.0 */
/* maker_nodes.c - the user's functions: both sides call these very ones. */
#include "maker.weir.h"

weir_status maker_maker_signal(weir_firing *firing, const maker_quote *quotes, maker_signal *out)
{
    (void)firing;
    out->mid = (quotes->bid + quotes->ask) / 2;
    out->spread = quotes->ask - quotes->bid;
    return WEIR_OK;
}

weir_status maker_maker_decide(weir_firing *firing, const maker_quote *quotes,
                               const maker_signal *signal, maker_maker_decide_state *state,
                               maker_maker_decide_out *out)
{
    (void)firing;
    state->ewma += 0.1 * (signal->mid - state->ewma);
    if (signal->spread > 0.5) {
        out->route = MAKER_MAKER_DECIDE_SKIP;
        out->skip.code = 1;
        return WEIR_OK;
    }
    out->route = MAKER_MAKER_DECIDE_TRADE;
    memcpy(out->trade.symbol, quotes->symbol, sizeof out->trade.symbol);
    out->trade.price = signal->mid < state->ewma ? quotes->ask : quotes->bid;
    out->trade.qty = quotes->bid_size < quotes->ask_size ? quotes->bid_size : quotes->ask_size;
    return WEIR_OK;
}

weir_status maker_maker_round(weir_firing *firing, const maker_order *trade, maker_order *out)
{
    (void)firing;
    *out = *trade;
    out->qty = (double)(int64_t)trade->qty;
    return WEIR_OK;
}

weir_status maker_maker_audit(weir_firing *firing, const maker_reason *skip, maker_reason *out)
{
    (void)firing;
    *out = *skip;
    return WEIR_OK;
}
