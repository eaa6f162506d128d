/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - what each source has ready, merged by stamp and handed on span by span (rule E1). */
#include "runtime/runtime.h"

#define FOR_EACH_SOURCE(runtime, work)                                                             \
    for (weir_program *program = (runtime)->programs; program != NULL; program = program->next)    \
        for (weir_source_work *work = program->sources;                                            \
             work < program->sources + program->module->source_count; work++)

#define FOR_EACH_REACTOR(runtime, reactor)                                                         \
    for (weir_program *program = (runtime)->programs; program != NULL; program = program->next)    \
        for (weir_reactor *reactor = program->reactors;                                            \
             reactor < program->reactors + program->module->reactor_count; reactor++)

void weir_run_timers(weir_runtime *runtime, int64_t now)
{
    /* A timer sees its own due time in virtual time, so that it fires at the same moment in every
     * replay, whatever comes next. */
    while (weir_timers_next(&runtime->timers) <= now) {
        if (runtime->clock.is_virtual)
            weir_clock_advance(&runtime->clock, weir_timers_next(&runtime->timers));
        weir_timers_fire_one(&runtime->timers, now);
        weir_route_settle(runtime);
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

/* --- Sources ---------------------------------------------------------------------------------- */

static bool has_rest(const weir_source *source)
{
    return source->taken < source->span.count || source->refusal.waiting;
}

/* The engine is done with what it took of the span. */
static void release(weir_source_work *work, size_t count)
{
    weir_source *source = &work->source;

    if (source->kind->release != NULL && count != 0)
        source->kind->release(source, count);
}

/* Brings the next span. False: nothing is ready. */
static bool refill(weir_source_work *work, weir_error **error, weir_status *ret_status)
{
    weir_source *source = &work->source;
    size_t limit = work->budget < WEIR_SPAN_EVENTS ? work->budget : WEIR_SPAN_EVENTS;

    if (source->ended || work->budget == 0 || work->idle)
        return false;
    weir_status status = source->kind->read(source, limit, error);
    if (status == WEIR_CLOSED) {
        source->ended = true;
        source->health = WEIR_SOURCE_ENDED;
    }
    if (status != WEIR_OK) {
        work->idle = true;
        if (status != WEIR_AGAIN && status != WEIR_CLOSED)
            *ret_status = status;
        return false;
    }
    source->origin.ledger.received +=
        source->kind->release == NULL ? source->span.count + source->refusal.waiting : 0;
    work->budget -= source->span.count < work->budget ? source->span.count : work->budget;
    if (source->span.ingest == 0)
        source->span.ingest = work->program->runtime->clock.now;
    return true;
}

static size_t end_at(const weir_source *source, int64_t until)
{
    size_t end = source->span.count;

    while (source->span.stamps != NULL && end > source->taken + 1 &&
           source->span.stamps[end - 1] > until)
        end--;
    return end;
}

static void hand_on(weir_source_work *work, int64_t until)
{
    weir_source *source = &work->source;
    size_t before = source->taken;

    weir_route_span(work, end_at(source, until));
    release(work, source->taken - before);
    /* The refusal stands behind the span's values. */
    if (source->taken == source->span.count && source->refusal.waiting)
        weir_dead_of_refusal(work);
}

static int64_t head_stamp(const weir_source *source)
{
    return source->span.stamps != NULL && source->taken < source->span.count
               ? source->span.stamps[source->taken]
               : source->span.ingest;
}

static bool is_ready(weir_source_work *work, weir_error **error, weir_status *ret_status)
{
    return !work->stalled && (has_rest(&work->source) || refill(work, error, ret_status));
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

static void begin(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        work->budget = work->source.kind->release != NULL ? SIZE_MAX : (size_t)work->config.turn;
        work->stalled = work->idle = false;
        work->source.until = runtime->clock.now;
    }
}

static bool any_more(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        if (!work->stalled && !work->source.ended && (has_rest(&work->source) || !work->idle))
            return true;
    }
    return false;
}

/* A sink that is stuck is asked again: its reader or the disk may take more by then. */
static void arm_sinks(weir_runtime *runtime)
{
    enum { AGAIN_MS = 20 };

    if (runtime->sinks_stuck)
        weir_timer_arm(&runtime->timers, &runtime->sink_timer,
                       runtime->clock.now + AGAIN_MS * 1000000);
}

weir_status weir_turn(weir_runtime *runtime, bool *ret_more, weir_error **error)
{
    weir_status status = WEIR_OK;
    weir_source_work *work;
    int64_t until;

    weir_run_timers(runtime, weir_clock_read(&runtime->clock));
    begin(runtime);
    while (status == WEIR_OK && (work = pick(runtime, &until, error, &status)) != NULL)
        hand_on(work, until);
    weir_ask_latest(runtime);
    weir_flush_sinks(runtime);
    arm_sinks(runtime);
    runtime->turns++;
    *ret_more = status == WEIR_OK && any_more(runtime);
    return status;
}

/* --- The end ---------------------------------------------------------------------------------- */

static void flush_all(weir_runtime *runtime)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next) {
        for (uint32_t i = 0; i < program->module->accumulator_count; i++) {
            weir_accumulator_work *work = &program->accumulators[i];
            if (work->accumulator.kind->flush == NULL || work->accumulator.module->poll != NULL)
                continue;
            for (weir_cell *cell = weir_cells_next(&work->cells, NULL); cell != NULL;
                 cell = weir_cells_next(&work->cells, cell))
                if (cell->accumulator != NULL)
                    weir_flush_cell(work, cell);
            weir_route_settle(runtime);
        }
    }
    weir_ask_latest(runtime);
}

