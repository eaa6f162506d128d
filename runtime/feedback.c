/* SPDX-License-Identifier: Apache-2.0 */
/* feedback.c - results that go back into an accumulator as events (rule E3).
 *
 * What one event's firings feed back comes next, before any other, in the order of the results:
 * the results of a step go in front of those that wait already. Each belongs to the events that
 * its firing took and holds their tickets.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"

struct weir_feedback {
    weir_feedback *next;
    weir_accumulator_work *accumulator;
    const weir_reactor *reactor;
    weir_ticket *ticket; /* NULL: a firing by hand caused it */
    uint32_t rounds;
    _Alignas(16) unsigned char value[];
};

/* --- The pool --- */

static size_t largest_value(const weir_runtime *runtime)
{
    size_t largest = 0;

    for (const weir_program *program = runtime->programs; program != NULL; program = program->next)
        for (uint32_t g = 0; g < program->module->graph_count; g++) {
            const weir_module_graph *graph = &program->module->graphs[g];
            for (uint32_t o = 0; o < graph->outlet_count; o++) {
                uint32_t to = graph->outlets[o].accumulator;
                size_t size = to != WEIR_NONE ? program->module->accumulators[to].type->size : 0;
                largest = size > largest ? size : largest;
            }
        }
    return largest;
}

weir_status weir_feedback_init(weir_runtime *runtime, weir_error **error)
{
    size_t size = largest_value(runtime);

    if (size == 0)
        return WEIR_OK;
    runtime->feedback_size = (sizeof(weir_feedback) + size + 15) & ~(size_t)15;
    size_t fitting = WEIR_FEEDBACK_BYTES / runtime->feedback_size;
    runtime->feedback_limit =
        fitting < WEIR_FEEDBACK_LIMIT ? (uint32_t)fitting : WEIR_FEEDBACK_LIMIT;
    if (runtime->feedback_limit < WEIR_FEEDBACK_LEAST)
        runtime->feedback_limit = WEIR_FEEDBACK_LEAST;
    /* Not zeroed: what is never used is never touched. */
    runtime->feedback_pool = weir_realloc(NULL, runtime->feedback_limit * runtime->feedback_size);
    if (runtime->feedback_pool == NULL)
        return weir_error_set(error, WEIR_NOMEM, "no memory for what is fed back");
    return weir_origin_init_inner(&runtime->groups, "feedback", runtime->feedback_limit, error);
}

void weir_feedback_free(weir_runtime *runtime)
{
    weir_free(runtime->feedback_pool);
}

static weir_feedback *take_place(weir_runtime *runtime)
{
    weir_feedback *feedback = runtime->free_feedback;

    if (feedback != NULL) {
        runtime->free_feedback = feedback->next;
        return feedback;
    }
    if (runtime->feedback_fresh == runtime->feedback_limit)
        return NULL;
    void *fresh = runtime->feedback_pool + runtime->feedback_fresh++ * runtime->feedback_size;
    return fresh;
}

static void give_back(weir_runtime *runtime, weir_feedback *feedback)
{
    if (feedback == NULL)
        return;
    feedback->next = runtime->free_feedback;
    runtime->free_feedback = feedback;
}

/* --- Feeding back --- */

static void bury(const weir_feedback_target *target, const void *value, const char *reason)
{
    weir_accumulator_work *work = target->accumulator;
    const weir_reactor *reactor = target->reactor;
    weir_dead dead = {.program = work->program,
                      .source = reactor->module->name,
                      .reason = reason,
                      .type = work->accumulator.module->type,
                      .value = value,
                      .sink = work->program->dead_sink};

    if (reactor->tickets == NULL) {
        weir_dead_letter_send(work->program->runtime, &dead);
        return;
    }
    uint32_t burial = ++work->program->runtime->burials;
    for (uint32_t i = 0; i < reactor->module->input_count; i++) {
        weir_ticket *ticket = reactor->tickets[i];
        if (ticket == NULL)
            continue;
        ticket->outcome |= WEIR_DEAD;
        weir_dead_of_ticket(&dead, ticket, burial);
    }
}

/* Names the way that it went round, the shortest one there is. */
static void bury_round(const weir_feedback_target *target, const void *value)
{
    const weir_reactor *reactor = target->reactor;
    const weir_accumulator_work *work = target->accumulator;
    char way[192], reason[256];

    bool round = weir_cycle_name(work->program, reactor, work, way, sizeof way);
    snprintf(reason, sizeof reason, "the %s %s has gone %s %lld time%s ('max_rounds')",
             round ? "cycle" : "chain", way, round ? "round" : "on", (long long)reactor->rounds,
             reactor->rounds == 1 ? "" : "s");
    bury(target, value, reason);
}

static void feed(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    const weir_feedback_target *target = outlet->arg;
    weir_accumulator_work *work = target->accumulator;
    weir_runtime *runtime = work->program->runtime;
    weir_reactor *reactor = target->reactor;
    size_t size = work->accumulator.module->type->size;

    (void)firing;
    if (reactor->rounds >= work->program->config.max_rounds) {
        bury_round(target, value);
        return;
    }
    weir_feedback *feedback = take_place(runtime);
    weir_ticket *ticket =
        feedback != NULL && reactor->tickets != NULL
            ? weir_ticket_join(&runtime->groups, reactor->tickets, reactor->module->input_count)
            : NULL;
    if (feedback == NULL || (ticket == NULL && reactor->tickets != NULL)) {
        give_back(runtime, feedback);
        bury(target, value, "too much is fed back at once");
        return;
    }
    feedback->next = NULL;
    feedback->accumulator = work;
    feedback->reactor = reactor;
    feedback->ticket = ticket;
    feedback->rounds = reactor->rounds + 1;
    memcpy(feedback->value, value, size);
    *runtime->last_fresh = feedback;
    runtime->last_fresh = &feedback->next;
}

static weir_status take(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    feed(outlet, firing, value);
    return WEIR_OK;
}

weir_outlet weir_feedback_outlet(weir_feedback_target *target)
{
    return (weir_outlet){.take = take, .commit = feed, .arg = target};
}

static void route(weir_runtime *runtime, weir_feedback *feedback)
{
    weir_accumulator_work *work = feedback->accumulator;
    weir_ticket *ticket = feedback->ticket;
    weir_event event = {.value = feedback->value,
                        .origin = &work->accumulator.origin,
                        .ticket = ticket,
                        .number = ++runtime->events,
                        .time = runtime->clock.now,
                        .rounds = feedback->rounds};

    if (ticket != NULL) {
        const weir_ticket *first = weir_ticket_first(ticket);
        event.origin = first->origin;
        event.position = first->position;
        event.partition = first->partition;
        event.time = first->time;
    } else {
        event.origin->ledger.received++;
    }
    if (ticket != NULL || weir_origin_has_room(event.origin))
        weir_route_into(work, &event);
    else
        weir_route_refuse(work, &event, "too much of what was fed back waits already");
    weir_event_finish(&event);
}

bool weir_feedback_next(weir_runtime *runtime)
{
    if (runtime->fresh != NULL) {
        *runtime->last_fresh = runtime->feedback;
        runtime->feedback = runtime->fresh;
        runtime->fresh = NULL;
        runtime->last_fresh = &runtime->fresh;
    }
    weir_feedback *feedback = runtime->feedback;
    if (feedback == NULL)
        return false;
    runtime->feedback = feedback->next;
    route(runtime, feedback);
    give_back(runtime, feedback);
    return true;
}
