/* SPDX-License-Identifier: Apache-2.0 */
/* fire.c - the same firings by hand: they keep the newest, count, and call the same functions. */
#include "bench/fire.h"

void hand_make(hand_maker *maker, const fire_quote *quotes, size_t count)
{
    weir_firing firing = {.number = 0};

    for (size_t i = 0; i < count; i++) {
        const fire_quote *quote = maker->newest = &quotes[i];
        fire_signal signal = {0, 0};
        fire_maker_decide_out decide;
        if (!(quote->ask > quote->bid))
            continue;
        maker->firings++;
        if (fire_maker_signal(&firing, quote, &signal) != WEIR_OK ||
            fire_maker_decide(&firing, quote, &signal, &maker->state, &decide) != WEIR_OK)
            continue;
        if (decide.route == FIRE_MAKER_DECIDE_TRADE) {
            fire_order order;
            maker->trades++;
            if (fire_maker_round(&firing, &decide.trade, &order) == WEIR_OK)
                fire_take_order(&order, &maker->results);
        } else {
            fire_reason reason;
            maker->skips++;
            if (fire_maker_audit(&firing, &decide.skip, &reason) == WEIR_OK)
                fire_take_reason(&reason, &maker->results);
        }
    }
    maker->kept = *maker->newest;
}

#define CALL(number, from, to)                                                                     \
    if (fire_chain_n##number(&firing, from, to) != WEIR_OK)                                        \
        continue;

void hand_chain(fire_results *results, const fire_price *prices, size_t count)
{
    weir_firing firing = {.number = 0};

    for (size_t i = 0; i < count; i++) {
        fire_price a, b;
        CALL(1, &prices[i], &a)
        CALL(2, &a, &b)
        CALL(3, &b, &a)
        CALL(4, &a, &b)
        CALL(5, &b, &a)
        CALL(6, &a, &b)
        CALL(7, &b, &a)
        CALL(8, &a, &b)
        CALL(9, &b, &a)
        CALL(10, &a, &b)
        CALL(11, &b, &a)
        CALL(12, &a, &b)
        CALL(13, &b, &a)
        CALL(14, &a, &b)
        CALL(15, &b, &a)
        CALL(16, &a, &b)
        CALL(17, &b, &a)
        CALL(18, &a, &b)
        CALL(19, &b, &a)
        CALL(20, &a, &b)
        fire_take_price(&b, results);
    }
}

void hand_collapse(hand_burst *burst, const fire_quote *quotes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        burst->newest = quotes[i];
        burst->collapsed++;
    }
    burst->collapsed--;
    burst->firings++;
    fire_price price = {(burst->newest.bid + burst->newest.ask) / 2};
    fire_take_price(&price, &burst->results);
}
