/* SPDX-License-Identifier: Apache-2.0 */
/* tape_nodes.c - the user's function of the tape: both sides call this very one. */
#include "tape.weir.h"

#include <string.h>

weir_status tape_tape_price(weir_firing *firing, const tape_quote *quotes, tape_price *out)
{
    double cents = (quotes->bid + quotes->ask) / 2 * 100;

    (void)firing;
    memcpy(out->symbol, quotes->symbol, sizeof out->symbol);
    out->price = (double)(int64_t)(cents + 0.5) / 100;
    out->size = quotes->bid_size < quotes->ask_size ? quotes->bid_size : quotes->ask_size;
    out->ts = quotes->ts;
    return WEIR_OK;
}