/* What still waits for a partner when nothing more can come. */
static void bury_unpaired(weir_runtime *runtime)
{
    FOR_EACH_REACTOR(runtime, reactor)
    {
        while (reactor->first_waiting != NULL)
            weir_queue_drop_all(reactor, reactor->first_waiting,
                                "unpaired: its partners have not come before the end");
    }
}

static bool has_retries(weir_runtime *runtime)
{
    FOR_EACH_REACTOR(runtime, reactor)
    {
        if (reactor->retries != 0)
            return true;
    }
    return false;
}

static const char *stuck_reason(const weir_runtime *runtime)
{
    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->sink_count; i++)
            if (program->sinks[i].left != program->sinks[i].written)
                return program->sinks[i].reason;
    return "";
}

/* How long the end waits for sinks that take nothing. */
static const int64_t drain_limit = 10000000000;

/* Retries run out, in virtual time at once. On a stop they stay undone. */
static bool retries_are_over(weir_runtime *runtime)
{
    while (runtime->clock.is_virtual && has_retries(runtime) &&
           weir_timers_next(&runtime->timers) != INT64_MAX)
        weir_run_timers(runtime, weir_timers_next(&runtime->timers));
    return atomic_load(&runtime->stopping) || !has_retries(runtime);
}

void weir_drain(weir_runtime *runtime)
{
    if (runtime->drain_began == 0)
        runtime->drain_began = weir_monotonic_now();
    if (!retries_are_over(runtime))
        return;
    flush_all(runtime);
    if (!retries_are_over(runtime))
        return;
    if (!atomic_load(&runtime->stopping))
        bury_unpaired(runtime);
    weir_flush_sinks(runtime);
    bool late = weir_monotonic_now() - runtime->drain_began > drain_limit;
    if (runtime->sinks_stuck && !late)
        return;
    runtime->ended = true;
    if (runtime->sinks_stuck && runtime->outcome == WEIR_OK)
        runtime->outcome = weir_error_set(&runtime->error, WEIR_IO,
                                          "a sink has not taken its last results within 10 s: %s",
                                          stuck_reason(runtime));
}
