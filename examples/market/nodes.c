/* SPDX-License-Identifier: Apache-2.0 */
/* The node functions of market.weir.yaml. */
#include "market.weir.h"

weir_status market_trader_signal(weir_firing *firing, const market_day *days,
                                 const market_day *recent, size_t recent_count, market_signal *out)
{
    double sum = 0;

    (void)firing;
    for (size_t i = 0; i < recent_count; i++)
        sum += recent[i].close;
    if (recent_count < 20)
        return WEIR_SKIP;
    out->date = days->date;
    out->close = days->close;
    out->mean = sum / (double)recent_count;
    out->distance = days->close / out->mean - 1;
    return WEIR_OK;
}

weir_status market_trader_decide(weir_firing *firing, const market_signal *signal,
                                 market_trader_decide_state *state, market_trader_decide_out *out)
{
    const market_params *params = firing->params;
    int32_t wanted = state->position;

    if (signal->distance < -params->threshold)
        wanted = 1;
    else if (signal->distance > params->threshold)
        wanted = -1;
    out->route = MARKET_TRADER_DECIDE_HOLD;
    if (wanted == state->position)
        return WEIR_OK;
    out->route = MARKET_TRADER_DECIDE_TRADE;
    out->trade.date = signal->date;
    out->trade.side = wanted > 0 ? MARKET_SIDE_BUY : MARKET_SIDE_SELL;
    out->trade.price = signal->close;
    out->trade.quantity =
        wanted > state->position ? wanted - state->position : state->position - wanted;
    state->position = wanted;
    return WEIR_OK;
}
