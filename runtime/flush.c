/* SPDX-License-Identifier: Apache-2.0 */
/* flush.c - accumulators give what they keep: by time, with a firing, by hand, at the end. */
#include "runtime/runtime.h"

void weir_flush_cell(weir_accumulator_work *work, weir_cell *cell)
{
    weir_accumulator *accumulator = &work->accumulator;
    const void *boundary = NULL;
    weir_ticket *ticket = NULL;

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

void weir_flush_cells(weir_accumulator_work *work)
{
    weir_runtime *runtime = work->program->runtime;

    for (weir_cell *cell = weir_cells_next(&work->cells, NULL); cell != NULL;
         cell = weir_cells_next(&work->cells, cell)) {
        if (cell->accumulator == NULL)
            continue;
        weir_flush_cell(work, cell);
        weir_route_settle(runtime);
    }
}

void weir_flush_timer(weir_timer *timer)
{
    weir_cell *cell = timer->arg;
    void *work = cell->accumulator;

    weir_flush_cell(work, cell);
}

/* --- With a firing ---------------------------------------------------------------------------- */

static void flush_soon(weir_runtime *runtime, weir_cell *cell)
{
    weir_cell_head *head = weir_cell_head_of(cell);

    if (head->flush_due || cell->accumulator == NULL)
        return;
    head->flush_due = true;
    head->next_flush = NULL;
    *runtime->last_flush = head;
    runtime->last_flush = &head->next_flush;
}

/* Under the key that has fired, where both have keys; else under all. */
static void flush_cells_with(weir_accumulator_work *work, const uint64_t *key)
{
    weir_runtime *runtime = work->program->runtime;

    if (key != NULL && work->key_words == work->flush_with->key_words) {
        weir_cell *cell = weir_cells_get(&work->cells, key);
        if (cell != NULL)
            flush_soon(runtime, cell);
        return;
    }
    for (weir_cell *cell = weir_cells_next(&work->cells, NULL); cell != NULL;
         cell = weir_cells_next(&work->cells, cell))
        flush_soon(runtime, cell);
}

void weir_flush_with(weir_reactor *reactor, weir_reactor_cell *cell)
{
    weir_program *program = reactor->host_arg;

    for (uint32_t i = 0; i < program->module->accumulator_count; i++)
        if (program->accumulators[i].flush_with == reactor)
            flush_cells_with(&program->accumulators[i], weir_cell_key(reactor, cell));
}

bool weir_flush_next(weir_runtime *runtime)
{
    weir_cell_head *head = runtime->flushes;

    if (head == NULL)
        return false;
    runtime->flushes = head->next_flush;
    if (runtime->flushes == NULL)
        runtime->last_flush = &runtime->flushes;
    head->flush_due = false;
    void *work = head->cell.accumulator;
    weir_flush_cell(work, &head->cell);
    return true;
}
