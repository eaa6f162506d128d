/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - one event through its accumulators to the reactors, and whole spans the short way.
 *
 * The general way does all that section E asks for. Most events need little of it: when a source
 * feeds one accumulator that passes them on to one reactor which fires on each, and nothing blocks
 * that reactor, the span's loop calls the fused function itself.
 */
#include <string.h>

#include "runtime/runtime.h"

/* --- Keys --- */

const uint64_t *weir_key_of(const weir_accumulator_work *work, const void *value, uint64_t *room)
{
    const weir_module_accumulator *module = work->accumulator.module;
    unsigned char *to = (unsigned char *)room;

    if (work->single_part) {
        const unsigned char *at = (const unsigned char *)value + module->key_parts[0].offset;
        memcpy(room, at, work->key_words * sizeof *room);
        return room;
    }
    memset(room, 0, work->key_words * sizeof *room);
    for (uint32_t i = 0; i < module->key_part_count; i++) {
        const weir_key_part *part = &module->key_parts[i];
        memcpy(to, (const unsigned char *)value + part->offset, part->size);
        to += (part->size + 7u) & ~7u;
    }
    return room;
}

/* --- Asking --- */

void weir_route_ask_later(weir_runtime *runtime, weir_reactor *reactor, weir_reactor_cell *cell)
{
    uint32_t at = runtime->asking_count;

    for (uint32_t i = 0; i < runtime->asking_count; i++)
        if (runtime->asking[i].reactor == reactor && runtime->asking[i].cell == cell)
            return;
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
        cell->last_event = runtime->clock.now;
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
            cell->last_event = work->program->runtime->clock.now;
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

static void fill_event(weir_source_work *work, size_t index, weir_event *event)
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

/* Without places for its dead letters a source is not read. */
static bool can_bury(const weir_source_work *work)
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
        !can_bury(work))
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
        return can_bury(work) && (!source->refusal.waiting ||
                                  weir_origin_reaches(&source->origin, source->refusal.position));
    return can_take(work, source->span.values + source->taken * source->type->size);
}

/* True while nothing keeps the span from the shortcut. */
static bool can_hurry(const weir_source_work *work)
{
    return work->quick && work->accumulators[0]->routes[0].reactor->blocked == 0 && can_bury(work);
}

/* What the shortcuts know of their one reactor and the span. */
typedef struct weir_shortcut {
    weir_reactor *reactor;
    uint32_t input;
    size_t size;
    const unsigned char *values;
    size_t fired, filtered;
} weir_shortcut;

static void route_slowly(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    weir_event event;

    while (source->taken < end) {
        work->stalled = !weir_route_can_take(work);
        if (work->stalled)
            return;
        fill_event(work, source->taken++, &event);
        route_event(work, &event);
        if (can_hurry(work))
            return;
    }
}

/* What the shortcut cannot do: a firing that did not just succeed. */
static void finish_slowly(weir_source_work *work, const weir_shortcut *way, weir_reactor_cell *cell,
                          const void *const *inputs, weir_status status, size_t index)
{
    weir_ticket *tickets[WEIR_INPUT_LIMIT] = {NULL};
    weir_event event;

    fill_event(work, index, &event);
    tickets[way->input] = weir_event_hold(&event);
    work->program->runtime->event = &event;
    weir_reactor_not_ok(way->reactor, cell, status, inputs, tickets);
    work->program->runtime->event = NULL;
    weir_event_finish(&event);
}

/* Fires on a series of one cell. Returns how many of its values are dealt with; what failed among
 * them is the last. */
static size_t run_series(weir_source_work *work, weir_shortcut *way, weir_reactor_cell *cell,
                         weir_series *series, size_t index)
{
    weir_reactor *reactor = way->reactor;

    series->input = way->input;
    series->values = way->values + index * way->size;
    series->size = way->size;
    weir_status status = reactor->module->fire(&reactor->firing, series);
    reactor->metrics.filtered += series->filtered;
    way->filtered += series->filtered;
    way->fired += series->done - series->filtered;
    if (__builtin_expect(status == WEIR_OK, 1))
        return series->done;
    finish_slowly(work, way, cell, series->inputs, status, index + series->done);
    return series->done + 1;
}

