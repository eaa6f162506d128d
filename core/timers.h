/* SPDX-License-Identifier: Apache-2.0 */
/* timers.h - what is due, in the order of the rules: by time, then place in the spec, then age.
 *
 * Memory: a timer is part of its owner, who disarms it before it goes. Arming needs one slot of the
 *         heap a timer; weir_timers_reserve makes them ahead, so that arming cannot fail.
 */
#ifndef WEIR_CORE_TIMERS_H
#define WEIR_CORE_TIMERS_H

#include <weir/core.h>

typedef struct weir_timer weir_timer;
struct weir_timer {
    int64_t due; /* nanoseconds since 1970 */
    uint64_t age;
    uint32_t rank; /* place in the spec */
    uint32_t slot; /* in the heap, counted from 1; 0: not armed */
    bool late;     /* of one time, place and age this one comes last (a key that goes) */
    bool lasting;  /* fires also when no more events can come (a retry) */
    void (*fire)(weir_timer *timer);
    void *arg;
};

typedef struct weir_timers {
    weir_timer **heap;
    uint32_t count;
    uint32_t capacity;
    uint32_t reserved;
} weir_timers;

/* Makes room for one more timer that will be armed some day; weir_timers_unreserve gives it back.
 */
WEIR_MUST_USE bool weir_timers_reserve(weir_timers *timers);
void weir_timers_unreserve(weir_timers *timers);
void weir_timers_free(weir_timers *timers);

/* Arms `timer` for `due`, or moves it there. Its place must have been reserved. */
void weir_timer_arm(weir_timers *timers, weir_timer *timer, int64_t due);
void weir_timer_disarm(weir_timers *timers, weir_timer *timer);

/* The one that is due first, or NULL. */
static inline weir_timer *weir_timers_first(const weir_timers *timers)
{
    return timers->count != 0 ? timers->heap[0] : NULL;
}

/* When the next one is due; INT64_MAX: none. */
int64_t weir_timers_next(const weir_timers *timers);

/* Disarms and fires the first timer that is due at `now`. False: none is. */
bool weir_timers_fire_one(weir_timers *timers, int64_t now);

#endif
