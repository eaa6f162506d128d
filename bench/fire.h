/* SPDX-License-Identifier: Apache-2.0 */
/* fire.h - what both sides of the firing benchmark share. */
#ifndef WEIR_BENCH_FIRE_H
#define WEIR_BENCH_FIRE_H

#include "maker.weir.h"

typedef struct fire_world {
    const maker_quote *newest;
    maker_quote kept;
    maker_maker_decide_state state;
    uint64_t firings, trades, skips;
    double sum; /* over all results, so that both sides can be compared */
    uint64_t reasons;
} fire_world;

void take_order(const maker_order *order, void *world);
void take_reason(const maker_reason *reason, void *world);

void by_hand(fire_world *world, const maker_quote *quotes, size_t count);

#endif
