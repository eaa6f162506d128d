/* SPDX-License-Identifier: Apache-2.0 */
/* timers.c - a binary heap of timers that know their slot. */
#include "core/timers.h"

bool weir_timers_reserve(weir_timers *timers)
{
    if (timers->reserved == timers->capacity) {
        uint32_t capacity = timers->capacity != 0 ? timers->capacity * 2 : 16;
        weir_timer **heap = weir_realloc(timers->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return false;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->reserved++;
    return true;
}

void weir_timers_unreserve(weir_timers *timers)
{
    timers->reserved--;
}

void weir_timers_free(weir_timers *timers)
{
    weir_free(timers->heap);
    *timers = (weir_timers){0};
}

static bool before(const weir_timer *a, const weir_timer *b)
{
    if (a->due != b->due)
        return a->due < b->due;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    if (a->age != b->age)
        return a->age < b->age;
    return !a->late && b->late;
}

static void put(weir_timers *timers, uint32_t index, weir_timer *timer)
{
    timers->heap[index] = timer;
    timer->slot = index + 1;
}

static void sift_up(weir_timers *timers, uint32_t index, weir_timer *timer)
{
    while (index > 0 && before(timer, timers->heap[(index - 1) / 2])) {
        put(timers, index, timers->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(timers, index, timer);
}

static void sift_down(weir_timers *timers, uint32_t index, weir_timer *timer)
{
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!before(timers->heap[child], timer))
            break;
        put(timers, index, timers->heap[child]);
        index = child;
    }
    put(timers, index, timer);
}

void weir_timer_arm(weir_timers *timers, weir_timer *timer, int64_t due)
{
    if (timer->slot != 0 && timer->due == due)
        return;
    weir_timer_disarm(timers, timer);
    timer->due = due;
    sift_up(timers, timers->count++, timer);
}

void weir_timer_disarm(weir_timers *timers, weir_timer *timer)
{
    if (timer->slot == 0)
        return;
    uint32_t index = timer->slot - 1;
    weir_timer *last = timers->heap[--timers->count];
    timer->slot = 0;
    if (last == timer)
        return;
    if (index > 0 && before(last, timers->heap[(index - 1) / 2]))
        sift_up(timers, index, last);
    else
        sift_down(timers, index, last);
}

int64_t weir_timers_next(const weir_timers *timers)
{
    return timers->count != 0 ? timers->heap[0]->due : INT64_MAX;
}

bool weir_timers_fire_one(weir_timers *timers, int64_t now)
{
    if (weir_timers_next(timers) > now)
        return false;
    weir_timer *timer = timers->heap[0];
    weir_timer_disarm(timers, timer);
    timer->fire(timer);
    return true;
}
