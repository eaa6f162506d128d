/* SPDX-License-Identifier: Apache-2.0 */
/* fire.c - the same firing by hand: keeps the newest quote, counts, calls the same functions. */
#include "bench/fire.h"

void by_hand(fire_world *world, const maker_quote *quotes, size_t count)
{
    weir_firing firing = {.number = 0};

    for (size_t i = 0; i < count; i++) {
        const maker_quote *quote = world->newest = &quotes[i];
        maker_signal signal = {0, 0};
        maker_maker_decide_out decide;
        if (!(quote->ask > quote->bid))
            continue;
        world->firings++;
        if (maker_maker_signal(&firing, quote, &signal) != WEIR_OK ||
            maker_maker_decide(&firing, quote, &signal, &world->state, &decide) != WEIR_OK)
            continue;
        if (decide.route == MAKER_MAKER_DECIDE_TRADE) {
            maker_order order;
            world->trades++;
            if (maker_maker_round(&firing, &decide.trade, &order) == WEIR_OK)
                take_order(&order, world);
        } else {
            maker_reason reason;
            world->skips++;
            if (maker_maker_audit(&firing, &decide.skip, &reason) == WEIR_OK)
                take_reason(&reason, world);
        }
    }
    world->kept = *world->newest;
}
