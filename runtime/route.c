/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - one event through its accumulators to the reactors.
 *
 * This is the general way, which does all that section E asks for; shortcut.c has the one for
 * events that need little of it.
 */
#include <string.h>

#include "runtime/key.h"
#include "runtime/runtime.h"

/* --- Keys --- */

const uint64_t *weir_key_of(const weir_accumulator_work *work, const void *value, uint64_t *room)
{
    weir_key_read(work->accumulator.module, value, 0, room);
    return room;
}

/* --- Asking --- */

void weir_route_ask_later(weir_runtime *runtime, weir_reactor *reactor, weir_reactor_cell *cell)
{
    uint32_t at = 0;

    /* Who asks all asks in the order in which they began to wait; no cell goes before that. */
    for (uint32_t i = 0; i < runtime->asking_count; i++) {
        const weir_asking *other = &runtime->asking[i];
        if (other->reactor == reactor && (other->cell == NULL || other->cell == cell))
            return;
        if (other->reactor != reactor || cell != NULL)
            runtime->asking[at++] = *other;
    }
    runtime->asking_count = at;
    while (at > 0 && runtime->asking[at - 1].reactor->rank > reactor->rank) {
        runtime->asking[at] = runtime->asking[at - 1];
        at--;
    }
    runtime->asking[at] = (weir_asking){reactor, cell};
    runtime->asking_count++;
}

static void ask(weir_reactor *reactor, weir_reactor_cell *cell)
{
    if (reactor->module->strategy == WEIR_LATEST)
        weir_reactor_look(reactor, cell);
    else if (cell != NULL)
        weir_reactor_ask(reactor, cell);
    else
        weir_reactor_ask_all(reactor);
}

void weir_route_ask(weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->asking_count; i++)
        ask(runtime->asking[i].reactor, runtime->asking[i].cell);
    runtime->asking_count = 0;
}

void weir_route_settle(weir_runtime *runtime)
{
    do {
        weir_route_ask(runtime);
    } while (weir_feedback_next(runtime) || weir_flush_next(runtime));
}

void weir_route_refuse(weir_accumulator_work *work, weir_event *event, const char *reason)
{
    event->outcome |= WEIR_DEAD;
    if (event->ticket != NULL)
        event->ticket->outcome |= WEIR_DEAD;
    weir_dead_of_event(work, event, reason);
}

/* --- Boundaries --- */

static const char *why_no_cell(bool full)
{
    return full ? "'max_keys' keys are there already" : "out of memory for another key";
}

/* The cell of the reactor that a boundary belongs to: of its key, or the only one. */
static weir_reactor_cell *cell_of(const weir_route *route, const uint64_t *key, bool *full)
{
    weir_reactor *reactor = route->reactor;

    *full = false;
    if (reactor->key_words == 0)
        return reactor->single;
    if (!reactor->inputs[route->input].keyed)
        return NULL;
    return weir_reactor_cell_for(reactor, key, weir_table_hash(&reactor->keys, key), full);
}

/* A batch that finds no place ends as the dead letters of its events. */
static void refuse_boundary(weir_accumulator_work *work, const void *boundary, weir_event *event,
                            weir_ticket *ticket, const char *reason)
{
    if (ticket == NULL) {
        weir_route_refuse(work, event, reason);
        return;
    }
    ticket->outcome |= WEIR_DEAD;
    weir_dead_of_kept(work, boundary, ticket, reason);
}

static void offer(weir_accumulator_work *work, const weir_route *route, const uint64_t *key,
                  const void *boundary, weir_event *event, weir_ticket *ticket)
{
    weir_runtime *runtime = work->program->runtime;
    weir_reactor *reactor = route->reactor;
    bool full;
    weir_reactor_cell *cell = cell_of(route, key, &full);

    if (cell == NULL && reactor->key_words != 0 && reactor->inputs[route->input].keyed) {
        refuse_boundary(work, boundary, event, ticket, why_no_cell(full));
        return;
    }
    if (cell != NULL)
        weir_cell_live(reactor, cell, runtime->clock.now);
    if (ticket != NULL)
        weir_ticket_hold(ticket);
    weir_reactor_offer(reactor, cell, route->input, boundary, event, ticket);
    weir_route_ask_later(runtime, reactor, cell);
}

