/* SPDX-License-Identifier: Apache-2.0 */
/* window.c - the ring that batch and state accumulators emit their windows from. */
#include "accumulators/window.h"

#include <string.h>

size_t weir_window_cell_size(const weir_accumulator *accumulator, size_t items)
{
    return sizeof(weir_window_cell) + 2 * items * accumulator->module->type->size;
}

void weir_window_append(weir_accumulator *accumulator, weir_window_cell *cell, size_t size,
                        const void *value)
{
    size_t item_size = accumulator->module->type->size;

    if (cell->start + cell->count == 2 * size) {
        accumulator->host->settle(accumulator, &cell->cell, cell->items, 2 * size * item_size);
        memmove(cell->items, cell->items + cell->start * item_size, cell->count * item_size);
        cell->start = 0;
    }
    memcpy(cell->items + (cell->start + cell->count) * item_size, value, item_size);
    cell->count++;
}

const weir_window *weir_window_emit(const weir_accumulator *accumulator, weir_window_cell *cell)
{
    cell->window.items = cell->items + cell->start * (size_t)accumulator->module->type->size;
    cell->window.count = cell->count;
    return &cell->window;
}
