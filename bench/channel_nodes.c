/* SPDX-License-Identifier: Apache-2.0 */
/* channel_nodes.c - the user's functions: both sides call these very ones. */
#include "bench/channel.h"

weir_status channel_mids_mid(weir_firing *firing, const channel_quote *quotes, channel_mid *out)
{
    (void)firing;
    out->mid = (quotes->bid + quotes->ask) / 2;
    out->ts = quotes->ts;
    return WEIR_OK;
}

void channel_take(const channel_mid *mid, void *results)
{
    channel_results *all = results;

    all->sum += mid->mid;
    all->count++;
}
