/* SPDX-License-Identifier: Apache-2.0 */
/* accumulators.h - events to boundaries: the contract of an accumulator kind.
 *
 * An accumulator has a cell of private state, one a key where it has a key. For each event the
 * engine calls `take`; what it answers is the boundary that goes to the reactors at once.
 *
 * Threads: the runtime's thread.
 * Memory:  a boundary lives until the accumulator's next call; windows point into its ring, and
 *          the engine copies what must live longer when the kind calls `settle`.
 */
#ifndef WEIR_ACCUMULATORS_H
#define WEIR_ACCUMULATORS_H

#include <weir/core.h>
#include <weir/graph.h>
#include <weir/sources.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_accumulator weir_accumulator;

/* What is kept under one key (or once, without keys); the kind's own bytes follow. */
typedef struct weir_cell {
    weir_accumulator *accumulator;
    const void *key; /* NULL without keys */
} weir_cell;

typedef struct weir_accumulator_kind {
    weir_kind base;
    /* Bytes of a cell, its head included, and of the largest boundary, once `config` is read. */
    size_t (*cell_size)(const weir_accumulator *accumulator);
    size_t (*window_items)(const weir_accumulator *accumulator); /* NULL: boundaries are values */
    /* One event, after `where:`. WEIR_OK: *boundary goes to the reactors, with *ticket (held for
     * them) where it stands for more than this event. WEIR_AGAIN: the event is kept, nothing goes.
     * WEIR_SKIP: filtered. Else it failed, for the reason in firing->failure. */
    weir_status (*take)(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                        weir_event *event, const void **boundary, weir_ticket **ticket);
    /* Gives what is kept (batch) or asked for (polling): at the time of flush_at, by hand, at the
     * end. WEIR_AGAIN: nothing. NULL: the kind keeps nothing. */
    weir_status (*flush)(weir_accumulator *accumulator, weir_cell *cell, weir_firing *firing,
                         const void **boundary, weir_ticket **ticket);
    /* The engine starts; without keys. NULL: nothing to do. */
    void (*start)(weir_accumulator *accumulator, weir_cell *cell);
} weir_accumulator_kind;

struct weir_accumulator {
    const weir_module_accumulator *module;
    const weir_accumulator_kind *kind;
    void *config;        /* as the kind's option table says */
    weir_origin origin;  /* of injected events and polls */
    weir_origin batches; /* its tickets stand for the events of a batch */
    const struct weir_accumulator_host *host;
    void *host_arg;
};

/* What a kind may ask of the engine. */
typedef struct weir_accumulator_host {
    /* Boundaries that somebody still reads there are copied: the memory is used again. */
    void (*settle)(weir_accumulator *accumulator, weir_cell *cell, const void *from, size_t size);
    /* Calls `flush` at `time`; INT64_MAX: not. */
    void (*flush_at)(weir_accumulator *accumulator, weir_cell *cell, int64_t time);
    int64_t (*now)(const weir_accumulator *accumulator);
    /* Calls the module's poll function where it may wait. WEIR_AGAIN: it has not answered yet, and
     * `flush` is called when it has. */
    weir_status (*poll)(weir_accumulator *accumulator, weir_firing *firing, void *value);
} weir_accumulator_host;

#ifdef __cplusplus
}
#endif

#endif
