/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - what each source has ready, merged by stamp and handed on span by span (rule E1). */
#include "runtime/runtime.h"
#include "sources/channel.h"

/* Once no more events can come only what lasts fires: beats and limits have ended. */
static void fire_first(weir_runtime *runtime, int64_t now)
{
    weir_timer *first = weir_timers_first(&runtime->timers);

    if (runtime->draining && !first->lasting)
        weir_timer_disarm(&runtime->timers, first);
    else
        weir_timers_fire_one(&runtime->timers, now);
}

void weir_fire_timers(weir_runtime *runtime, int64_t due)
{
    while (weir_timers_next(&runtime->timers) <= due) {
        fire_first(runtime, due);
        weir_route_settle(runtime);
    }
}

void weir_run_timers(weir_runtime *runtime, int64_t now)
{
    if (!runtime->clock.is_virtual) {
        weir_fire_timers(runtime, now);
        return;
    }
    /* Each moment of virtual time at which something is due is a turn of its own, so that it comes
     * out the same whatever comes next. */
    while (weir_timers_next(&runtime->timers) <= now) {
        weir_clock_advance(&runtime->clock, weir_timers_next(&runtime->timers));
        weir_fire_timers(runtime, runtime->clock.now);
        weir_ask_latest(runtime);
    }
}

void weir_ask_latest(weir_runtime *runtime)
{
    bool fired = true;

    while (fired) {
        fired = false;
        FOR_EACH_REACTOR(runtime, reactor)
        {
            if (reactor->module->strategy != WEIR_LATEST || reactor->first_waiting == NULL)
                continue;
            fired = weir_reactor_ask_all(reactor) || fired;
            weir_route_settle(runtime);
        }
    }
}

/* --- Sources --- */

static bool has_rest(const weir_source *source)
{
    return source->taken < source->span.count || source->refusal.waiting;
}

/* Channels count what was pushed and free their places themselves; a turn takes all they had. */
static bool is_channel(const weir_source_work *work)
{
    return work->source.kind == &weir_channel;
}

/* The engine is done with what it took of the span; of none where it is held. */
static void release(weir_source_work *work, size_t count)
{
    weir_source *source = &work->source;

    if (source->kind->release != NULL && (count != 0 || work->stalled))
        source->kind->release(source, count);
}

static weir_status enter_partition(weir_source *source, weir_error **error)
{
    const weir_span *span = &source->span;
    int64_t position = span->count != 0 ? span->first_position : source->refusal.position;
    int32_t partition = span->count != 0 ? span->partition : source->refusal.partition;

    if (!source->origin.commits || weir_origin_enter(&source->origin, partition, position))
        return WEIR_OK;
    return weir_error_set(error, WEIR_NOMEM, "source '%s': no memory for partition %d",
                          source->module->name, (int)partition);
}

static void count_received(weir_source_work *work)
{
    weir_source *source = &work->source;
    size_t count = source->span.count + source->refusal.waiting;

    if (!is_channel(work))
        source->origin.ledger.received += count;
    work->budget -= count < work->budget ? count : work->budget;
    if (source->span.ingest == 0)
        source->span.ingest = weir_clock_read(&work->program->runtime->clock);
}

bool weir_source_refill(weir_source_work *work, weir_error **error, weir_status *ret_status)
{
    weir_source *source = &work->source;
    size_t limit = work->budget < source->capacity ? work->budget : source->capacity;

    if (has_rest(source))
        return true;
    if (source->ended || work->dry || work->budget == 0)
        return false;
    weir_status status = source->kind->read(source, limit, error);
    if (status == WEIR_OK) {
        count_received(work);
        status = has_rest(source) ? enter_partition(source, error) : WEIR_OK;
    }
    if (status == WEIR_OK)
        return has_rest(source);
    work->dry = true;
    if (status == WEIR_CLOSED) {
        source->ended = true;
        source->health = WEIR_SOURCE_ENDED;
    } else if (status != WEIR_AGAIN) {
        *ret_status = status;
    }
    return false;
}

static size_t end_at(const weir_source *source, int64_t until)
{
    size_t end = source->span.count;

    while (source->span.stamps != NULL && end > source->taken + 1 &&
           source->span.stamps[end - 1] > until)
        end--;
    return end;
}

