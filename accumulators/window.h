/* SPDX-License-Identifier: Apache-2.0 */
/* window.h - the ring that batch and state accumulators emit their windows from.
 *
 * Items lie side by side in a space of twice the window's size, so that a window is one contiguous
 * piece that stays as it was while the next ones are written behind it. When the end is reached the
 * newest items move to the front; who still reads an old window is settled before.
 */
#ifndef WEIR_ACCUMULATORS_WINDOW_H
#define WEIR_ACCUMULATORS_WINDOW_H

#include "accumulators/accumulator.h"

typedef struct weir_window_cell {
    weir_cell cell;
    weir_ticket *ticket; /* batch: stands for the events in the window */
    uint32_t start, count;
    weir_window window; /* as it was last emitted */
    _Alignas(16) unsigned char items[];
} weir_window_cell;

size_t weir_window_cell_size(const weir_accumulator *accumulator, size_t items);

/* Appends a value; there is room for it, since the caller keeps `count` below `size` before. */
void weir_window_append(weir_accumulator *accumulator, weir_window_cell *cell, size_t size,
                        const void *value);

/* The window of all items. */
const weir_window *weir_window_emit(const weir_accumulator *accumulator, weir_window_cell *cell);

#endif
