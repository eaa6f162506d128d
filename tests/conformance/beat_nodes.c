/* SPDX-License-Identifier: Apache-2.0 */
/* beat_nodes.c - a tick as an item. */
#include "beat.weir.h"

weir_status beat_pass_count(weir_firing *firing, const beat_tick *items, beat_item *out)
{
    (void)firing;
    out->id = (int64_t)items->n;
    out->value = (double)(items->time % 1000000);
    return WEIR_OK;
}
