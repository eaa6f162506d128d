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
    size_t size;
    _Alignas(16) unsigned char value[];
};

/* One that is large enough; sizes differ little, so that the first is mostly taken. */
static weir_feedback *take_free(weir_runtime *runtime, size_t size)
{
    for (weir_feedback **at = &runtime->free_feedback; *at != NULL; at = &(*at)->next) {
        weir_feedback *feedback = *at;
        if (feedback->size < size)
            continue;
        *at = feedback->next;
        return feedback;
    }
    weir_feedback *feedback = weir_alloc(sizeof *feedback + size);
    if (feedback != NULL)
        feedback->size = size;
    return feedback;
}

static void give_back(weir_runtime *runtime, weir_feedback *feedback)
{
    if (feedback == NULL)
        return;
    feedback->next = runtime->free_feedback;
    runtime->free_feedback = feedback;
}

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
    weir_feedback *feedback =
        runtime->feedback_count < WEIR_FEEDBACK_LIMIT ? take_free(runtime, size) : NULL;
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
    runtime->feedback_count++;
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
    runtime->feedback_count--;
    route(runtime, feedback);
    give_back(runtime, feedback);
    return true;
}

static void free_list(weir_feedback *feedback)
{
    while (feedback != NULL) {
        weir_feedback *next = feedback->next;
        weir_free(feedback);
        feedback = next;
    }
}

void weir_feedback_free(weir_runtime *runtime)
{
    free_list(runtime->feedback);
    free_list(runtime->fresh);
    free_list(runtime->free_feedback);
}
