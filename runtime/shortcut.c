/* SPDX-License-Identifier: Apache-2.0 */
/* shortcut.c - a whole span at once, for events that need little of the general way.
 *
 * When a source feeds one accumulator that passes its events on to one reactor which fires on each,
 * and nothing blocks that reactor, the module's fused function takes the values as they lie in the
 * span; with keys, a few at a time, while those some events ahead are fetched from memory. Where
 * the reactor is `latest`, all of a span but its newest event collapse at once. In a replay the
 * events are handed over one by one, each at its own time, and all else is still done once a span.
 */
#include <string.h>

#include "runtime/key.h"
#include "runtime/runtime.h"

/* What the shortcuts know of their one reactor and the span, and what they have done. */
typedef struct weir_shortcut {
    weir_reactor *reactor;
    uint32_t input, cache; /* where a cell caches it */
    uint64_t bit;          /* of the input */
    size_t size;
    const unsigned char *values;
    const weir_turns *turns; /* a replay's: each event has its own time; else NULL */
    size_t fired, filtered;
    bool failed; /* a firing: whether the way is still open must be asked again */
} weir_shortcut;

bool weir_shortcut_is_open(const weir_source_work *work)
{
    uint32_t allowed = work->collapses ? WEIR_BLOCKED_WAITING : 0;

    return (work->quick || work->collapses) &&
           (work->accumulators[0]->routes[0].reactor->blocked & ~allowed) == 0 &&
           weir_route_can_bury(work);
}

static weir_shortcut begin_shortcut(const weir_source_work *work)
{
    const weir_route *route = &work->accumulators[0]->routes[0];

    route->reactor->firing.now = work->program->runtime->clock.now;
    return (weir_shortcut){.reactor = route->reactor,
                           .input = route->input,
                           .cache = route->reactor->inputs[route->input].cell_offset,
                           .bit = 1ull << route->input,
                           .size = work->source.type->size,
                           .values = work->source.span.values};
}

/* Whether the shortcut goes on to the event at `index`. */
static bool goes_on(weir_source_work *work, const weir_shortcut *way, size_t index)
{
    if (way->reactor->blocked != 0 || way->failed)
        return false;
    if (way->turns == NULL)
        return true;
    bool next = weir_replay_goes_on(work, index, way->turns);
    way->reactor->firing.now = work->program->runtime->clock.now;
    return next && way->reactor->blocked == 0; /* what the turn before ends with may block it */
}

static weir_series begin_series(const weir_shortcut *way, const void **inputs)
{
    const weir_reactor *reactor = way->reactor;

    return (weir_series){.inputs = inputs,
                         .input = way->input,
                         .size = way->size,
                         .held = &reactor->blocked,
                         .frames = reactor->frames,
                         .failed = reactor->failed};
}

/* What the shortcut cannot do: a firing that did not just succeed. */
static void finish_slowly(weir_source_work *work, const weir_shortcut *way, weir_reactor_cell *cell,
                          const void *const *inputs, weir_status status, size_t index)
{
    weir_ticket *tickets[WEIR_INPUT_LIMIT] = {NULL};
    weir_event event;

    weir_route_fill(work, index, &event);
    tickets[way->input] = weir_event_hold(&event);
    work->program->runtime->event = &event;
    weir_reactor_not_ok(way->reactor, cell, status, inputs, tickets);
    work->program->runtime->event = NULL;
    weir_event_finish(&event);
}

/* Fires on the next `count` values. Returns how many are dealt with: what failed among them is the
 * last, and `cells` has its cell (without keys: the only one). */
