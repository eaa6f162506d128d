/* SPDX-License-Identifier: Apache-2.0 */
/* accumulator.h - what the engine does with an accumulator around its kind's callbacks. */
#ifndef WEIR_ACCUMULATORS_ACCUMULATOR_H
#define WEIR_ACCUMULATORS_ACCUMULATOR_H

#include "core/clock.h"
#include "core/table.h"
#include "core/timers.h"
#include <weir/accumulators.h>

extern const weir_accumulator_kind weir_passthrough;
extern const weir_accumulator_kind weir_stream;
extern const weir_accumulator_kind weir_polling;
extern const weir_accumulator_kind weir_batch;
extern const weir_accumulator_kind weir_state;

/* The cells of an accumulator: one, or one a key. The first members are filled before
 * weir_cells_init. */
typedef struct weir_cells {
    weir_accumulator *accumulator;
    weir_timers *timers;
    uint32_t key_words;
    uint32_t rank;     /* place in the spec */
    uint32_t max_keys; /* what the reactors over it allow and keep, the most of each */
    int64_t ttl;       /* nanoseconds; INT64_MAX: for ever */
    bool mortal;       /* keys go: by ttl, or because the source deletes them */
    void (*flush)(weir_timer *timer);  /* at the time of flush_at; its arg is the cell */
    void (*forget)(weir_timer *timer); /* at the time of ttl */
    weir_table table;
    struct weir_cell_head *single;
    struct weir_cell_head *oldest, *newest; /* where keys go */
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

/* Lies before the head where keys go. */
typedef struct weir_cell_life {
    _Alignas(16) weir_timer ttl; /* as the head behind it is */
    int64_t last_event;
    struct weir_cell_head *older, *newer; /* in the order in which they were made */
} weir_cell_life;

/* `size` is that of a cell, as its kind says. */
WEIR_MUST_USE weir_status weir_cells_init(weir_cells *cells, size_t size, uint64_t seed,
                                          weir_error **error);
void weir_cells_free(weir_cells *cells);

/* The cell of a key (NULL, 0 without keys) that has an event at `now`, made if need be. NULL: there
 * are `max_keys` (*full), or there is no memory. */
weir_cell *weir_cells_find(weir_cells *cells, const uint64_t *key, uint64_t hash, int64_t now,
                           bool *full);

/* The cell of a key, or NULL. */
weir_cell *weir_cells_at(const weir_cells *cells, const uint64_t *key);

/* The key goes; what its kind holds there has gone before. */
void weir_cells_remove(weir_cells *cells, weir_cell *cell);

/* All cells in the order in which they were made: call with NULL first. */
weir_cell *weir_cells_next(const weir_cells *cells, const weir_cell *after);

static inline weir_cell_head *weir_cell_head_of(weir_cell *cell)
{
    void *head = (unsigned char *)cell - offsetof(weir_cell_head, cell);

    return head;
}

static inline weir_cell_life *weir_cell_life_of(weir_cell_head *head)
{
    return (weir_cell_life *)(void *)head - 1;
}

#endif
