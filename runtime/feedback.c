/* SPDX-License-Identifier: Apache-2.0 */
/* feedback.c - results that go back into an accumulator as events (rule E3).
 *
 * What one event's firings feed back comes next, before any other, in the order of the results:
 * the results of a step go in front of those that wait already. Each belongs to the event that
 * caused it and holds its ticket.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/runtime.h"

enum { FEEDBACK_LIMIT = 65536 };

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

static void bury(const weir_feedback_target *target, const void *value, const char *reason)
{
    weir_accumulator_work *work = target->accumulator;
    weir_ticket *cause = target->reactor->cause;
    weir_dead dead = {.program = work->program,
                      .source = cause != NULL ? cause->origin->name : target->reactor->module->name,
                      .reason = reason,
                      .type = work->accumulator.module->type,
                      .value = value,
                      .sink = work->program->dead_sink};

    if (cause != NULL) {
        dead.partition = cause->partition;
        dead.position = cause->position;
        dead.time = cause->time;
        cause->outcome |= WEIR_DEAD;
    }
    weir_dead_letter_send(work->program->runtime, &dead);
}

static void feed(const weir_outlet *outlet, weir_firing *firing, const void *value)
{
    const weir_feedback_target *target = outlet->arg;
    weir_accumulator_work *work = target->accumulator;
    weir_runtime *runtime = work->program->runtime;
    weir_reactor *reactor = target->reactor;
    size_t size = work->accumulator.module->type->size;
    char reason[256];

    (void)firing;
    if (reactor->rounds >= work->program->config.max_rounds) {
        snprintf(reason, sizeof reason,
                 "the cycle %s -> %s -> %s has gone round %lld times ('max_rounds')",
                 reactor->module->name, work->accumulator.module->name, reactor->module->name,
                 (long long)reactor->rounds);
        bury(target, value, reason);
        return;
    }
    weir_feedback *feedback =
        runtime->feedback_count < FEEDBACK_LIMIT ? take_free(runtime, size) : NULL;
    if (feedback == NULL) {
        bury(target, value, "too much is fed back at once");
        return;
    }
    feedback->next = NULL;
    feedback->accumulator = work;
    feedback->reactor = reactor;
    feedback->ticket = reactor->cause;
    feedback->rounds = reactor->rounds + 1;
    if (feedback->ticket != NULL)
        weir_ticket_hold(feedback->ticket);
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
        event.origin = ticket->origin;
        event.position = ticket->position;
        event.partition = ticket->partition;
        event.time = ticket->time;
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
    feedback->next = runtime->free_feedback;
    runtime->free_feedback = feedback;
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
