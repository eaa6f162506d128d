/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - a private state, and a boundary computed from it and the event. */
#include "accumulators/accumulator.h"

#include <string.h>

/* A cell: | head | out (boundary's size, rounded up) | state | the state before |. */
static size_t out_size(const weir_accumulator *accumulator)
{
    return (accumulator->module->boundary->size + 15u) & ~(size_t)15;
}

static size_t state_size(const weir_accumulator *accumulator)
{
    return (accumulator->module->state_size + 15u) & ~(size_t)15;
}

static size_t cell_size(const weir_accumulator *accumulator)
{
    return sizeof(weir_cell) + out_size(accumulator) + 2 * state_size(accumulator);
}

/* An event that fails leaves the state as it was. */
static weir_status take(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket)
{
    unsigned char *out = (unsigned char *)(cell + 1);
    unsigned char *state = out + out_size(accumulator);
    unsigned char *before = state + state_size(accumulator);
    size_t size = accumulator->module->state_size;

    (void)ticket;
    memcpy(before, state, size);
    memset(out, 0, accumulator->module->boundary->size);
    weir_status status = accumulator->module->update(firing, event->value, state, out);
    if (status != WEIR_OK && status != WEIR_SKIP)
        memcpy(state, before, size);
    *boundary = out;
    return status;
}

const weir_accumulator_kind weir_stream = {
    .base = {.name = "stream",
             .summary = "Computes a boundary from each event and a private state."},
    .cell_size = cell_size,
    .take = take,
};