static size_t run_series(weir_source_work *work, weir_shortcut *way, weir_series *series,
                         weir_reactor_cell *const *cells, size_t index, size_t count)
{
    weir_reactor *reactor = way->reactor;

    series->values = way->values + index * way->size;
    series->count = count;
    series->done = series->filtered = 0;
    weir_status status = reactor->module->fire(&reactor->firing, series);
    way->filtered += series->filtered;
    way->fired += series->done - series->filtered;
    if (__builtin_expect(status == WEIR_OK, 1))
        return series->done;
    way->failed = true;
    weir_reactor_cell *cell = cells[series->keys != NULL ? series->done : 0];
    if (series->keys != NULL)
        weir_cell_live(reactor, cell, reactor->firing.now);
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
    way->reactor->metrics.filtered += way->filtered;
    work->accumulators[0]->events += count;
    work->accumulators[0]->boundaries += count;
    work->program->runtime->events += way->fired + way->filtered;
    weir_ledger_add(ledger, WEIR_FIRED, way->fired);
    weir_ledger_add(ledger, WEIR_FILTERED, way->filtered);
    work->source.taken = end;
}

static void take_quickly(weir_source_work *work, weir_shortcut *way, size_t end)
{
    weir_reactor *reactor = way->reactor;
    weir_series series = begin_series(way, reactor->current);
    size_t index = work->source.taken;

    series.states = weir_cell_states(reactor, reactor->single);
    reactor->shared_present |= way->bit;
    while (index < end && goes_on(work, way, index))
        index += run_series(work, way, &series, &reactor->single, index,
                            way->turns != NULL ? 1 : end - index);
    finish_span(work, way, index);
}

/* --- By key: look ahead in the span, act some at a time --- */

enum { BLOCK = 4, FIND = 16, HASH = 32, RING = 64 }; /* events, the latter two ahead */

/* What is known of the events ahead, by their index modulo RING. */
typedef struct weir_outlook {
    uint64_t hashes[RING];
    weir_entry *entries[RING]; /* guessed */
    uint64_t keys[RING * WEIR_KEY_WORDS];
} weir_outlook;

/* The next events, of which each has a cell. */
typedef struct weir_block {
    weir_reactor_cell *cells[BLOCK];
    weir_series_key keys[BLOCK];
    size_t count;
} weir_block;

static uint64_t *key_at(const weir_shortcut *way, weir_outlook *outlook, size_t index)
{
    return outlook->keys + index % RING * way->reactor->key_words;
}

static void look_at_key(const weir_source_work *work, const weir_shortcut *way,
                        weir_outlook *outlook, size_t index)
{
    const weir_table *table = &way->reactor->keys;
    uint64_t hash =
        weir_key_read(work->accumulators[0]->accumulator.module, way->values + index * way->size,
                      table->seed, key_at(way, outlook, index));

    outlook->hashes[index % RING] = hash;
    weir_table_prefetch_slot(table, hash);
}

static void look_at_entry(const weir_shortcut *way, weir_outlook *outlook, size_t index)
{
    outlook->entries[index % RING] =
        weir_table_guess(&way->reactor->keys, outlook->hashes[index % RING]);
}

/* The cell of the event's key, if a firing can follow: it has a place, and nothing is missing. Only
 * for the very next event one is made: those behind it may be held. */
static weir_reactor_cell *ready_cell(const weir_shortcut *way, weir_outlook *outlook, size_t index,
                                     bool is_next)
{
    weir_reactor *reactor = way->reactor;
    weir_entry *entry = outlook->entries[index % RING];
    const uint64_t *key = key_at(way, outlook, index);
    weir_reactor_cell *cell;
    bool full;

    if (entry != NULL && weir_entry_is(&reactor->keys, entry, key))
        cell = weir_entry_data(&reactor->keys, entry);
    else if (is_next)
        cell = weir_reactor_cell_for(reactor, key, outlook->hashes[index % RING], &full);
    else
        cell = weir_reactor_find(reactor, key, outlook->hashes[index % RING]);
    if (cell == NULL)
        return NULL;
    uint64_t there = weir_cell_present(reactor, cell) | way->bit;
    return (there & reactor->required_mask) == reactor->required_mask ? cell : NULL;
}

