/* SPDX-License-Identifier: Apache-2.0 */
/* accumulator.h - what the engine does with an accumulator around its kind's callbacks. */
#ifndef WEIR_ACCUMULATORS_ACCUMULATOR_H
#define WEIR_ACCUMULATORS_ACCUMULATOR_H

#include "core/table.h"
#include "core/timers.h"
#include <weir/accumulators.h>

extern const weir_accumulator_kind weir_passthrough;
extern const weir_accumulator_kind weir_stream;
extern const weir_accumulator_kind weir_polling;
extern const weir_accumulator_kind weir_batch;
extern const weir_accumulator_kind weir_state;

/* The cells of an accumulator: one, or one a key. */
typedef struct weir_cells {
    weir_accumulator *accumulator;
    weir_timers *timers;
    uint32_t key_words;
    uint32_t rank; /* place in the spec */
    weir_table table;
    struct weir_cell_head *single;
} weir_cells;

/* A place in the list of what is flushed next: one cell, or all of the owner's. */
typedef struct weir_flush {
    struct weir_flush *next;
    void *owner;
    weir_cell *cell; /* NULL: all */
    bool due;        /* it is in the list */
} weir_flush;

/* A cell with its timer; the kind sees what begins at `cell`. */
typedef struct weir_cell_head {
    weir_timer timer; /* of flush_at */
    weir_flush flush;
    _Alignas(16) weir_cell cell;
} weir_cell_head;

/* `size` is that of a cell, as its kind says. `flush` is what its timer does, with the cell as its
 * arg. */
WEIR_MUST_USE weir_status weir_cells_init(weir_cells *cells, weir_accumulator *accumulator,
                                          size_t size, uint32_t key_words, uint32_t limit,
                                          uint64_t seed, weir_error **error);
void weir_cells_free(weir_cells *cells);

/* The cell of a key (NULL, 0 without keys), made if need be; NULL: too many, or no memory. */
weir_cell *weir_cells_find(weir_cells *cells, const uint64_t *key, uint64_t hash,
                           void (*flush)(weir_timer *timer));

/* The cell of a key, if it was made. */
weir_cell *weir_cells_get(const weir_cells *cells, const uint64_t *key);

/* All cells in the order in which they were made: call with NULL first. */
weir_cell *weir_cells_next(const weir_cells *cells, const weir_cell *after);

static inline weir_cell_head *weir_cell_head_of(weir_cell *cell)
{
    void *head = (unsigned char *)cell - offsetof(weir_cell_head, cell);

    return head;
}

#endif