void weir_source_hand_on(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    size_t before = source->taken;
    bool is_virtual = work->program->runtime->clock.is_virtual;
    int64_t began = is_virtual ? 0 : weir_monotonic_now();

    weir_route_span(work, end);
    if (source->taken != before)
        work->last_event = (uint64_t)work->program->runtime->clock.now;
    if (!is_virtual && source->taken != before)
        weir_judge_span(work, source->taken - before, weir_monotonic_now() - began);
    release(work, source->taken - before);
    /* The refusal stands behind the span's values. */
    if (source->taken < source->span.count || !source->refusal.waiting || work->stalled ||
        weir_replay_is_ahead(work))
        return;
    work->stalled = !weir_route_can_take(work);
    if (work->stalled)
        return;
    if (source->refusal.deletes != NULL)
        weir_forget_key(work);
    else
        weir_dead_of_refusal(work);
}

void weir_source_tick(weir_source_work *work)
{
    weir_error *error = NULL;
    weir_status status = WEIR_OK;

    work->budget = (size_t)work->config.turn;
    work->dry = work->stalled = false;
    while (!work->stalled && weir_source_refill(work, &error, &status))
        weir_source_hand_on(work, work->source.span.count);
    if (status != WEIR_OK)
        weir_runtime_fail(work->program->runtime, status, error);
}

static int64_t head_stamp(const weir_source *source)
{
    return source->span.stamps != NULL && source->taken < source->span.count
               ? source->span.stamps[source->taken]
               : source->span.ingest;
}

static bool is_ready(weir_source_work *work, weir_error **error, weir_status *ret_status)
{
    return !work->stalled && weir_source_refill(work, error, ret_status);
}

/* The source whose next event is the oldest (ties go by the order of the spec), and the stamp up to
 * which its events go before all others. */
static weir_source_work *pick(weir_runtime *runtime, int64_t *ret_until, weir_error **error,
                              weir_status *ret_status)
{
    weir_source_work *oldest = NULL;
    int64_t least = INT64_MAX, until = INT64_MAX;

    FOR_EACH_SOURCE(runtime, work)
    {
        if (!is_ready(work, error, ret_status))
            continue;
        int64_t stamp = head_stamp(&work->source);
        if (oldest == NULL || stamp < least) {
            /* What stands earlier in the spec goes first at the same stamp. */
            until = oldest != NULL ? least - 1 : INT64_MAX;
            oldest = work;
            least = stamp;
        } else if (stamp < until) {
            until = stamp;
        }
    }
    *ret_until = until;
    return oldest;
}

void weir_turn_begin(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        work->budget = is_channel(work) ? SIZE_MAX : (size_t)work->config.turn;
        work->stalled = weir_joint_bars(work);
        work->dry = false;
        work->source.until = runtime->clock.now;
    }
}

bool weir_turn_has_more(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        bool rest = has_rest(&work->source);
        if (weir_joint_bars(work))
            continue;
        if (rest && (!work->stalled || weir_route_can_take(work)))
            return true;
        if (!rest && !work->source.ended && !work->dry)
            return true;
    }
    return false;
}

weir_status weir_attend_sources(weir_runtime *runtime, weir_error **error)
{
    weir_status status = WEIR_OK;

    FOR_EACH_SOURCE(runtime, work)
    {
        weir_source *source = &work->source;
        if (status == WEIR_OK && source->kind->attend != NULL && source->state != NULL)
            status = source->kind->attend(source, error);
    }
    return status;
}

weir_status weir_turn(weir_runtime *runtime, bool *ret_more, weir_error **error)
{
    weir_status status = WEIR_OK;
    weir_source_work *work;
    int64_t until;

    /* What was pushed before the turn began belongs to it, whatever the machine's clock says. */
    weir_clock_advance(&runtime->clock, atomic_load(&runtime->newest_stamp));
    weir_run_timers(runtime, weir_clock_read(&runtime->clock));
    weir_collect_polls(runtime);
    weir_turn_begin(runtime);
    status = weir_attend_sources(runtime, error);
    while (status == WEIR_OK && !atomic_load(&runtime->stopping) &&
           (work = pick(runtime, &until, error, &status)) != NULL) {
        weir_source_hand_on(work, end_at(&work->source, until));
    }
    weir_ask_latest(runtime);
    weir_flush_sinks(runtime);
    weir_commit(runtime);
    runtime->turns++;
    *ret_more = status == WEIR_OK && weir_turn_has_more(runtime);
    return status;
}
