/* SPDX-License-Identifier: Apache-2.0 */
/* The node functions of maker.weir.yaml. */
#include "maker.weir.h"
weir_status maker_quote_maker_decide(weir_firing *firing, const maker_quote *orderbook, const maker_signal *signal,
                                      const maker_policy *policies, maker_quote_maker_decide_state *state,
                                      maker_quote_maker_decide_out *out)
{
  const maker_params *params = firing->params; (void)policies; state->ewma = signal->mid;
  if (signal->spread > params->max_spread) { out->route = MAKER_QUOTE_MAKER_DECIDE_SKIP; memcpy(out->skip.symbol, orderbook->symbol, sizeof out->skip.symbol); return maker_reason_set_code(&out->skip, "spread"); }
  out->route = MAKER_QUOTE_MAKER_DECIDE_TRADE; memcpy(out->trade.symbol, orderbook->symbol, sizeof out->trade.symbol); out->trade.price = signal->mid; return WEIR_OK;
}
weir_status maker_quote_maker_round(weir_firing *firing, const maker_order *trade, maker_order *out) { (void)firing; *out = *trade; return WEIR_OK; }
