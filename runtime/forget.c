/* SPDX-License-Identifier: Apache-2.0 */
/* forget.c - a key goes, with all that is kept under it: after its `ttl:`, or because its source
 * says so.
 *
 * What a source deletes goes in its turn: after the events before it, and before those behind it.
 * So it waits for a firing of the key that is tried again, and for what is held; what waits for a
 * partner becomes dead letters.
 */
#include "runtime/runtime.h"

/* --- Accumulators --- */

static void unlink_flush(weir_runtime *runtime, const weir_flush *flush)
{
    for (weir_flush **at = &runtime->flushes; *at != NULL && flush->due; at = &(*at)->next)
        if (*at == flush) {
            *at = flush->next;
            if (*at == NULL)
                runtime->last_flush = at;
            return;
        }
}

/* What the kind keeps for later ends as dead letters. */
static void bury_kept(weir_accumulator_work *work, weir_cell *cell, const char *reason)
{
    weir_accumulator *accumulator = &work->accumulator;
    const void *boundary = NULL;
    weir_ticket *ticket = NULL;

    if (accumulator->kind->flush == NULL)
        return;
    work->firing.now = work->program->runtime->clock.now;
    work->firing.key = cell->key;
    if (accumulator->kind->flush(accumulator, cell, &work->firing, &boundary, &ticket) != WEIR_OK ||
        ticket == NULL)
        return;
    weir_dead_of_kept(work, boundary, ticket, reason);
    weir_ticket_release(ticket, WEIR_DEAD);
}

static void forget(weir_accumulator_work *work, weir_cell *cell, const char *reason)
{
    bury_kept(work, cell, reason);
    unlink_flush(work->program->runtime, &weir_cell_head_of(cell)->flush);
    weir_cells_remove(&work->cells, cell);
}

void weir_forget_timer(weir_timer *timer)
{
    weir_cell *cell = timer->arg;
    void *owner = cell->accumulator->host_arg;
    weir_accumulator_work *work = owner;
    weir_runtime *runtime = work->program->runtime;
    int64_t due =
        weir_later(weir_cell_life_of(weir_cell_head_of(cell))->last_event, work->cells.ttl);

    if (due > runtime->clock.now)
        weir_timer_arm(&runtime->timers, timer, due);
    else
        forget(work, cell, "its key had no event for the time of 'ttl'");
}

/* --- Because the source says so --- */

static weir_cell *cell_at(const weir_accumulator_work *work, const uint64_t *key)
{
    return work->has_cells ? weir_cells_at(&work->cells, key) : NULL;
}

static weir_reactor_cell *reactor_cell_at(const weir_route *route, const uint64_t *key)
{
    const weir_reactor *reactor = route->reactor;

    return reactor->inputs[route->input].keyed
               ? weir_reactor_find(reactor, key, weir_table_hash(&reactor->keys, key))
               : NULL;
}

bool weir_forget_can(const weir_source_work *work)
{
    uint64_t room[WEIR_KEY_WORDS];

    for (uint32_t a = 0; a < work->accumulator_count; a++) {
        const weir_accumulator_work *accumulator = work->accumulators[a];
        if (accumulator->key_words == 0)
            continue;
        const uint64_t *key = weir_key_of(accumulator, work->source.refusal.deletes, room);
        weir_cell *cell = cell_at(accumulator, key);
        if (cell != NULL && weir_cell_head_of(cell)->flush.due)
            return false;
        for (uint32_t r = 0; r < accumulator->route_count; r++) {
            const weir_route *route = &accumulator->routes[r];
            const weir_reactor_cell *kept = reactor_cell_at(route, key);
            if (kept != NULL && weir_cell_is_needed(route->reactor, kept))
                return false;
        }
    }
    return true;
}

static void forget_key(weir_accumulator_work *work, const void *value)
{
    static const char reason[] = "its key was deleted by a tombstone";
    uint64_t room[WEIR_KEY_WORDS];
    const uint64_t *key = weir_key_of(work, value, room);
    weir_cell *cell = cell_at(work, key);

    if (cell != NULL)
        forget(work, cell, reason);
    for (uint32_t r = 0; r < work->route_count; r++) {
        weir_reactor_cell *kept = reactor_cell_at(&work->routes[r], key);
        if (kept != NULL)
            weir_cell_forget(work->routes[r].reactor, kept, reason, true);
    }
}

void weir_forget_key(weir_source_work *work)
{
    weir_source *source = &work->source;
    const void *value = source->refusal.deletes;

    for (uint32_t a = 0; a < work->accumulator_count; a++)
        if (work->accumulators[a]->key_words != 0)
            forget_key(work->accumulators[a], value);
    source->refusal.waiting = false;
    source->refusal.deletes = NULL;
    source->origin.ledger.dropped++;
    if (source->origin.commits)
        source->origin.partitions[source->origin.place].next = source->refusal.position + 1;
}
