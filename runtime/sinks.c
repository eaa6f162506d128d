/* SPDX-License-Identifier: Apache-2.0 */
/* sinks.c - results are written out; who writes to a sink that is not ready is held (rule E15).
 *
 *     WEIR_AGAIN   full: its descriptor is watched, or it is asked again after 20 ms
 *     WEIR_IO      failed: tried again each second; after `give_up` the runtime ends with it
 *     WEIR_CLOSED  nobody will ever read it: the runtime ends at once
 *
 * What is answered later (a broker's acknowledgements) is safe only then; the end waits for it.
 *
 * In the middle of a turn a sink only holds; at the turn's end it lets go and asks.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"

static const int64_t ask_again = 20000000, try_again = 1000000000, log_again = 60000000000;

/* --- Who writes to it --- */

static bool writes_to(const weir_program *program, const weir_reactor *reactor, uint32_t sink)
{
    for (uint32_t g = 0; g < reactor->module->graph_count; g++) {
        const weir_module_graph *graph = &program->module->graphs[reactor->module->graphs[g]];
        const char *dead_letters = graph->dead_letters;
        for (uint32_t o = 0; o < graph->outlet_count; o++)
            if (graph->outlets[o].sink == sink)
                return true;
        if (dead_letters != NULL && strcmp(dead_letters, program->module->sinks[sink].name) == 0)
            return true;
    }
    return false;
}

const char *weir_sink_awaited(const weir_program *program, const weir_reactor *reactor)
{
    for (uint32_t s = 0; s < program->module->sink_count; s++)
        if (!weir_sink_is_ready(&program->sinks[s]) && writes_to(program, reactor, s))
            return program->module->sinks[s].name;
    return NULL;
}

/* True: it let somebody go, who may have fired. */
static bool hold_writers(weir_program *program, bool may_let_go)
{
    bool let_go = false;

    for (uint32_t r = 0; r < program->module->reactor_count; r++) {
        weir_reactor *reactor = &program->reactors[r];
        bool ready = weir_sink_awaited(program, reactor) == NULL;
        bool held = (reactor->blocked & WEIR_BLOCKED_SINK) != 0;
        if (held != ready || (ready && !may_let_go))
            continue;
        weir_reactor_hold(reactor, WEIR_BLOCKED_SINK, !ready);
        let_go = let_go || ready;
        if (ready && reactor->module->strategy == WEIR_SEQUENTIAL)
            weir_reactor_ask_all(reactor);
    }
    return let_go;
}

/* --- Writing --- */

static weir_watch *watch_of(const weir_sink_work *work)
{
    const weir_program *program = work->owner;

    return &program->sink_watches[work - program->sinks];
}

/* Nothing more can be written: what is left is named, and the runtime ends. With WEIR_IO, as
 * WEIR_CLOSED tells whoever polls it of a good end. */
static void give_up(weir_runtime *runtime, weir_sink_work *work)
{
    weir_error *error = NULL;
    size_t lost = weir_sink_drop(work);

    weir_error_set(&error, WEIR_IO, "%s; %zu bytes of results are not written", work->reason, lost);
    weir_runtime_fail(runtime, WEIR_IO, error);
}

static void tell(weir_runtime *runtime, weir_sink_work *work, int64_t now)
{
    if (work->logged != 0 && now - work->logged < log_again)
        return;
    work->logged = now;
    weir_runtime_log(runtime, WEIR_ERROR, "sinks", work->sink.module->name,
                     "%s; trying again each second", work->reason);
}

static void note_failure(weir_runtime *runtime, weir_sink_work *work, int64_t now)
{
    if (!work->failing)
        work->failing_since = now;
    work->failing = true;
    work->again_at = now + try_again;
    tell(runtime, work, now);
    if (weir_sink_owed(work) != 0 && now - work->failing_since >= work->give_up)
        give_up(runtime, work);
    else if (work->give_up - (now - work->failing_since) < try_again)
        work->again_at = work->failing_since + work->give_up;
}

