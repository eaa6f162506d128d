/* SPDX-License-Identifier: Apache-2.0 */
/* drain.c - the end: what still waits when no more events can come (rules E16 and E20).
 *
 * When all sources have ended, retries run out, batches flush, and what has found no partner
 * becomes dead letters. On a stop batches flush, and what still waits stays undone. Either way
 * sinks are written out and positions committed. A stop waits for both only so long. At the end of
 * all sources each sink says itself how long it is waited for, and commits have as long as after a
 * stop, from when all is written.
 */
#include <stdio.h>

#include "runtime/runtime.h"
#include "sources/channel.h"

static int64_t stop_within(const weir_runtime *runtime)
{
    const int64_t usual = 10000000000;

    return runtime->config.stop_within != 0 ? runtime->config.stop_within : usual;
}

static void set_deadline(weir_runtime *runtime)
{
    runtime->give_up_at = weir_monotonic_now() + stop_within(runtime);
}

static void flush_all(weir_runtime *runtime)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->accumulator_count; i++) {
            weir_accumulator_work *work = &program->accumulators[i];
            if (work->accumulator.kind->flush != NULL && work->accumulator.module->poll == NULL)
                weir_flush_cells(work);
        }
    weir_ask_latest(runtime);
}

bool weir_has_retries(weir_runtime *runtime)
{
    FOR_EACH_REACTOR(runtime, reactor)
    {
        if (reactor->retries != 0)
            return true;
    }
    return false;
}

/* A retry, a pause or a sink that is not ready yet: what waits for it is not lost. */
static bool is_held(weir_runtime *runtime)
{
    if (weir_has_retries(runtime))
        return true;
    FOR_EACH_REACTOR(runtime, reactor)
    {
        if (reactor->held && reactor->first_waiting != NULL)
            return true;
    }
    return false;
}

/* In virtual time retries run out at once. */
static bool must_wait(weir_runtime *runtime)
{
    while (runtime->clock.is_virtual && weir_timers_first(&runtime->timers) != NULL)
        weir_run_timers(runtime, weir_timers_next(&runtime->timers));
    return is_held(runtime);
}

/* True: something was. What waits in a batch for its place comes after. */
static bool bury_unpaired(weir_runtime *runtime)
{
    bool found = false;

    FOR_EACH_REACTOR(runtime, reactor)
    {
        found = found || reactor->first_waiting != NULL;
        reactor->metrics.unpaired += reactor->metrics.waiting;
        while (reactor->first_waiting != NULL)
            weir_queue_drop_all(reactor, reactor->first_waiting,
                                "unpaired: its partners have not come before the end");
    }
    weir_route_settle(runtime);
    return found;
}

static const char *stuck_reason(const weir_runtime *runtime)
{
    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t i = 0; i < program->module->sink_count; i++)
            if (weir_sink_owed(&program->sinks[i]) != 0 && program->sinks[i].reason[0] != '\0')
                return program->sinks[i].reason;
    return "no reason given";
}

/* What sinks have not taken by the end of the time is given up, and so is what is not committed. */
static void give_up_rest(weir_runtime *runtime)
{
    weir_error *error = NULL;
    char within[64];
    size_t lost = 0;

    const char *reason = stuck_reason(runtime);
    snprintf(within, sizeof within, "%.3g s of the %s", (double)stop_within(runtime) / 1e9,
             runtime->stop_begun ? "stop" : "end of all sources");
    FOR_EACH_SINK(runtime, work)
    {
        lost += weir_sink_drop(work);
    }
    weir_status status =
        runtime->sinks_stuck
            ? weir_error_set(&error, WEIR_IO,
                             "a sink has not taken its last results within %s (%s); %zu bytes are "
                             "not written",
                             within, reason, lost)
            : weir_commit_given_up(runtime, within, &error);
    weir_runtime_fail(runtime, status, error);
}

/* Nothing is read or written any more; what the runtime counted can still be asked. */
static void end(weir_runtime *runtime)
{
    weir_finish_sinks(runtime);
    FOR_EACH_SOURCE(runtime, work)
    {
        weir_source_stop(work);
    }
    runtime->ended = true;
}

static void attend(weir_runtime *runtime)
{
    weir_error *error = NULL;
    weir_status status = weir_attend_sources(runtime, &error);

    if (status != WEIR_OK)
        weir_runtime_fail(runtime, status, error);
}

/* True once the sinks have all, and the sources know it. */
static bool is_settled(weir_runtime *runtime)
{
    attend(runtime);
    weir_flush_sinks(runtime);
    weir_commit(runtime);
    if (!runtime->sinks_stuck && !runtime->commits_stuck)
        runtime->commits_stuck = !weir_commit_settled(runtime);
    return !runtime->sinks_stuck && !runtime->commits_stuck;
}

void weir_close_channels(weir_runtime *runtime)
{
    FOR_EACH_SOURCE(runtime, work)
    {
        if (work->source.kind == &weir_channel)
            weir_channel_close(&work->source);
    }
}

static void wait_or_give_up(weir_runtime *runtime)
{
    if (!runtime->stop_begun && runtime->sinks_stuck) {
        runtime->give_up_at = 0;
    } else if (runtime->give_up_at == 0) {
        set_deadline(runtime);
    } else if (weir_monotonic_now() >= runtime->give_up_at) {
        give_up_rest(runtime);
        end(runtime);
    }
}

static void drain_stopped(weir_runtime *runtime)
{
    if (!runtime->stop_begun) {
        runtime->stop_begun = true;
        set_deadline(runtime);
        weir_close_channels(runtime);
        flush_all(runtime);
    }
    if (is_settled(runtime))
        end(runtime);
    else
        wait_or_give_up(runtime);
}

void weir_drain(weir_runtime *runtime)
{
    runtime->draining = true;
    if (atomic_load(&runtime->stopping)) {
        drain_stopped(runtime);
        return;
    }
    if (must_wait(runtime))
        return;
    flush_all(runtime);
    if (must_wait(runtime))
        return;
    while (bury_unpaired(runtime))
        ;
    bool settled = is_settled(runtime);
    /* A sink was given up, or it is not the end after all. */
    if (atomic_load(&runtime->stopping) || !runtime->draining)
        return;
    if (settled)
        end(runtime);
    else
        wait_or_give_up(runtime);
}
