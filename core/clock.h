/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - the one clock that a runtime's time comes from: the machine's, or a virtual one. */
#ifndef WEIR_CORE_CLOCK_H
#define WEIR_CORE_CLOCK_H

#include <weir/core.h>

typedef struct weir_clock {
    bool is_virtual;
    int64_t now;      /* nanoseconds since 1970; of a real clock, the last reading */
    int64_t set_back; /* by how much the machine's clock was set back since the start */
} weir_clock;

/* Reads the machine's clock; a virtual one stays. Never goes back within one runtime. */
int64_t weir_clock_read(weir_clock *clock);

/* What a reading of the machine's clock means: when that is set back, time goes on from where it
 * was, so that timers do too. */
void weir_clock_follow(weir_clock *clock, int64_t machine);

/* Moves a virtual clock on; an earlier time leaves it where it is. */
void weir_clock_advance(weir_clock *clock, int64_t time);

/* `time` and `by` (not negative) together; INT64_MAX, never, where that is beyond all time. */
static inline int64_t weir_later(int64_t time, int64_t by)
{
    int64_t sum;

    return __builtin_add_overflow(time, by, &sum) ? INT64_MAX : sum;
}

/* The machine's monotonic time, for durations. */
WEIR_API int64_t weir_monotonic_now(void);

#endif