static void offer_all(weir_accumulator_work *work, const uint64_t *key, const void *boundary,
                      weir_event *event, weir_ticket *ticket)
{
    work->boundaries++;
    for (uint32_t i = 0; i < work->route_count; i++)
        offer(work, &work->routes[i], key, boundary, event, ticket);
    if (ticket != NULL)
        weir_ticket_release(ticket, work->route_count == 0 ? WEIR_KEPT : 0);
}

void weir_route_boundary(weir_accumulator_work *work, weir_cell *cell, const void *boundary,
                         weir_ticket *ticket)
{
    weir_runtime *runtime = work->program->runtime;
    weir_event event = {.value = work->accumulator.module->window ? NULL : boundary,
                        .origin = &work->accumulator.origin,
                        .ticket = ticket,
                        .number = ++runtime->events,
                        .time = runtime->clock.now,
                        .position = (int64_t)work->boundaries};

    if (ticket != NULL) {
        offer_all(work, cell->key, boundary, &event, ticket);
        return;
    }
    event.origin->ledger.received++;
    if (weir_origin_has_room(event.origin))
        offer_all(work, cell->key, boundary, &event, NULL);
    else
        weir_route_refuse(work, &event, "too many of its boundaries wait already");
    weir_event_finish(&event);
}

/* --- One event --- */

static weir_status take(weir_accumulator_work *work, weir_event *event, const uint64_t *key,
                        const void **boundary, weir_ticket **ticket)
{
    weir_accumulator *accumulator = &work->accumulator;
    weir_cell *cell = NULL;
    weir_firing *firing = &work->firing;

    firing->now = work->program->runtime->clock.now;
    firing->key = key;
    if (accumulator->module->where != NULL) {
        weir_status status = accumulator->module->where(firing, event->value);
        if (status != WEIR_OK)
            return status;
    }
    if (work->has_cells) {
        uint64_t hash = key != NULL ? weir_table_hash(&work->cells.table, key) : 0;
        bool full;
        cell = weir_cells_find(&work->cells, key, hash, firing->now, &full);
        if (cell == NULL)
            return weir_fail(firing, "%s", why_no_cell(full));
    }
    return accumulator->kind->take(accumulator, cell, firing, event, boundary, ticket);
}

/* An event that gives no boundary keeps its key alive all the same. */
static void keep_key(const weir_accumulator_work *work, const uint64_t *key)
{
    for (uint32_t i = 0; i < work->route_count && work->has_cells; i++) {
        const weir_reactor *reactor = work->routes[i].reactor;
        if (reactor->config.ttl == INT64_MAX || reactor->key_words == 0)
            continue;
        weir_reactor_cell *cell =
            weir_reactor_find(reactor, key, weir_table_hash(&reactor->keys, key));
        if (cell != NULL)
            weir_cell_live(reactor, cell, work->program->runtime->clock.now);
    }
}

void weir_route_into(weir_accumulator_work *work, weir_event *event)
{
    uint64_t room[WEIR_KEY_WORDS];
    const uint64_t *key = work->key_words != 0 ? weir_key_of(work, event->value, room) : NULL;
    const void *boundary = NULL;
    weir_ticket *ticket = NULL;

    work->events++;
    weir_status status = take(work, event, key, &boundary, &ticket);
    if (status == WEIR_OK) {
        offer_all(work, key, boundary, event, ticket);
        return;
    }
    if (key != NULL)
        keep_key(work, key);
    if (status == WEIR_SKIP) {
        work->filtered++;
        event->outcome |= WEIR_FILTERED;
    } else if (status != WEIR_AGAIN) {
        work->failed++;
        weir_route_refuse(work, event, work->failure.message);
    }
}

bool weir_route_inject(weir_accumulator_work *work, const void *value)
{
    weir_runtime *runtime = work->program->runtime;
    weir_origin *origin = &work->accumulator.origin;
    uint64_t room[WEIR_KEY_WORDS];
    const uint64_t *key = work->key_words != 0 ? weir_key_of(work, value, room) : NULL;

    if (!weir_origin_has_room(origin) || !weir_route_has_place(work, key))
        return false;
    weir_event event = {.value = value,
                        .origin = origin,
                        .number = ++runtime->events,
                        .position = (int64_t)origin->ledger.received++,
                        .time = INT64_MIN};
    runtime->event = &event;
    weir_route_into(work, &event);
    weir_route_settle(runtime);
    runtime->event = NULL;
    weir_event_finish(&event);
    return true;
}