/* Counts what the shortcut has done up to `end`, but for what failed: that counts itself. */
static void finish_span(weir_source_work *work, const weir_shortcut *way, size_t end)
{
    weir_ledger *ledger = &work->source.origin.ledger;
    size_t count = end - work->source.taken;

    if (way->fired != 0)
        way->reactor->metrics.last_fired = (uint64_t)way->reactor->firing.now;
    work->accumulators[0]->events += count;
    work->accumulators[0]->boundaries += count;
    work->program->runtime->events += way->fired + way->filtered;
    weir_ledger_add(ledger, WEIR_FIRED, way->fired);
    weir_ledger_add(ledger, WEIR_FILTERED, way->filtered);
    work->source.taken = end;
}

static weir_shortcut begin_shortcut(const weir_source_work *work)
{
    const weir_route *route = &work->accumulators[0]->routes[0];

    route->reactor->firing.now = work->program->runtime->clock.now;
    return (weir_shortcut){.reactor = route->reactor,
                           .input = route->input,
                           .size = work->source.type->size,
                           .values = work->source.span.values};
}

static void route_quickly(weir_source_work *work, size_t end)
{
    weir_shortcut way = begin_shortcut(work);
    weir_reactor *reactor = way.reactor;
    size_t index = work->source.taken;

    reactor->shared_present |= 1ull << way.input;
    while (index < end && reactor->blocked == 0) {
        weir_series series = weir_reactor_series(reactor, reactor->single, NULL);
        series.count = end - index;
        index += run_series(work, &way, reactor->single, &series, index);
    }
    finish_span(work, &way, index);
}

/* --- By key: look ahead in the span, act one by one --- */

enum { FIND = 16, HASH = 32, RING = 64 }; /* events ahead */

/* The cell of the event's key, if a firing can follow: it has a place, and nothing is missing. */
static weir_reactor_cell *ready_cell(const weir_shortcut *way, const uint64_t *key, uint64_t hash)
{
    weir_reactor *reactor = way->reactor;
    bool full;
    weir_reactor_cell *cell = weir_reactor_cell_for(reactor, key, hash, &full);

    if (cell == NULL)
        return NULL;
    uint64_t there = weir_cell_present(reactor, cell) | 1ull << way->input;
    return (there & reactor->required_mask) == reactor->required_mask ? cell : NULL;
}

/* Fires on one event. False: it must go the slow way. */
static bool step_key(weir_source_work *work, weir_shortcut *way, size_t index, uint64_t hash)
{
    uint64_t room[WEIR_KEY_WORDS];
    const void *inputs_room[WEIR_INPUT_LIMIT];
    weir_reactor *reactor = way->reactor;
    const void *value = way->values + index * way->size;
    weir_reactor_cell *cell =
        ready_cell(way, weir_key_of(work->accumulators[0], value, room), hash);

    if (cell == NULL)
        return false;
    weir_cell_keep(reactor, cell, way->input, value);
    cell->last_event = reactor->firing.now;
    reactor->firing.key = weir_cell_key(reactor, cell);
    weir_series series = weir_reactor_series(reactor, cell, inputs_room);
    run_series(work, way, cell, &series, index);
    return true;
}

/* True: it stopped at an event that must go the slow way. */
static bool route_by_key(weir_source_work *work, size_t end)
{
    weir_shortcut way = begin_shortcut(work);
    const weir_table *table = &way.reactor->keys;
    uint64_t hashes[RING], room[WEIR_KEY_WORDS];
    size_t start = work->source.taken, index = start;
    bool stopped = false;

    for (size_t ahead = start; index < end && way.reactor->blocked == 0 && !stopped; ahead++) {
        if (ahead < end) {
            const uint64_t *key =
                weir_key_of(work->accumulators[0], way.values + ahead * way.size, room);
            hashes[ahead % RING] = weir_table_hash(table, key);
            weir_table_prefetch_slot(table, hashes[ahead % RING]);
        }
        if (ahead >= start + FIND && ahead - FIND < end)
            weir_table_prefetch_entry(table, hashes[(ahead - FIND) % RING]);
        if (ahead < start + HASH)
            continue;
        stopped = !step_key(work, &way, index, hashes[index % RING]);
        index += !stopped;
    }
    finish_span(work, &way, index);
    return stopped;
}

void weir_route_span(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    size_t size = source->span.count * source->type->size;

    work->stalled = false;
    while (source->taken < end && !work->stalled) {
        bool slowly = !can_hurry(work);
        if (!slowly && work->accumulators[0]->key_words != 0)
            slowly = route_by_key(work, end);
        else if (!slowly)
            route_quickly(work, end);
        if (slowly)
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