/* Finds the cells of the next events, `most` of them, and looks at those ahead. */
static void gather(const weir_source_work *work, const weir_shortcut *way, weir_outlook *outlook,
                   weir_block *block, size_t index, size_t end, size_t most)
{
    weir_reactor *reactor = way->reactor;

    for (block->count = 0; block->count < most && index < end; block->count++, index++) {
        if (index + HASH < end)
            look_at_key(work, way, outlook, index + HASH);
        if (index + FIND < end)
            look_at_entry(way, outlook, index + FIND);
        weir_reactor_cell *cell = ready_cell(way, outlook, index, block->count == 0);
        if (cell == NULL)
            return;
        block->cells[block->count] = cell;
        block->keys[block->count] =
            (weir_series_key){weir_cell_key(reactor, cell), weir_cell_states(reactor, cell)};
    }
}

/* Puts the values that were fired on into their caches. */
static void keep(const weir_shortcut *way, const weir_block *block, size_t index, size_t count)
{
    const unsigned char *value = way->values + index * way->size;

    for (size_t i = 0; i < count; i++, value += way->size) {
        weir_cell_live(way->reactor, block->cells[i], way->reactor->firing.now);
        memcpy((unsigned char *)block->cells[i] + way->cache, value, way->size);
        block->cells[i]->present |= way->bit;
    }
}

static bool take_by_key(weir_source_work *work, weir_shortcut *way, size_t end)
{
    weir_reactor *reactor = way->reactor;
    const void *inputs[WEIR_INPUT_LIMIT];
    weir_series series = begin_series(way, inputs);
    size_t most = reactor->module->input_count == 1 && way->turns == NULL ? BLOCK : 1;
    size_t index = work->source.taken;
    weir_outlook outlook;
    weir_block block = {.count = most};

    series.keys = block.keys;
    reactor->ever_present |= way->bit;
    for (size_t i = 0; i < HASH && index + i < end; i++)
        look_at_key(work, way, &outlook, index + i);
    for (size_t i = 0; i < FIND && index + i < end; i++)
        look_at_entry(way, &outlook, index + i);
    while (index < end && goes_on(work, way, index)) {
        gather(work, way, &outlook, &block, index, end, most);
        if (block.count == 0)
            break;
        if (most == 1)
            weir_cell_inputs(reactor, block.cells[0], inputs);
        size_t count = run_series(work, way, &series, block.cells, index, block.count);
        keep(way, &block, index, count);
        index += count;
    }
    finish_span(work, way, index);
    return block.count != 0;
}

/* --- Bursts --- */

/* All but the newest collapse; that one takes their place in the general way. One by one they would
 * be two in flight: the one that waits and the one that overwrites it. */
static void collapse(weir_source_work *work, size_t end)
{
    weir_source *source = &work->source;
    size_t taken = source->taken, count = end - 1 - taken;

    source->taken = end - 1;
    if (!weir_route_can_take(work) || source->origin.in_flight + 1 >= source->origin.limit) {
        source->taken = taken;
        return;
    }
    work->accumulators[0]->events += count;
    work->accumulators[0]->boundaries += count;
    work->accumulators[0]->routes[0].reactor->metrics.collapsed += count;
    work->program->runtime->events += count;
    weir_ledger_add(&source->origin.ledger, WEIR_COLLAPSED, count);
}

bool weir_shortcut_take(weir_source_work *work, size_t end)
{
    if (work->collapses) {
        collapse(work, end);
        return false;
    }
    weir_shortcut way = begin_shortcut(work);
    if (work->accumulators[0]->key_words != 0)
        return take_by_key(work, &way, end);
    take_quickly(work, &way, end);
    return true;
}

void weir_shortcut_take_turns(weir_source_work *work, size_t end, const weir_turns *turns)
{
    weir_source *source = &work->source;

    if (!work->quick || !weir_shortcut_is_open(work))
        return;
    weir_shortcut way = begin_shortcut(work);
    way.turns = turns;
    if (work->accumulators[0]->key_words != 0)
        take_by_key(work, &way, end);
    else
        take_quickly(work, &way, end);
    weir_reactor_settle(way.reactor, source->span.values, source->span.count * source->type->size);
}
