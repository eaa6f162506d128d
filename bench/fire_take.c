/* SPDX-License-Identifier: Apache-2.0 */
/* fire_take.c - where the results of both sides go. */
#include "bench/fire.h"

void take_order(const maker_order *order, void *world)
{
    ((fire_world *)world)->sum += order->price * order->qty;
}

void take_reason(const maker_reason *reason, void *world)
{
    ((fire_world *)world)->reasons += (uint64_t)reason->code;
}
