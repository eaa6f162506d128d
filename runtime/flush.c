/* SPDX-License-Identifier: Apache-2.0 */
/* flush.c - accumulators give what they keep: by time, with a firing, by hand, at the end.
 *
 * What would find no place, because firing is held and a queue is full, stays where it is until
 * there is one (rule E7).
 */
#include "runtime/runtime.h"

/* Puts a cell, or all (NULL), into the list of what is flushed next. */
static void flush_later(weir_accumulator_work *work, weir_cell *cell)
{
    weir_runtime *runtime = work->program->runtime;
    weir_flush *flush = cell != NULL ? &weir_cell_head_of(cell)->flush : &work->flush;

    if (flush->due)
        return;
    *flush = (weir_flush){.due = true, .owner = work, .cell = cell};
    *runtime->last_flush = flush;
    runtime->last_flush = &flush->next;
}

void weir_flush_cell(weir_accumulator_work *work, weir_cell *cell)
{
    weir_accumulator *accumulator = &work->accumulator;
    const void *boundary = NULL;
    weir_ticket *ticket = NULL;

    if (!weir_route_has_place(work, cell->key)) {
        flush_later(work, cell);
        return;
    }
    work->firing.now = work->program->runtime->clock.now;
    work->firing.key = cell->key;
    weir_status status =
        accumulator->kind->flush(accumulator, cell, &work->firing, &boundary, &ticket);
    if (status == WEIR_OK) {
        weir_route_boundary(work, cell, boundary, ticket);
    } else if (status != WEIR_AGAIN) {
        work->failed++;
        weir_runtime_log(work->program->runtime, WEIR_WARNING, "accumulators",
                         accumulator->module->name, "%s", work->failure.message);
    }
}

/* All cells that have ever had an event. */
static void flush_each(weir_accumulator_work *work)
{
    for (weir_cell *cell = weir_cells_next(&work->cells, NULL); cell != NULL;
         cell = weir_cells_next(&work->cells, cell)) {
        if (cell->accumulator == NULL)
            continue;
        weir_flush_cell(work, cell);
        weir_route_ask(work->program->runtime);
    }
}

void weir_flush_cells(weir_accumulator_work *work)
{
    flush_each(work);
    weir_route_settle(work->program->runtime);
}

void weir_flush_timer(weir_timer *timer)
{
    weir_cell *cell = timer->arg;
    void *work = cell->accumulator;

    weir_flush_cell(work, cell);
}

/* --- With a firing --- */

/* Under the key that has fired, where both have keys; else under all, also such as are only made by
 * what the firing feeds back. */
static void flush_soon(weir_accumulator_work *work, const uint64_t *key)
{
    weir_cell *cell = NULL;

    if (key != NULL && work->key_words == work->flush_with->key_words) {
        uint64_t hash = weir_table_hash(&work->cells.table, key);
        bool full;
        cell = weir_cells_find(&work->cells, key, hash, work->program->runtime->clock.now, &full);
        if (cell == NULL)
            return; /* no place for the key: nothing can wait under it */
    }
    flush_later(work, cell);
}

void weir_flush_with(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_program *program = reactor->host_arg;

    for (uint32_t i = 0; i < program->module->accumulator_count; i++)
        if (program->accumulators[i].flush_with == reactor)
            flush_soon(&program->accumulators[i], weir_cell_key(reactor, cell));
}

/* What finds a place now; what does not stays in the list until a later look. */
static weir_flush *take_next(weir_runtime *runtime)
{
    for (weir_flush **at = &runtime->flushes; *at != NULL; at = &(*at)->next) {
        weir_flush *flush = *at;
        if (flush->cell != NULL && !weir_route_has_place(flush->owner, flush->cell->key))
            continue;
        *at = flush->next;
        if (*at == NULL)
            runtime->last_flush = at;
        flush->due = false;
        return flush;
    }
    return NULL;
}

bool weir_flush_next(weir_runtime *runtime)
{
    const weir_flush *flush = take_next(runtime);

    if (flush == NULL)
        return false;
    if (flush->cell != NULL)
        weir_flush_cell(flush->owner, flush->cell);
    else
        flush_each(flush->owner);
    return true;
}
