/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - keeps the last values and emits them all at each write. */
#include "accumulators/options.h"
#include "accumulators/window.h"

static size_t size_of(const weir_accumulator *accumulator)
{
    const weir_state_config *config = accumulator->config;

    return (size_t)config->size;
}

static size_t cell_size(const weir_accumulator *accumulator)
{
    return weir_window_cell_size(accumulator, size_of(accumulator));
}

static weir_status take(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket)
{
    weir_window_cell *window = (weir_window_cell *)(void *)cell;
    size_t size = size_of(accumulator);

    (void)firing;
    (void)ticket;
    if (window->count == size) {
        window->start++;
        window->count--;
    }
    weir_window_append(accumulator, window, size, event->value);
    *boundary = weir_window_emit(accumulator, window);
    return WEIR_OK;
}

const weir_accumulator_kind weir_state = {
    .base = {.name = "state",
             .summary = "Keeps the last values and emits them all at each write.",
             .options = weir_state_options,
             .option_count = sizeof weir_state_options / sizeof *weir_state_options,
             .config_size = sizeof(weir_state_config)},
    .cell_size = cell_size,
    .window_items = size_of,
    .take = take,
};
