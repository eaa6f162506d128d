/* SPDX-License-Identifier: Apache-2.0 */
/* The node function of market.weir.yaml. */
#include "kafka_market.weir.h"

weir_status kafka_market_maker_decide(weir_firing *firing, const kafka_market_quote *book,
                                      const kafka_market_signal *signal,
                                      const kafka_market_policy *policy,
                                      kafka_market_maker_decide_out *out)
{
    (void)firing;
    out->route = KAFKA_MARKET_MAKER_DECIDE_HOLD;
    if (!policy->enabled || (signal->imbalance < 0.25 && signal->imbalance > -0.25))
        return WEIR_OK;
    out->route = KAFKA_MARKET_MAKER_DECIDE_TRADE;
    out->trade = (kafka_market_order){
        .side = signal->imbalance > 0 ? KAFKA_MARKET_SIDE_BUY : KAFKA_MARKET_SIDE_SELL,
        .price = signal->mid,
        .qty = book->bid_size < policy->limit ? book->bid_size : policy->limit,
    };
    memcpy(out->trade.symbol, book->symbol, sizeof out->trade.symbol);
    return WEIR_OK;
}