/* True: it was stuck, or is now. */
static bool flush(weir_runtime *runtime, weir_sink_work *work)
{
    weir_error *error = NULL;
    int64_t now = work->failing || work->stuck ? weir_monotonic_now() : 0;
    bool was_stuck = work->stuck;
    int fd = -1;

    if (work->gone)
        weir_sink_drop(work);
    if (work->gone || (work->failing && work->sink.kind->answered == NULL && now < work->again_at))
        return true;
    weir_status status = weir_sink_flush(work, &fd, &error);
    weir_watch_set(runtime, watch_of(work), status == WEIR_AGAIN ? fd : -1, EV_WRITE);
    work->again_at = 0;
    if ((status == WEIR_OK || status == WEIR_AGAIN) && work->sink.kind->answered == NULL)
        work->failing = false;
    if (status == WEIR_OK)
        return was_stuck;
    snprintf(work->reason, sizeof work->reason, "%s",
             error != NULL ? weir_error_message(error) : "it takes no more just now");
    weir_error_free(error);
    now = weir_monotonic_now();
    if (status == WEIR_AGAIN && fd < 0)
        work->again_at = now + ask_again;
    else if (status == WEIR_CLOSED)
        give_up(runtime, work);
    else if (status != WEIR_AGAIN)
        note_failure(runtime, work, now);
    return true;
}

static void sync_sink(weir_runtime *runtime, weir_sink_work *work)
{
    weir_error *error = NULL;

    if (weir_sink_sync(work, false, &error) == WEIR_OK)
        return;
    snprintf(work->reason, sizeof work->reason, "%s", weir_error_message(error));
    weir_error_free(error);
    tell(runtime, work, weir_monotonic_now());
}

/* Answers say what is safe, or why it is not: a peer that is away is waited for as a full disk is.
 */
static void take_answers(weir_runtime *runtime, weir_sink_work *work)
{
    weir_error *error = NULL;

    if (work->sink.kind->answered == NULL || !work->started || work->gone)
        return;
    weir_status status = work->sink.kind->answered(&work->sink, &work->safe, &error);
    if (status == WEIR_OK || status == WEIR_AGAIN) {
        work->failing = false;
    } else {
        snprintf(work->reason, sizeof work->reason, "%s",
                 error != NULL ? weir_error_message(error) : "no answers come");
        if (status == WEIR_IO)
            note_failure(runtime, work, weir_monotonic_now());
        else
            give_up(runtime, work);
    }
    weir_error_free(error);
}

/* True: some sink was stuck, or is now. */
static bool flush_all(weir_program *program)
{
    weir_runtime *runtime = program->runtime;
    bool stuck = false;

    for (uint32_t i = 0; i < program->module->sink_count; i++) {
        weir_sink_work *work = &program->sinks[i];
        if (work->left != work->written)
            stuck = flush(runtime, work) || stuck;
        sync_sink(runtime, work);
        take_answers(runtime, work);
    }
    return stuck;
}

static void note_stuck(weir_runtime *runtime)
{
    runtime->sinks_stuck = false;
    runtime->sinks_due = 0;
    FOR_EACH_SINK(runtime, work)
    {
        bool waits = work->left != work->written || work->failing || runtime->draining;
        if (weir_sink_owed(work) == 0 || !waits)
            continue;
        runtime->sinks_stuck = true;
        if (work->again_at != 0 && (runtime->sinks_due == 0 || work->again_at < runtime->sinks_due))
            runtime->sinks_due = work->again_at;
    }
}

void weir_flush_sinks(weir_runtime *runtime)
{
    for (weir_program *program = runtime->programs; program != NULL; program = program->next)
        while (flush_all(program) && hold_writers(program, true)) {
            weir_route_settle(runtime);
            weir_ask_latest(runtime);
        }
    note_stuck(runtime);
}

/* What is stuck is not asked again before the turn's end. */
void weir_relieve_sink(weir_sink_work *work)
{
    weir_program *program = work->owner;

    if (!work->stuck)
        flush(program->runtime, work);
    program->runtime->sinks_stuck = program->runtime->sinks_stuck || work->stuck;
    if (!weir_sink_is_ready(work))
        hold_writers(program, false);
}

void weir_finish_sinks(weir_runtime *runtime)
{
    FOR_EACH_SINK(runtime, work)
    {
        weir_error *error = NULL;
        weir_status status = weir_sink_sync(work, true, &error);
        if (status != WEIR_OK)
            weir_runtime_fail(runtime, WEIR_IO, error);
    }
}
