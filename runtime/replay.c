/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - history again: time is the events' own (rule E16).
 *
 * Sources merge by (time, order in the spec, position), once each has shown its next event or its
 * end. The events of one time form a turn; the timers that are due at it fire before them. Events
 * without a time come first, one a turn. An event that is older than the clock is taken at the
 * clock and keeps its own time.
 */
#include <string.h>

#include "runtime/runtime.h"

static const int64_t no_time = INT64_MIN;

static int64_t time_at(const weir_source *source, size_t index)
{
    uint32_t offset = source->module->time_offset;
    int64_t time = no_time;

    if (offset != WEIR_NONE)
        memcpy(&time, source->span.values + index * source->type->size + offset, sizeof time);
    return time;
}

static bool is_outside(const weir_runtime *runtime, int64_t time)
{
    const weir_runtime_config *config = &runtime->config;

    return time != no_time && ((config->from != 0 && time < config->from) ||
                               (config->until != 0 && time >= config->until));
}

/* What cannot be decoded has no time. */
static int64_t time_of_refusal(const weir_source *source)
{
    return source->refusal.waiting && source->refusal.deletes != NULL ? source->refusal.time
                                                                      : no_time;
}

/* Events outside the bounds are no part of the history that is asked for. */
static void skip_outside(const weir_runtime *runtime, weir_source *source)
{
    while (source->taken < source->span.count &&
           is_outside(runtime, time_at(source, source->taken))) {
        source->taken++;
        source->origin.ledger.received--;
    }
    if (source->taken == source->span.count && is_outside(runtime, time_of_refusal(source))) {
        source->refusal.waiting = false;
        source->origin.ledger.received--;
    }
}

bool weir_replay_is_ahead(const weir_source_work *work)
{
    const weir_runtime *runtime = work->program->runtime;

    return runtime->config.mode == WEIR_MODE_REPLAY && runtime->time_started &&
           time_of_refusal(&work->source) > runtime->clock.now;
}

/* The time at which the source's next event is taken. */
static int64_t head_time(const weir_runtime *runtime, const weir_source *source)
{
    int64_t time = source->taken < source->span.count ? time_at(source, source->taken)
                                                      : time_of_refusal(source);

    return time != no_time && runtime->time_started && time < runtime->clock.now
               ? runtime->clock.now
               : time;
}

/* Brings the source's next event to the front. False: it has none, for good or just now. */
static bool show(weir_source_work *work, weir_error **error, weir_status *ret_status)
{
    while (*ret_status == WEIR_OK && weir_source_refill(work, error, ret_status)) {
        skip_outside(work->program->runtime, &work->source);
        if (work->source.taken < work->source.span.count || work->source.refusal.waiting)
            return true;
    }
    return false;
}

/* The source whose event comes next, when, and up to which time its events go before all others;
 * NULL: there is none. `*ret_known` is false where one has not yet shown what it has. */
static weir_source_work *pick(weir_runtime *runtime, int64_t *ret_time, int64_t *ret_until,
                              bool *ret_known, weir_error **error, weir_status *ret_status)
{
    weir_source_work *first = NULL;

    *ret_known = true;
    *ret_until = INT64_MAX;
    FOR_EACH_SOURCE(runtime, work)
    {
        if (!show(work, error, ret_status)) {
            *ret_known = *ret_known && (work->source.ended || work->source.kind->ticks);
            continue;
        }
        int64_t time = head_time(runtime, &work->source);
        if (first == NULL || time < *ret_time) {
            /* What stands earlier in the spec goes first at the same time. */
            *ret_until = first != NULL ? *ret_time - 1 : INT64_MAX;
            first = work;
            *ret_time = time;
        } else if (time < *ret_until) {
            *ret_until = time;
        }
    }
    return first;
}

/* How many events of the span, from the next on, are taken at `time`. One without a time is alone.
 */
static size_t end_of_time(const weir_source *source, int64_t time)
{
    size_t end = source->taken;

    if (time == no_time)
        return end < source->span.count ? end + 1 : end;
    while (end < source->span.count && time_at(source, end) <= time)
        end++;
    return end;
}

/* At a speed, the time of a turn comes so long after that of the first. False: not yet. */
static bool is_time(weir_runtime *runtime, int64_t time)
{
    runtime->wait_until = 0;
    if (runtime->config.speed <= 0)
        return true;
    int64_t now = weir_monotonic_now();
    if (runtime->replay_began == 0) {
        runtime->replay_began = now;
        runtime->replay_from = time;
    }
    double after = (double)(time - runtime->replay_from) / runtime->config.speed;
    int64_t due = after < 9e18 ? runtime->replay_began + (int64_t)after : INT64_MAX;
    if (due > now)
        runtime->wait_until = due;
    return due <= now;
}

