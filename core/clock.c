/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the one clock that a runtime's time comes from. */
#include "core/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec time;

    /* Cannot fail: both clocks exist and the pointer is good. */
    clock_gettime(id, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t weir_clock_read(weir_clock *clock)
{
    if (!clock->is_virtual)
        weir_clock_follow(clock, read_clock(CLOCK_REALTIME));
    return clock->now;
}

void weir_clock_follow(weir_clock *clock, int64_t machine)
{
    if (machine + clock->set_back < clock->now)
        clock->set_back = clock->now - machine;
    clock->now = machine + clock->set_back;
}

void weir_clock_advance(weir_clock *clock, int64_t time)
{
    if (time > clock->now)
        clock->now = time;
}

int64_t weir_monotonic_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
