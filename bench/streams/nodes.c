/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c - the node function of market.weir.yaml. */
#include <string.h>

#include "market.weir.h"

weir_status market_maker_decide(weir_firing *firing, const market_quote *quotes,
                                const market_signal *signal, market_order *out)
{
    bool buys = quotes->bid_size < quotes->ask_size;

    (void)firing;
    if (signal->spread > 0.5)
        return WEIR_SKIP;
    memcpy(out->symbol, quotes->symbol, sizeof out->symbol);
    out->price = buys ? quotes->ask : quotes->bid;
    out->qty = (double)(int64_t)(buys ? quotes->bid_size : quotes->ask_size);
    out->ts = quotes->ts;
    return WEIR_OK;
}