/* The turn that is open ends. */
static void end_turn(weir_runtime *runtime)
{
    weir_ask_latest(runtime);
    runtime->turns++;
}

/* Goes on to `time`: what is due before is a turn each, what is due then comes first in this one.
 */
static weir_status begin_turn(weir_runtime *runtime, int64_t time, weir_error **error)
{
    weir_status status = WEIR_OK;

    end_turn(runtime);
    if (time == no_time)
        return WEIR_OK;
    if (runtime->time_started) {
        weir_run_timers(runtime, time - 1);
        weir_clock_advance(&runtime->clock, time);
    } else {
        runtime->clock.now = time;
        status = weir_runtime_start_time(runtime, error);
    }
    weir_fire_timers(runtime, time);
    return status;
}

/* Whether a turn of `time` can follow the one that is open, without anything between. */
static bool can_follow(const weir_runtime *runtime, int64_t time)
{
    const weir_timer *first = weir_timers_first(&runtime->timers);

    return (first == NULL || time < first->due) && !runtime->sinks_stuck;
}

bool weir_replay_goes_on(weir_source_work *work, size_t index, const weir_turns *turns)
{
    weir_runtime *runtime = work->program->runtime;
    int64_t time = time_at(&work->source, index);

    if (time > turns->until || atomic_load(&runtime->stopping) || !can_follow(runtime, time))
        return false;
    if (time <= runtime->clock.now)
        return time != no_time && !is_outside(runtime, time);
    if (turns->ask)
        weir_ask_latest(runtime);
    if (turns->ask && !can_follow(runtime, time)) /* it may have armed a timer */
        return false;
    runtime->turns++;
    runtime->clock.now = time;
    return true;
}

static bool has_latest(const weir_runtime *runtime)
{
    FOR_EACH_REACTOR(runtime, reactor)
    if (reactor->module->strategy == WEIR_LATEST)
        return true;
    return false;
}

/* The turns that follow, as far as they take the shortcut. A refusal goes with the event before it.
 */
static void take_turns(weir_source_work *work, int64_t until)
{
    const weir_runtime *runtime = work->program->runtime;
    weir_source *source = &work->source;
    size_t before = source->taken, end = source->span.count;
    int64_t last = runtime->config.until != 0 ? runtime->config.until - 1 : INT64_MAX;

    if (source->refusal.waiting && end != 0)
        end--;
    if (before >= end || work->stalled || runtime->config.speed > 0 || !runtime->time_started)
        return;
    weir_turns turns = {until < last ? until : last, has_latest(runtime)};
    weir_shortcut_take_turns(work, end, &turns);
    if (source->taken == before)
        return;
    work->last_event = (uint64_t)runtime->clock.now;
    if (source->kind->release != NULL)
        source->kind->release(source, source->taken - before);
}

static bool is_new_turn(const weir_runtime *runtime, int64_t time)
{
    return time == no_time || !runtime->time_started || time > runtime->clock.now;
}

/* A source that is held by retries goes on once they have run out, which takes virtual time. */
static bool release(weir_runtime *runtime, weir_source_work *work)
{
    while (weir_timers_first(&runtime->timers) != NULL && weir_has_retries(runtime) &&
           !weir_route_can_take(work))
        weir_run_timers(runtime, weir_timers_next(&runtime->timers));
    return weir_route_can_take(work);
}

/* A source has brought all that it may in this turn, and can bring more. */
static bool has_more(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        const weir_source *source = &work->source;
        if (!source->ended && !work->dry && source->taken == source->span.count &&
            !source->refusal.waiting)
            return true;
    }
    return false;
}

weir_status weir_replay_turn(weir_runtime *runtime, bool *ret_more, weir_error **error)
{
    weir_status status = WEIR_OK;
    weir_source_work *work;
    bool known = true;
    int64_t time = no_time, until;

    weir_turn_begin(runtime);
    status = weir_attend_sources(runtime, error);
    while ((work = pick(runtime, &time, &until, &known, error, &status)) != NULL && known &&
           status == WEIR_OK && !atomic_load(&runtime->stopping) && !runtime->sinks_stuck) {
        if (is_new_turn(runtime, time)) {
            if (time != no_time && !is_time(runtime, time))
                break;
            status = begin_turn(runtime, time, error);
        }
        weir_source_hand_on(work, end_of_time(&work->source, time));
        if (work->stalled && !release(runtime, work))
            break;
        take_turns(work, until);
    }
    weir_flush_sinks(runtime);
    if (work == NULL && known)
        end_turn(runtime);
    *ret_more =
        status == WEIR_OK && runtime->wait_until == 0 && !runtime->sinks_stuck && has_more(runtime);
    return status;
}