static void route_event(weir_source_work *work, weir_event *event)
{
    weir_runtime *runtime = work->program->runtime;

    runtime->event = event;
    for (uint32_t i = 0; i < work->accumulator_count; i++)
        weir_route_into(work->accumulators[i], event);
    weir_route_settle(runtime);
    runtime->event = NULL;
    weir_event_finish(event);
}

/* --- Spans --- */

void weir_route_fill(weir_source_work *work, size_t index, weir_event *event)
{
    const weir_source *source = &work->source;
    const weir_span *span = &source->span;
    uint32_t time_offset = source->module->time_offset;

    *event = (weir_event){.value = span->values + index * source->type->size,
                          .origin = &work->source.origin,
                          .number = ++work->program->runtime->events,
                          .position = span->first_position + (int64_t)index,
                          .time = INT64_MIN,
                          .partition = span->partition};
    if (time_offset != WEIR_NONE)
        memcpy(&event->time, (const unsigned char *)event->value + time_offset, sizeof event->time);
    if (span->raw != NULL)
        event->raw = span->raw[index];
}

bool weir_route_can_bury(const weir_source_work *work)
{
    return work->sink < 0 || weir_sink_is_ready(&work->program->sinks[work->sink]);
}

bool weir_route_has_place(const weir_accumulator_work *work, const uint64_t *key)
{
    for (uint32_t i = 0; i < work->route_count; i++) {
        const weir_route *route = &work->routes[i];
        const weir_reactor *reactor = route->reactor;
        const weir_reactor_cell *cell = reactor->single;
        if (reactor->blocked == 0)
            continue;
        if (reactor->key_words != 0 && key != NULL)
            cell = weir_reactor_find(reactor, key, weir_table_hash(&reactor->keys, key));
        if (weir_reactor_is_full(reactor, cell, route->input, route->same_source))
            return false;
    }
    return true;
}

/* The usual case, told without the key. */
static bool is_free(const weir_accumulator_work *work)
{
    for (uint32_t i = 0; i < work->route_count; i++)
        if (work->routes[i].reactor->blocked != 0)
            return false;
    return true;
}

/* An event is not taken while one of the queues that it would enter is full and held. */
static bool can_take(const weir_source_work *work, const void *value)
{
    const weir_source *source = &work->source;
    int64_t position = source->span.first_position + (int64_t)source->taken;

    if (!weir_origin_has_room(&source->origin) || !weir_origin_reaches(&source->origin, position) ||
        !weir_route_can_bury(work))
        return false;
    for (uint32_t a = 0; a < work->accumulator_count; a++) {
        const weir_accumulator_work *accumulator = work->accumulators[a];
        uint64_t room[WEIR_KEY_WORDS];
        if (is_free(accumulator))
            continue;
        const uint64_t *key =
            accumulator->key_words != 0 ? weir_key_of(accumulator, value, room) : NULL;
        if (!weir_route_has_place(accumulator, key))
            return false;
    }
    return true;
}

bool weir_route_can_take(const weir_source_work *work)
{
    const weir_source *source = &work->source;

    if (source->taken == source->span.count)
        return weir_route_can_bury(work) &&
               (!source->refusal.waiting ||
                (weir_origin_reaches(&source->origin, source->refusal.position) &&
                 (source->refusal.deletes == NULL || weir_forget_can(work))));
    return can_take(work, source->span.values + source->taken * source->type->size);
}

static void route_slowly(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    weir_event event;

    while (source->taken < end) {
        work->stalled = !weir_route_can_take(work);
        if (work->stalled)
            return;
        weir_route_fill(work, source->taken++, &event);
        route_event(work, &event);
        if (weir_shortcut_is_open(work))
            return;
    }
}

void weir_route_span(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    size_t size = source->span.count * source->type->size;

    work->stalled = false;
    while (source->taken < end && !work->stalled) {
        if (!weir_shortcut_is_open(work) || !weir_shortcut_take(work, end))
            route_slowly(work, end);
    }
    if (source->origin.commits && source->span.count != 0)
        source->origin.partitions[source->origin.place].next =
            source->span.first_position + (int64_t)source->taken;
    for (uint32_t i = 0; i < work->accumulator_count; i++)
        for (uint32_t r = 0; r < work->accumulators[i]->route_count; r++)
            weir_reactor_settle(work->accumulators[i]->routes[r].reactor, source->span.values,
                                size);
}
