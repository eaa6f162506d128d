/* SPDX-License-Identifier: Apache-2.0 */
/* fire_take.c - where the results of both sides go. */
#include "bench/fire.h"

void fire_take_order(const fire_order *order, void *results)
{
    ((fire_results *)results)->sum += order->price * order->qty;
    ((fire_results *)results)->count++;
}

void fire_take_reason(const fire_reason *reason, void *results)
{
    ((fire_results *)results)->reasons += (uint64_t)reason->code;
}

void fire_take_price(const fire_price *price, void *results)
{
    ((fire_results *)results)->sum += price->value;
    ((fire_results *)results)->count++;
}
