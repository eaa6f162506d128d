/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - gathers events and emits them together: when full, by time, with a firing, at the end.
 *
 * An event that waits in a batch is not done. One ticket of the accumulator stands for the batch
 * under way; the events' own tickets are its parts and are done when it is.
 */
#include "accumulators/options.h"
#include "accumulators/window.h"

static size_t max_size(const weir_accumulator *accumulator)
{
    const weir_batch_config *config = accumulator->config;

    return (size_t)config->max_size;
}

static size_t cell_size(const weir_accumulator *accumulator)
{
    return weir_window_cell_size(accumulator, max_size(accumulator));
}

static weir_status flush(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                         const void **boundary, weir_ticket **ticket)
{
    weir_window_cell *window = (weir_window_cell *)(void *)cell;

    (void)firing;
    accumulator->host->flush_at(accumulator, cell, INT64_MAX);
    if (window->count == 0)
        return WEIR_AGAIN;
    *boundary = weir_window_emit(accumulator, window);
    *ticket = window->ticket;
    window->ticket = NULL;
    window->start += window->count;
    window->count = 0;
    return WEIR_OK;
}

/* Begins a batch: its ticket, and its time. */
static bool begin(weir_accumulator *accumulator, weir_cell *cell, weir_window_cell *window)
{
    const weir_batch_config *config = accumulator->config;
    weir_event batch = {.origin = &accumulator->batches};

    window->ticket = weir_event_hold(&batch);
    if (window->ticket == NULL)
        return false;
    weir_ticket_release(window->ticket, 0); /* the hold of the event that it is not */
    if (config->every != 0)
        accumulator->host->flush_at(accumulator, cell,
                                    weir_later(accumulator->host->now(accumulator), config->every));
    return true;
}

static weir_status take(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket)
{
    weir_window_cell *window = (weir_window_cell *)(void *)cell;
    size_t size = max_size(accumulator);

    if (window->count == 0 && window->ticket == NULL && !begin(accumulator, cell, window))
        return weir_fail(firing, "too many batches are under way");
    weir_ticket *own = weir_event_hold(event);
    if (!weir_ticket_add_part(window->ticket, own)) {
        weir_ticket_release(own, WEIR_DEAD);
        return weir_fail(firing, "out of memory");
    }
    weir_window_append(accumulator, window, size, event->value);
    if (window->count < size)
        return WEIR_AGAIN;
    return flush(accumulator, cell, firing, boundary, ticket);
}

const weir_accumulator_kind weir_batch = {
    .base = {.name = "batch",
             .summary = "Gathers events and emits them together.",
             .options = weir_batch_options,
             .option_count = sizeof weir_batch_options / sizeof *weir_batch_options,
             .config_size = sizeof(weir_batch_config)},
    .cell_size = cell_size,
    .window_items = max_size,
    .take = take,
    .flush = flush,
};
